import { GiveUp } from '../../copy/model/errors.ts';
import type { CallOptions } from '../../copy/model/ports.ts';
import { bareEtag } from '../answers/head.ts';
import type { Call } from '../http/call.ts';
import type { Caller } from '../http/caller.ts';
import { perform } from '../http/retry.ts';
import { decodeListed } from '../wire/encode.ts';
import type { Element } from '../wire/xml.ts';
import { fitsXml, MalformedAnswer, readXml, writeXml } from '../wire/xml.ts';
import type {
  DeleteEntry,
  DeleteFailure,
  ListedObject,
  ListObjectsQuery,
  ListUploadsQuery,
  ObjectsPage,
  StoreClient,
  UploadsPage,
} from './client.ts';

export function listCalls(caller: Caller): Pick<StoreClient, 'listObjects' | 'listMultipartUploads' | 'deleteObjects'> {
  return {
    listObjects: (bucket, query) => listObjects(caller, bucket, query),
    listMultipartUploads: (bucket, query) => listMultipartUploads(caller, bucket, query),
    deleteObjects: (bucket, entries, options) => deleteObjects(caller, bucket, entries, options),
  };
}

async function listObjects(
  caller: Caller,
  bucket: string,
  query: ListObjectsQuery & CallOptions = {},
): Promise<ObjectsPage> {
  const { prefix, delimiter, startAfter, token, limit = 1000 } = query;
  const call: Call = {
    operation: 'ListObjectsV2',
    method: 'GET',
    bucket,
    query: given([
      ['list-type', '2'],
      ['encoding-type', 'url'],
      ['max-keys', String(limit)],
      ['prefix', prefix],
      ['delimiter', delimiter],
      ['start-after', startAfter],
      ['continuation-token', token],
    ]),
  };
  return perform(caller, call, query, (answer) => {
    const list = readXml(answer.body, 'ListBucketResult');
    const decode = decoder(list);
    const page: ObjectsPage = {
      contents: list.list('Contents').map((entry) => listedObject(entry, decode)),
      commonPrefixes: list.list('CommonPrefixes').map((entry) => decode(entry.need('Prefix'))),
    };
    if (list.flag('IsTruncated')) {
      page.next = list.need('NextContinuationToken');
      if (page.next === token) throw new MalformedAnswer('the list of objects does not advance');
    }
    return page;
  });
}

function listedObject(entry: Element, decode: (text: string) => string): ListedObject {
  const object: ListedObject = {
    key: decode(entry.text('Key') ?? ''),
    size: entry.integer('Size'),
    etag: bareEtag(entry.text('ETag') ?? ''),
    lastModified: entry.time('LastModified'),
  };
  const storageClass = entry.text('StorageClass');
  const type = entry.text('Type');
  if (storageClass) object.storageClass = storageClass;
  if (type) object.type = type;
  return object;
}

export async function listMultipartUploads(
  caller: Caller,
  bucket: string,
  query: ListUploadsQuery & CallOptions = {},
): Promise<UploadsPage> {
  const { prefix, keyMarker, uploadIdMarker, limit = 1000 } = query;
  const call: Call = {
    operation: 'ListMultipartUploads',
    method: 'GET',
    bucket,
    query: [
      ['uploads', undefined],
      ...given([
        ['encoding-type', 'url'],
        ['max-uploads', String(limit)],
        ['prefix', prefix],
        ['key-marker', keyMarker],
        ['upload-id-marker', uploadIdMarker],
      ]),
    ],
  };
  return perform(caller, call, query, (answer) => {
    const list = readXml(answer.body, 'ListMultipartUploadsResult');
    const decode = uploadDecoder(list, prefix);
    const page: UploadsPage = {
      uploads: list.list('Upload').map((upload) => {
        const initiator = upload.child('Initiator').text('ID');
        return {
          key: decode(upload.need('Key')),
          uploadId: upload.need('UploadId'),
          initiated: upload.time('Initiated'),
          ...(initiator ? { initiator } : {}),
        };
      }),
    };
    if (list.flag('IsTruncated')) {
      const uploadIdNext = list.text('NextUploadIdMarker');
      page.next = {
        keyMarker: decode(list.need('NextKeyMarker')),
        ...(uploadIdNext ? { uploadIdMarker: uploadIdNext } : {}),
      };
    }
    return page;
  });
}

async function deleteObjects(
  caller: Caller,
  bucket: string,
  entries: DeleteEntry[],
  options?: CallOptions,
): Promise<DeleteFailure[]> {
  const writable = entries.filter(({ key }) => fitsXml(key));
  const call: Call = {
    operation: 'DeleteObjects',
    method: 'POST',
    bucket,
    query: [['delete', undefined]],
    body: writeXml('Delete', [
      ['Quiet', 'true'],
      ...writable.map(({ key, versionId }): [string, [string, string][]] => [
        'Object',
        [['Key', key], ...(versionId === undefined ? [] : [['VersionId', versionId] as [string, string]])],
      ]),
    ]),
  };
  const failures: DeleteFailure[] = [];
  if (writable.length > 0) {
    failures.push(...(await perform(caller, call, options, (answer) => readDeleteFailures(answer.body))));
  }
  // XML cannot name these keys at all; a request line can.
  for (const { key, versionId } of entries.filter(({ key }) => !fitsXml(key))) {
    const failure = await deleteSingly(
      caller,
      { operation: 'DeleteObject', method: 'DELETE', bucket, key, versionId },
      options,
    );
    if (failure) failures.push({ key, ...optional('versionId', versionId), ...failure });
  }
  return failures;
}

async function deleteSingly(
  caller: Caller,
  call: Call,
  options?: CallOptions,
): Promise<{ code: string; message: string } | undefined> {
  try {
    await perform(caller, call, options, () => undefined);
    return undefined;
  } catch (error) {
    if (!(error instanceof GiveUp)) throw error;
    return error.code === 'NotFound' ? undefined : { code: error.answer?.code ?? error.code, message: error.message };
  }
}

function readDeleteFailures(body: string): DeleteFailure[] {
  if (body.trim() === '') return [];
  return readXml(body, 'DeleteResult')
    .list('Error')
    .map((error) => ({
      key: error.text('Key') ?? '',
      code: error.need('Code'),
      ...optional('versionId', error.text('VersionId')),
      ...optional('message', error.text('Message')),
    }));
}

function optional<K extends string>(name: K, value: string | undefined): { [key in K]?: string } {
  return value ? ({ [name]: value } as { [key in K]: string }) : {};
}

function given(query: [string, string | undefined][]): [string, string][] {
  return query.filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '');
}

/**
 * Ceph RGW encodes the keys of uploads as asked, but does not say so. Every key of the answer begins with the prefix that was
 * asked for: what does so when it is decoded was encoded.
 */
function uploadDecoder(list: Element, prefix = ''): (text: string) => string {
  if (list.text('EncodingType') !== undefined) return decoder(list);
  return (text) => {
    try {
      const decoded = decodeListed(text);
      return decoded.startsWith(prefix) ? decoded : text;
    } catch {
      return text;
    }
  };
}

/** Keys are encoded only if the answer says so: not every store knows `encoding-type`. */
function decoder(list: Element): (text: string) => string {
  if (list.text('EncodingType')?.trim().toLowerCase() !== 'url') return (text) => text;
  return (text) => {
    try {
      return decodeListed(text);
    } catch {
      throw new MalformedAnswer(`a key is not encoded as promised: ${text.slice(0, 80)}`);
    }
  };
}
