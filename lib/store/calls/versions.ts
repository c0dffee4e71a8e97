import type { CallOptions } from '../../copy/model/ports.ts';
import { bareEtag } from '../answers/head.ts';
import type { Call } from '../http/call.ts';
import type { Caller } from '../http/caller.ts';
import { perform } from '../http/retry.ts';
import type { Element } from '../wire/xml.ts';
import { IncompleteAnswer, readXml } from '../wire/xml.ts';
import type { ListedVersion, ListVersionsQuery, StoreClient, VersionsPage } from './client.ts';
import { decoder } from './lists.ts';

export function versionCalls(caller: Caller): Pick<StoreClient, 'listVersions'> {
  return { listVersions: (bucket, query) => listVersions(caller, bucket, query) };
}

/** One page of versions and delete markers, by key and then as the store orders them; both vendors have this call. */
async function listVersions(
  caller: Caller,
  bucket: string,
  query: ListVersionsQuery & CallOptions = {},
): Promise<VersionsPage> {
  const { prefix, next, limit = 1000 } = query;
  const wanted: [string, string | undefined][] = [
    ['encoding-type', 'url'],
    ['max-keys', String(limit)],
    ['prefix', prefix],
    ['key-marker', next?.keyMarker],
    ['version-id-marker', next?.versionIdMarker],
  ];
  const call: Call = {
    operation: 'ListObjectVersions',
    method: 'GET',
    bucket,
    query: [['versions', undefined], ...wanted.filter(([, value]) => value !== undefined && value !== '')],
  };
  return perform(caller, call, query, (answer) => {
    const list = readXml(answer.body, 'ListVersionsResult');
    const decode = decoder(list);
    const versions = [
      ...list.list('Version').map((entry) => versionOf(entry, decode, false)),
      ...list.list('DeleteMarker').map((entry) => versionOf(entry, decode, true)),
    ].sort(byKeyThenNewest);
    if (!list.flag('IsTruncated')) return { versions };
    const keyMarker = decode(list.need('NextKeyMarker'));
    const versionIdMarker = list.text('NextVersionIdMarker');
    if (keyMarker === next?.keyMarker && versionIdMarker === next.versionIdMarker)
      throw new IncompleteAnswer('the list of versions does not advance');
    return { versions, next: { keyMarker, ...(versionIdMarker && { versionIdMarker }) } };
  });
}

function versionOf(entry: Element, decode: (text: string) => string, deleteMarker: boolean): ListedVersion {
  const storageClass = entry.text('StorageClass');
  return {
    key: decode(entry.text('Key') ?? ''),
    versionId: entry.text('VersionId') ?? '',
    latest: entry.flag('IsLatest'),
    deleteMarker,
    size: deleteMarker ? 0 : entry.integer('Size'),
    etag: bareEtag(entry.text('ETag') ?? ''),
    lastModified: entry.time('LastModified'),
    ...(storageClass && { storageClass }),
  };
}

/** The document has versions and markers mixed, and we read them apart. */
function byKeyThenNewest(a: ListedVersion, b: ListedVersion): number {
  const keys = Buffer.compare(Buffer.from(a.key), Buffer.from(b.key));
  return keys || Number(b.latest) - Number(a.latest) || b.lastModified - a.lastModified;
}
