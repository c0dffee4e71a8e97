import { GiveUp } from '../../copy/model/errors.ts';
import type { CallOptions } from '../../copy/model/ports.ts';
import { bareEtag } from '../answers/head.ts';
import type { Call } from '../http/call.ts';
import type { Caller } from '../http/caller.ts';
import { perform } from '../http/retry.ts';
import { decodeListed } from '../wire/encode.ts';
import type { Element } from '../wire/xml.ts';
import { fitsXml, IncompleteAnswer, readXml, writeXml } from '../wire/xml.ts';
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

/** Before a key in place of a token: no token of a store can begin so, for XML cannot write it. */
const afterKey = '\u0000';

/**
 * One page of keys. A store of the first version of the call, which knows neither tokens nor `start-after`, is found out by its
 * answer and from then on asked by marker; a page that says "more" and not from where goes on after its last key.
 */
export async function listObjects(
  caller: Caller,
  bucket: string,
  query: ListObjectsQuery & CallOptions = {},
): Promise<ObjectsPage> {
  const goesOnAfter = query.token?.startsWith(afterKey) ? query.token.slice(afterKey.length) : undefined;
  const asked = goesOnAfter === undefined ? query : { ...query, token: undefined, startAfter: goesOnAfter };
  const byMarker = caller.listing.byMarker === true;
  const page = await listPage(caller, bucket, asked, byMarker);
  const { startAfter, token } = asked;
  const ignored = startAfter !== undefined && token === undefined && isFromBefore(page, startAfter);
  if (!ignored) return page;
  if (!byMarker) {
    caller.listing.byMarker = true;
    return await listObjects(caller, bucket, asked);
  }
  throw new GiveUp(
    'BadAnswer',
    `ListObjectsV2 of ${caller.dialect.scheme}://${bucket}: the store heeds neither a token nor start-after nor a marker, ` +
      `so only the first page of a listing can be had. Name the objects in a list (--manifest).`,
    { answer: { operation: 'ListObjectsV2', status: 200 } },
  );
}

async function listPage(
  caller: Caller,
  bucket: string,
  query: ListObjectsQuery & CallOptions,
  byMarker: boolean,
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
      ['marker', byMarker ? startAfter : undefined],
      ['continuation-token', token],
    ]),
  };
  return perform(caller, call, query, (answer) => {
    const list = readXml(answer.body, 'ListBucketResult');
    const decode = decoder(list);
    const page: ObjectsPage = {
      contents: list.list('Contents').map((entry) => listedObject(entry, decode)),
      // A folder that is the marker itself has been told before.
      commonPrefixes: list
        .list('CommonPrefixes')
        .map((entry) => decode(entry.need('Prefix')))
        .filter((name) => name !== startAfter),
    };
    if (list.flag('IsTruncated')) page.next = nextOf(list, page, decode, token ?? startAfter);
    if (page.next?.startsWith(afterKey)) caller.listing.byMarker = true;
    return page;
  });
}

/** Where the next page begins. @throws IncompleteAnswer when that is where this one began. */
function nextOf(
  list: Element,
  { contents, commonPrefixes }: ObjectsPage,
  decode: (text: string) => string,
  before: string | undefined,
): string {
  const token = list.text('NextContinuationToken');
  const marker = list.text('NextMarker');
  const last = marker ? decode(marker) : lastOf([contents.at(-1)?.key, commonPrefixes.at(-1)]);
  const next = token?.trim() ? token : last;
  if (!next) return list.need('NextContinuationToken');
  if (next === before) throw new IncompleteAnswer('the list of objects does not advance');
  return token?.trim() ? token : afterKey + next;
}

/** Of names in the order of their bytes. */
function lastOf(names: (string | undefined)[]): string | undefined {
  const known = names.filter((name) => name !== undefined);
  return known.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))).at(-1);
}

/** The page begins anew although it was to begin after a key. A folder may begin before that key and end behind it. */
function isFromBefore({ contents }: ObjectsPage, startAfter: string): boolean {
  const [first] = contents;
  return first !== undefined && Buffer.compare(Buffer.from(first.key), Buffer.from(startAfter)) <= 0;
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
      const keyNext = list.text('NextKeyMarker');
      const last = page.uploads.at(-1);
      // A store that leaves the marks out means the last upload of the page.
      page.next =
        keyNext || !last
          ? {
              keyMarker: decode(list.need('NextKeyMarker')),
              ...(uploadIdNext ? { uploadIdMarker: uploadIdNext } : {}),
            }
          : { keyMarker: last.key, uploadIdMarker: last.uploadId };
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
export function decoder(list: Element): (text: string) => string {
  if (list.text('EncodingType')?.trim().toLowerCase() !== 'url') return (text) => text;
  return (text) => {
    try {
      return decodeListed(text);
    } catch {
      throw new IncompleteAnswer(`a key is not encoded as promised: ${text.slice(0, 80)}`);
    }
  };
}
