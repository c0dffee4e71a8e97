import { GiveUp } from '../../copy/model/errors.ts';
import { gaveUp } from '../../copy/model/errors.ts';
import type { ObjectRef } from '../../copy/model/object.ts';
import type {
  CallOptions,
  CompleteCall,
  InitiateCall,
  ObjectStore,
  PartEntry,
  PartsPage,
  UploadEntry,
  WriteResult,
} from '../../copy/model/ports.ts';
import { nameCall } from '../answers/error-text.ts';
import { bareEtag } from '../answers/head.ts';
import type { Call } from '../http/call.ts';
import type { Caller } from '../http/caller.ts';
import { perform } from '../http/retry.ts';
import { readChecksums } from '../wire/checksums.ts';
import { IncompleteAnswer, readXml, writeXml } from '../wire/xml.ts';
import { listMultipartUploads } from './lists.ts';
import { writeHeaders, writeResult } from './write-headers.ts';

type MultipartCalls = Pick<ObjectStore, 'initiate' | 'complete' | 'abort' | 'listParts' | 'listUploads'>;

export function multipartCalls(caller: Caller): MultipartCalls {
  return {
    initiate: (call, options) => initiate(caller, call, options),
    complete: (call, options) => complete(caller, call, options),
    abort: (destination, uploadId, options) => abort(caller, destination, uploadId, options),
    listParts: (destination, uploadId, options) => listParts(caller, destination, uploadId, options),
    listUploads: (destination, options) => listUploads(caller, destination, options),
  };
}

async function initiate(caller: Caller, request: InitiateCall, options?: CallOptions): Promise<{ uploadId: string }> {
  const { dialect } = caller;
  const checksum = dialect.keepsChecksums ? request.checksum : undefined;
  const acl = dialect.facts.aclAt === 'initiate' ? request.acl : undefined;
  const call: Call = {
    operation: 'CreateMultipartUpload',
    method: 'POST',
    ...request.destination,
    versionId: undefined,
    forbidOverwrite: request.forbidOverwrite,
    query: [['uploads', undefined]],
    headers: {
      ...writeHeaders({ ...request, acl }, 'CreateMultipartUpload', dialect),
      'x-amz-checksum-algorithm': checksum?.algorithm,
      'x-amz-checksum-type': checksum && (checksum.fullObject ? 'FULL_OBJECT' : 'COMPOSITE'),
    },
  };
  return perform(caller, call, options, (answer) => ({
    uploadId: readXml(answer.body, 'InitiateMultipartUploadResult').need('UploadId').trim(),
  }));
}

async function complete(caller: Caller, request: CompleteCall, options?: CallOptions): Promise<WriteResult> {
  const { dialect } = caller;
  const acl = dialect.facts.aclAt === 'complete' ? request.acl : undefined;
  const parts = request.parts.map(({ number, etag, checksum }): [string, [string, string][]] => [
    'Part',
    [
      ['PartNumber', String(number)],
      ['ETag', `"${etag}"`],
      ...(checksum ? [[`Checksum${checksum.algorithm}`, checksum.value] as [string, string]] : []),
    ],
  ]);
  const call: Call = {
    operation: 'CompleteMultipartUpload',
    method: 'POST',
    ...request.destination,
    versionId: undefined,
    forbidOverwrite: request.forbidOverwrite,
    query: [['uploadId', request.uploadId]],
    headers: writeHeaders({ acl, forbidOverwrite: request.forbidOverwrite }, 'CompleteMultipartUpload', dialect),
    body: writeXml('CompleteMultipartUpload', parts),
  };
  return perform(caller, call, options, (answer) => {
    // Ceph answers the first Complete without ETag, others without a body: HEAD tells then.
    const document = answer.body.trim() === '' ? undefined : readXml(answer.body, 'CompleteMultipartUploadResult');
    return writeResult(answer, dialect, document?.text('ETag') ?? '', document);
  });
}

async function abort(caller: Caller, destination: ObjectRef, uploadId: string, options?: CallOptions): Promise<void> {
  const { bucket, key } = destination;
  const call: Call = {
    operation: 'AbortMultipartUpload',
    method: 'DELETE',
    bucket,
    key,
    query: [['uploadId', uploadId]],
  };
  try {
    await perform(caller, call, options, () => undefined);
  } catch (error) {
    // Swift calls an upload that is completed a missing key.
    if (!gaveUp(error, 'NoSuchUpload', 'NotFound')) throw error;
  }
}

async function listParts(
  caller: Caller,
  destination: ObjectRef,
  uploadId: string,
  options: CallOptions & { after?: number; limit?: number } = {},
): Promise<PartsPage> {
  const { bucket, key } = destination;
  const { after = 0, limit = 1000 } = options;
  const call: Call = {
    operation: 'ListParts',
    method: 'GET',
    bucket,
    key,
    query: [
      ['uploadId', uploadId],
      ['max-parts', String(limit)],
      ...(after > 0 ? ([['part-number-marker', String(after)]] as const) : []),
      ...(caller.dialect.encodesPartLists ? ([['encoding-type', 'url']] as const) : []),
    ],
  };
  return perform(caller, call, options, (answer) => {
    const list = readXml(answer.body, 'ListPartsResult');
    const parts = list.list('Part').map((part) => {
      const entry: PartEntry = {
        number: part.integer('PartNumber'),
        size: part.integer('Size'),
        etag: bareEtag(part.text('ETag') ?? ''),
      };
      const checksums = readChecksums((name) => part.text(`Checksum${name}`)?.trim(), 'FULL_OBJECT');
      return checksums.length > 0 ? { ...entry, checksums } : entry;
    });
    const page: PartsPage = { parts };
    const initiator = list.child('Initiator').text('ID');
    if (initiator) page.initiator = initiator;
    if (list.flag('IsTruncated')) {
      // A store that leaves the mark out means the last part of the page.
      page.next = list.text('NextPartNumberMarker')
        ? list.integer('NextPartNumberMarker')
        : (parts.at(-1)?.number ?? list.integer('NextPartNumberMarker'));
      if (page.next <= after) throw new IncompleteAnswer('the list of parts does not advance');
    }
    return page;
  });
}

/** The store can only filter by prefix, and other keys may share it. */
async function listUploads(caller: Caller, destination: ObjectRef, options?: CallOptions): Promise<UploadEntry[]> {
  const { bucket, key } = destination;
  const found: UploadEntry[] = [];
  const seen = new Set<string>();
  let next: { keyMarker?: string; uploadIdMarker?: string } | undefined = {};
  while (next) {
    const mark = JSON.stringify([next.keyMarker, next.uploadIdMarker]);
    if (seen.has(mark)) {
      const name = nameCall({ operation: 'ListMultipartUploads', bucket, key }, caller.dialect);
      throw new GiveUp('Unsupported', `${name}: the store's list of uploads does not end.`);
    }
    seen.add(mark);
    const page = await listMultipartUploads(caller, bucket, { ...options, ...next, prefix: key });
    found.push(...page.uploads.filter((upload) => upload.key === key));
    next = page.next;
  }
  return found;
}
