import { isoDate, type Call, type Reply } from '../call.ts';
import { outward, quoteEtag } from '../dialect.ts';
import { refuse } from '../errors.ts';
import type { Bucket } from '../model/bucket.ts';
import type { StoredObject } from '../model/object.ts';
import { compareKeys } from '../model/sorted-keys.ts';
import { objectOwner } from '../rules/acl.ts';
import { restoreState, typeOf } from '../rules/describe.ts';
import { encoder, groupByDelimiter, limitOf, rendersEmpty, type Page } from '../rules/listing.ts';
import { addressedBucket } from '../rules/locate.ts';
import type { XmlNode } from '../wire/xml.ts';

interface Entry {
  key: string;
  object: StoredObject;
}

/** Current objects with the prefix whose keys come after the marker. */
function* entries(bucket: Bucket, prefix: string, marker: string): Generator<Entry> {
  const start = compareKeys(marker, prefix) > 0 ? marker : prefix;
  for (const key of bucket.keysFrom(start)) {
    if (!key.startsWith(prefix)) return;
    const object = bucket.current(key)!;
    if (key !== marker && !object.deleteMarker) yield { key, object };
  }
}

interface Asked {
  prefix: string;
  delimiter: string;
  limit: number;
}

function readAsked(call: Call): Asked {
  return {
    prefix: call.query.get('prefix') ?? '',
    delimiter: call.query.get('delimiter') ?? '',
    limit: limitOf(call, 'max-keys', call.dialect.defaultMaxKeys),
  };
}

function pageAfter(bucket: Bucket, asked: Asked, marker: string): Page<Entry> {
  return groupByDelimiter(entries(bucket, asked.prefix, marker), { ...asked, keyOf: ({ key }) => key, skip: marker });
}

/** Members that both versions of the listing share. */
function rendered(call: Call, bucket: Bucket, asked: Asked, page: Page<Entry>, withOwner: boolean): XmlNode {
  const encode = encoder(call);
  const isOss = call.dialect.name === 'oss';
  return {
    Name: call.bucket,
    Prefix: encode(asked.prefix),
    MaxKeys: asked.limit,
    Delimiter: rendersEmpty(call, asked.delimiter) ? encode(asked.delimiter) : undefined,
    IsTruncated: page.truncated,
    EncodingType: call.query.get('encoding-type'),
    Contents: page.items.map(({ key, object }) => ({
      Key: encode(key),
      LastModified: isoDate(object.lastModified),
      ETag: quoteEtag(call.dialect, object.etag),
      ...(isOss && { Type: typeOf(object), RestoreInfo: restoreState(call, object) }),
      Size: object.content.size,
      StorageClass: outward(call.dialect.classes, object.storageClass),
      ...(withOwner && { Owner: call.world.users.described(objectOwner(bucket, object)) }),
    })),
    CommonPrefixes: page.prefixes.map((Prefix) => ({ Prefix: encode(Prefix) })),
  };
}

export async function listObjects(call: Call): Promise<Reply> {
  const bucket = addressedBucket(call);
  const asked = readAsked(call);
  const marker = call.query.get('marker') ?? '';
  const page = pageAfter(bucket, asked, marker);
  const encode = encoder(call);
  const tellsNext = call.dialect.name === 'oss' || asked.delimiter !== '';
  return {
    status: 200,
    xml: {
      root: 'ListBucketResult',
      value: {
        ...rendered(call, bucket, asked, page, true),
        Marker: encode(marker),
        NextMarker: page.truncated && tellsNext ? encode(page.last!.name) : undefined,
      },
    },
  };
}

function tokenOf(name: string): string {
  return Buffer.from(`after:${name}`).toString('base64');
}

function fromToken(token: string): string {
  const text = Buffer.from(token, 'base64').toString('utf8');
  if (!text.startsWith('after:'))
    throw refuse('InvalidArgument', { message: 'The continuation token provided is incorrect' });
  return text.slice('after:'.length);
}

export async function listObjectsV2(call: Call): Promise<Reply> {
  if (call.world.quirks.firstLists) return listObjects(call);
  if (call.query.get('list-type') !== '2') throw refuse('InvalidArgument', { fields: { ArgumentName: 'list-type' } });
  const bucket = addressedBucket(call);
  const asked = readAsked(call);
  const token = call.query.get('continuation-token');
  const startAfter = call.query.get('start-after');
  const marker = token ? fromToken(token) : (startAfter ?? '');
  const page = pageAfter(bucket, asked, marker);
  return {
    status: 200,
    xml: {
      root: 'ListBucketResult',
      value: {
        ...rendered(call, bucket, asked, page, call.query.get('fetch-owner') === 'true'),
        KeyCount: page.items.length + page.prefixes.length,
        StartAfter: startAfter === undefined ? undefined : encoder(call)(startAfter),
        ContinuationToken: token,
        NextContinuationToken: page.truncated ? tokenOf(page.last!.name) : undefined,
      },
    },
  };
}

/** Every version after the marker pair, newest of each key first. */
function* versionEntries(bucket: Bucket, prefix: string, keyMarker: string, idMarker: string): Generator<Entry> {
  const start = compareKeys(keyMarker, prefix) > 0 ? keyMarker : prefix;
  for (const key of bucket.keysFrom(start)) {
    if (!key.startsWith(prefix)) return;
    const versions = bucket.versions(key);
    const told =
      key !== keyMarker || keyMarker === ''
        ? 0
        : idMarker === ''
          ? versions.length
          : versions.findIndex(({ versionId }) => versionId === idMarker) + 1;
    for (const object of versions.slice(told)) yield { key, object };
  }
}

export async function listObjectVersions(call: Call): Promise<Reply> {
  const bucket = addressedBucket(call);
  const asked = readAsked(call);
  const keyMarker = call.query.get('key-marker') ?? '';
  const idMarker = call.query.get('version-id-marker') ?? '';
  const found = versionEntries(bucket, asked.prefix, keyMarker, idMarker);
  const page = groupByDelimiter(found, { ...asked, keyOf: ({ key }) => key, skip: idMarker === '' ? keyMarker : '' });
  const encode = encoder(call);
  const describe = ({ key, object }: Entry): XmlNode => ({
    Key: encode(key),
    VersionId: object.versionId,
    IsLatest: bucket.current(key) === object,
    LastModified: isoDate(object.lastModified),
    Owner: call.world.users.described(objectOwner(bucket, object)),
  });
  const last = page.last;
  return {
    status: 200,
    xml: {
      root: 'ListVersionsResult',
      value: {
        Name: call.bucket,
        Prefix: encode(asked.prefix),
        KeyMarker: encode(keyMarker),
        VersionIdMarker: idMarker,
        MaxKeys: asked.limit,
        Delimiter: rendersEmpty(call, asked.delimiter) ? encode(asked.delimiter) : undefined,
        IsTruncated: page.truncated,
        EncodingType: call.query.get('encoding-type'),
        NextKeyMarker: page.truncated ? encode(last!.name) : undefined,
        NextVersionIdMarker: page.truncated ? last!.item?.object.versionId : undefined,
        Version: page.items
          .filter(({ object }) => !object.deleteMarker)
          .map((entry) => ({
            ...describe(entry),
            ETag: quoteEtag(call.dialect, entry.object.etag),
            ...(call.dialect.name === 'oss' && {
              Type: typeOf(entry.object),
              RestoreInfo: restoreState(call, entry.object),
            }),
            Size: entry.object.content.size,
            StorageClass: outward(call.dialect.classes, entry.object.storageClass),
          })),
        DeleteMarker: page.items.filter(({ object }) => object.deleteMarker).map(describe),
        CommonPrefixes: page.prefixes.map((Prefix) => ({ Prefix: encode(Prefix) })),
      },
    },
  };
}
