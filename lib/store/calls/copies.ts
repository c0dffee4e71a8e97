import { crossRegion } from '../../copy/plan/check-region.ts';
import type { CopyError } from '../../copy/model/errors.ts';
import { GiveUp, SourceChanged, gaveUp } from '../../copy/model/errors.ts';
import type { ObjectRef } from '../../copy/model/object.ts';
import type { CallOptions, CopyObjectCall, ObjectStore, UploadPartCopyCall } from '../../copy/model/ports.ts';
import type { Answer } from '../answers/answer.ts';
import { nameCall } from '../answers/error-text.ts';
import { Undecided412 } from '../answers/errors.ts';
import { bareEtag } from '../answers/head.ts';
import type { Call } from '../http/call.ts';
import type { Caller } from '../http/caller.ts';
import { perform } from '../http/retry.ts';
import { copySource } from '../wire/encode.ts';
import { IncompleteAnswer, readXml } from '../wire/xml.ts';
import { knownRegions } from './bucket-region.ts';
import { headObject } from './head-object.ts';
import { sendPart } from './part-source.ts';
import { writeHeaders, writeResult } from './write-headers.ts';

/** The two calls that move data inside the store. */
export function copyCalls(caller: Caller): Pick<ObjectStore, 'copyObject' | 'uploadPartCopy'> {
  return {
    copyObject: (call, options) => copyObject(caller, call, options),
    uploadPartCopy: (call, options) => uploadPartCopy(caller, call, options),
  };
}

async function copyObject(caller: Caller, request: CopyObjectCall, options?: CallOptions) {
  const { dialect } = caller;
  const { prefix } = dialect.headers;
  const { source, destination, metadata, tags } = request;
  const replaced = metadata.directive === 'replace' ? metadata : { content: {}, userMetadata: {} };
  const ontoItself = source.bucket === destination.bucket && source.key === destination.key;
  const call: Call = {
    operation: 'CopyObject',
    method: 'PUT',
    bucket: destination.bucket,
    key: destination.key,
    ...pinTo(source, request.sourceIfMatch),
    forbidOverwrite: request.forbidOverwrite,
    // A copy onto itself may give the source a new ETag, and a forbidden overwrite fails on the object that the first
    // attempt wrote: both would take their own success for another writer's.
    repeat: ontoItself || request.forbidOverwrite ? 'if-refused' : 'always',
    headers: {
      ...sourceHeaders(caller, copySource(source), request.sourceIfMatch),
      ...writeHeaders({ ...request, ...replaced, tags: tags === 'copy' ? undefined : tags }, 'CopyObject', dialect),
      [`${prefix}metadata-directive`]: metadata.directive === 'replace' ? 'REPLACE' : 'COPY',
      // Copying tags is what stores do anyway, and some refuse to be told so.
      [`${prefix}tagging-directive`]: tags === 'copy' ? undefined : dialect.tagsReplaceWord,
    },
  };
  try {
    return await perform(caller, call, options, (answer) => {
      const document = readXml(answer.body, 'CopyObjectResult');
      return writeResult(answer, dialect, document.text('ETag'), document);
    });
  } catch (error) {
    throw await explained(caller, error, call, options);
  }
}

async function uploadPartCopy(caller: Caller, request: UploadPartCopyCall, options?: CallOptions) {
  const { source, destination, first, last } = request;
  const { prefix } = caller.dialect.headers;
  const call = (copySource: string): Call => ({
    operation: 'UploadPartCopy',
    method: 'PUT',
    bucket: destination.bucket,
    key: destination.key,
    ...pinTo(source, request.sourceIfMatch),
    query: [
      ['partNumber', String(request.partNumber)],
      ['uploadId', request.uploadId],
    ],
    headers: {
      ...sourceHeaders(caller, copySource, request.sourceIfMatch),
      [`${prefix}copy-source-range`]: `bytes=${first}-${last}`,
    },
  });
  return sendPart(
    caller,
    source,
    async (copySource) => {
      try {
        return await perform(caller, call(copySource), options, (answer) => {
          checkRange(caller, call(copySource), request, answer.headers['content-range']);
          const etag = bareEtag(resultEtag(answer, 'CopyPartResult') ?? '');
          if (etag === '') throw new IncompleteAnswer('the part has no ETag');
          return { etag };
        });
      } catch (error) {
        throw await explained(caller, error, call(copySource), options);
      }
    },
    options,
  );
}

function pinTo(source: ObjectRef, etag: string): { source: ObjectRef; pinned: boolean } {
  return { source, pinned: etag !== '' };
}

function sourceHeaders(caller: Caller, source: string, etag: string): Record<string, string | undefined> {
  const { prefix } = caller.dialect.headers;
  return {
    [`${prefix}copy-source`]: source,
    [`${prefix}copy-source-if-match`]: etag === '' ? undefined : `"${etag}"`,
  };
}

function resultEtag(answer: Answer, root: string): string | undefined {
  return readXml(answer.body, root).text('ETag');
}

/**
 * OSS does not refuse an impossible range: it copies the whole source and leaves Content-Range out. So what was copied is
 * only known from that header.
 */
function checkRange(caller: Caller, call: Call, request: UploadPartCopyCall, range: string | undefined): void {
  if (range === undefined && !caller.dialect.promisesContentRange) return;
  const wanted = `bytes ${request.first}-${request.last}/${request.sourceSize}`;
  if (range?.trim() === wanted) return;
  throw new GiveUp(
    'VerificationFailed',
    `${nameCall(call, caller.dialect)}: asked for ${wanted}, the store copied ${range ?? 'the whole source'}. The part must not be used; abort the upload and start again.`,
    { answer: { operation: call.operation, status: 200 } },
  );
}

/** Makes an error say what the store left open, by looking. Only failed copies pay for these calls. */
async function explained(caller: Caller, error: unknown, call: Call, options?: CallOptions): Promise<unknown> {
  if (error instanceof Undecided412) return decided(caller, error, call, options);
  if (gaveUp(error, 'CrossRegion') && call.source) {
    const [source, destination] = await Promise.all(
      [call.source.bucket, call.bucket ?? ''].map(async (bucket) => {
        const region = await looked(() => knownRegions(caller)(bucket, options));
        return region === undefined ? undefined : { bucket, region };
      }),
    );
    const regionAdvice = caller.routes.home.addressing.oneRegion ?? caller.dialect.crossRegionAdvice;
    return source && destination ? crossRegion({ regionAdvice }, source, destination, error.answer) : error;
  }
  return error;
}

async function decided(caller: Caller, error: Undecided412, call: Call, options?: CallOptions): Promise<CopyError> {
  const { bucket = '', key = '' } = call;
  const { message, answer } = error;
  if ((await looked(() => headObject(caller, { bucket, key }, options))) === undefined)
    return new SourceChanged(message, { answer });
  const words = 'there is an object already, and overwriting is not allowed here.';
  return new GiveUp('DestinationExists', `${nameCall(call, caller.dialect)}: ${words}`, { answer });
}

/** Undefined when we may not look, or when nothing is there. */
async function looked<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch {
    return undefined;
  }
}
