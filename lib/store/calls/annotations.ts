import { gaveUp } from '../../copy/model/errors.ts';
import type { Annotation, ObjectRef } from '../../copy/model/object.ts';
import type { CallOptions, ObjectStore } from '../../copy/model/ports.ts';
import { bareEtag } from '../answers/head.ts';
import type { Call } from '../http/call.ts';
import type { Caller } from '../http/caller.ts';
import { perform } from '../http/retry.ts';
import { IncompleteAnswer, readAnyXml } from '../wire/xml.ts';

/**
 * Annotations of S3 (API reference, June 2026).
 * @param isForeign the server is not Amazon's, and may take `?annotation` for a plain GET of the object.
 */
export function annotationCalls(
  caller: Caller,
  isForeign: boolean,
): Pick<ObjectStore, 'listAnnotations' | 'getAnnotation' | 'putAnnotation'> {
  if (!caller.dialect.keepsAnnotations) return {};
  let knowsNone = false;
  return {
    listAnnotations: async (ref, options) => {
      if (knowsNone) return undefined;
      const found = await list(caller, ref, isForeign, options);
      knowsNone ||= isForeign && found === undefined;
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
  let token: string | undefined;
  do {
    const page = await listPage(caller, ref, token, isForeign, options);
    if (!page) return undefined;
    found.push(...page.annotations);
    // A token that comes back does not lead on.
    token = page.next === token ? undefined : page.next;
  } while (token !== undefined);
  return found;
}

async function listPage(
  caller: Caller,
  ref: ObjectRef,
  token: string | undefined,
  isForeign: boolean,
  options?: CallOptions,
): Promise<{ annotations: Annotation[]; next?: string } | undefined> {
  const call: Call = {
    operation: 'ListObjectAnnotations',
    method: 'GET',
    ...ref,
    query: [['annotation', undefined], ...(token === undefined ? [] : ([['continuation-token', token]] as const))],
    // Who answers with the object itself then sends one byte of it.
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
      return { annotations, next: document.element.text('NextContinuationToken')?.trim() || undefined };
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
