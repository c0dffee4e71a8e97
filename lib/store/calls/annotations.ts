import { gaveUp } from '../../copy/model/errors.ts';
import type { Annotation, ObjectRef } from '../../copy/model/object.ts';
import type { CallOptions, ObjectStore } from '../../copy/model/ports.ts';
import { bareEtag } from '../answers/head.ts';
import type { Call } from '../http/call.ts';
import type { Caller } from '../http/caller.ts';
import { perform } from '../http/retry.ts';
import { IncompleteAnswer, readAnyXml } from '../wire/xml.ts';

/** Of one object. */
const annotationsMost = 1_000;

/**
 * Annotations of S3 (API reference, June 2026).
 * @param isForeign the server is not Amazon's, and may take `?annotation` for a plain GET of the object.
 */
export function annotationCalls(
  caller: Caller,
  isForeign: boolean,
): Pick<ObjectStore, 'listAnnotations' | 'getAnnotation' | 'putAnnotation'> {
  if (!caller.dialect.keepsAnnotations) return {};
  let knows: boolean | undefined;
  return {
    listAnnotations: async (ref, options) => {
      if (knows === false) return undefined;
      // A server that has listed some before knows them: what it refuses now is this request.
      const found = await list(caller, ref, isForeign && !knows, options);
      if (found || isForeign) knows = found !== undefined;
      return found;
    },
    getAnnotation: (ref, name, options) => get(caller, ref, name, options),
    putAnnotation: (ref, annotation, options) => put(caller, ref, annotation, options),
  };
}

async function list(
  caller: Caller,
  ref: ObjectRef,
  isForeign: boolean,
  options?: CallOptions,
): Promise<Annotation[] | undefined> {
  const found: Annotation[] = [];
  const tokens: string[] = [];
  for (;;) {
    const page = await listPage(caller, ref, tokens, isForeign, options);
    if (!page) return undefined;
    found.push(...page.annotations);
    if (page.next === undefined) return found;
    tokens.push(page.next);
  }
}

async function listPage(
  caller: Caller,
  ref: ObjectRef,
  tokens: readonly string[],
  isForeign: boolean,
  options?: CallOptions,
): Promise<{ annotations: Annotation[]; next?: string } | undefined> {
  const token = tokens.at(-1);
  const call: Call = {
    operation: 'ListObjectAnnotations',
    method: 'GET',
    ...ref,
    query: [['annotation', undefined], ...(token === undefined ? [] : ([['continuation-token', token]] as const))],
    // A server that takes this for a GET of the object then sends one byte of it.
    headers: { range: isForeign ? 'bytes=0-0' : undefined },
  };
  try {
    return await perform(caller, call, options, ({ body }) => {
      const document = readAnyXml(body);
      if (document?.name !== 'ListObjectAnnotationsOutput' && document?.name !== 'ListObjectAnnotationsResult') {
        if (isForeign) return undefined;
        throw new IncompleteAnswer('it is no list of annotations');
      }
      const entries = document.element.child('Annotations').list('AnnotationEntry');
      const annotations = entries.map((entry) => ({
        name: entry.text('AnnotationName') ?? '',
        size: entry.integer('Size'),
        etag: bareEtag(entry.text('ETag') ?? ''),
      }));
      const next = document.element.text('NextContinuationToken')?.trim() || undefined;
      // An object has at most `annotationsMost`, so more pages than that lead nowhere.
      if (next !== undefined && (tokens.includes(next) || tokens.length > annotationsMost))
        throw new IncompleteAnswer('the list of annotations does not advance');
      return { annotations, next };
    });
  } catch (error) {
    if (gaveUp(error, 'Unsupported') || (isForeign && gaveUp(error, 'BadRequest'))) return undefined;
    throw error;
  }
}

async function get(caller: Caller, ref: ObjectRef, name: string, options?: CallOptions): Promise<string> {
  const call: Call = { operation: 'GetObjectAnnotation', method: 'GET', ...ref, query: named(name) };
  return perform(caller, call, options, ({ body }) => body);
}

async function put(
  caller: Caller,
  ref: ObjectRef,
  { name, text, ifMatch }: { name: string; text: string; ifMatch?: string },
  options?: CallOptions,
): Promise<void> {
  const call: Call = {
    operation: 'PutObjectAnnotation',
    method: 'PUT',
    ...ref,
    query: named(name),
    headers: { 'x-amz-object-if-match': ifMatch && `"${ifMatch}"` },
    body: Buffer.from(text),
  };
  await perform(caller, call, options, () => undefined);
}

function named(name: string): (readonly [string, string | undefined])[] {
  return [
    ['annotation', undefined],
    ['annotationName', name],
  ];
}
