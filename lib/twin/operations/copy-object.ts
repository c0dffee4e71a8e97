import { isoDate, own, type Call, type Reply } from '../call.ts';
import { quoteEtag } from '../dialect.ts';
import { refuse } from '../errors.ts';
import type { Bucket } from '../model/bucket.ts';
import type { Attributes, Checksum, Encryption, StoredObject } from '../model/object.ts';
import { readAcl } from '../rules/acl.ts';
import {
  readContentHeaders,
  readEncryption,
  readMeta,
  readOwn,
  readStorageClass,
  readTags,
} from '../rules/attributes.ts';
import { checkOverwrite } from '../rules/conditions.ts';
import { copySource, type CopySource } from '../rules/copy-source.ts';
import { hiddenEtag } from '../rules/customer-key.ts';
import { checksumWithValue, crcHeader, encryptionHeaders, versionHeader } from '../rules/describe.ts';
import { addressedBucket, checkNewKey } from '../rules/locate.ts';
import { writeObject } from './write.ts';

type Directive = 'COPY' | 'REPLACE';

function directive(call: Call, name: string): Directive {
  const said = (own(call, name) ?? 'COPY').toUpperCase();
  if (said === 'COPY' || said === 'REPLACE') return said;
  throw refuse('InvalidArgument', { fields: { ArgumentName: call.dialect.prefix + name, ArgumentValue: said } });
}

const sameEncryption = (a: Encryption | undefined, b: Encryption | undefined): boolean =>
  a?.algorithm === b?.algorithm && a?.keyId === b?.keyId && a?.dataEncryption === b?.dataEncryption;

/** What the copy will be: metadata and tags as the directives say; class, encryption and ACL are never inherited. */
function attributesOf(call: Call, bucket: Bucket, source: CopySource, toItself: boolean): Attributes {
  // OSS keeps an unversioned self-copy a pure metadata update: the request's metadata replaces, whatever it directs.
  const replaces = toItself && call.dialect.name === 'oss' && !bucket.settings.versioning;
  const metadata = replaces ? 'REPLACE' : directive(call, 'metadata-directive');
  const tagging = directive(call, 'tagging-directive');
  const encryption = readEncryption(call) ?? bucket.settings.encryption;
  const { object } = source;
  return {
    headers: metadata === 'REPLACE' ? readContentHeaders(call) : object.headers,
    meta: metadata === 'REPLACE' ? readMeta(call) : object.meta,
    tags: tagsOf(call, metadata, tagging, object),
    acl: readAcl(call, call.dialect.objectAclHeader) ?? { canned: call.dialect.name === 'oss' ? 'default' : 'private' },
    storageClass: readStorageClass(call) ?? bucket.settings.storageClass,
    ...(encryption && { encryption }),
    ...readOwn(call, bucket),
    ...(metadata === 'COPY' && object.missingMeta !== undefined && { missingMeta: object.missingMeta }),
    ...(object.others && { others: object.others }),
  };
}

function tagsOf(call: Call, metadata: Directive, tagging: Directive, { tags }: StoredObject): StoredObject['tags'] {
  const { keepAndSet, replaceAndKeep, replaceAndSet } = call.world.quirks.tagFates ?? {};
  const asked = tagging === 'REPLACE' ? readTags(call) : tags;
  if (metadata === 'REPLACE') return (tagging === 'REPLACE' ? replaceAndSet : replaceAndKeep) ? {} : asked;
  return keepAndSet ? tags : asked;
}

function checkSize(call: Call, source: CopySource, destination: Bucket, attributes: Attributes): void {
  const { limits } = call.world;
  const { size } = source.object.content;
  if (call.dialect.name === 's3') {
    if (size <= limits.s3Copy) return;
    throw refuse('InvalidRequest', {
      message: `The specified copy source is larger than the maximum allowable size for a copy source: ${limits.s3Copy}`,
    });
  }
  const rewrites =
    attributes.storageClass !== source.object.storageClass ||
    !sameEncryption(attributes.encryption, source.object.encryption);
  const sameBucket = source.bucket === destination;
  const limit = rewrites ? limits.ossCopyRewrite : sameBucket ? limits.ossCopySameBucket : limits.ossCopyOtherBucket;
  if (size > limit) {
    throw refuse('EntityTooLarge', { message: 'Source object Length exceeds the maximum allowed size.' });
  }
}

/** S3 refuses a self-copy that would change nothing. */
function checkChangesSomething(call: Call, source: CopySource): void {
  const changes =
    directive(call, 'metadata-directive') === 'REPLACE' ||
    [
      'storage-class',
      'server-side-encryption',
      'server-side-encryption-customer-key',
      'website-redirect-location',
    ].some((name) => own(call, name)) ||
    source.bucket.current(call.key) !== source.object;
  if (changes) return;
  throw refuse('InvalidRequest', {
    message:
      'A copy of an object onto itself must change its metadata, storage class, redirect location or encryption.',
  });
}

/** They go along unless the caller says otherwise. */
function copiedAnnotations(call: Call, { annotations }: StoredObject): StoredObject['annotations'] {
  const said = (own(call, 'object-annotation-directive') ?? 'COPY').toUpperCase();
  if (said !== 'COPY' && said !== 'EXCLUDE') throw refuse('InvalidArgument');
  return said === 'COPY' ? annotations : undefined;
}

/** S3 gives a multipart source's copy an ETag of its own; OSS keeps the source's. */
async function etagOf(
  call: Call,
  { object }: CopySource,
  { encryption }: Attributes,
): Promise<Pick<StoredObject, 'etag' | 'kind'>> {
  if (encryption?.customerKey !== undefined) return { etag: hiddenEtag(call), kind: 'normal' };
  if (object.encryption?.customerKey !== undefined) return { etag: await object.content.etag(), kind: 'normal' };
  if (call.dialect.name === 'oss' || !object.etag.includes('-')) return { etag: object.etag, kind: object.kind };
  return { etag: await object.content.etag(), kind: 'normal' };
}

export async function copyObject(call: Call): Promise<Reply> {
  const bucket = addressedBucket(call);
  checkNewKey(call);
  const source = copySource(call, bucket);
  const toItself = source.bucket === bucket && source.key === call.key;
  if (toItself && call.dialect.name === 's3') checkChangesSomething(call, source);
  if (source.object.kind === 'symlink' && own(call, 'server-side-encryption')) {
    throw refuse('InvalidArgument', { message: 'A symlink cannot be encrypted.' });
  }
  const attributes = attributesOf(call, bucket, source, toItself);
  checkSize(call, source, bucket, attributes);
  const { content, symlinkTarget, checksum } = source.object;
  const identity = await etagOf(call, source, attributes);
  checkOverwrite(call, bucket);
  // One call computes the source's kind of checksum over the whole, also where the source has it of its parts.
  const whole: Checksum | undefined = checksum && {
    algorithm: checksum.algorithm,
    type: 'FULL_OBJECT',
    ...(checksum.type === 'FULL_OBJECT' && checksum.value !== undefined && { value: checksum.value }),
  };
  const annotations = copiedAnnotations(call, source.object);
  const stored = writeObject(
    call,
    bucket,
    {
      ...attributes,
      ...identity,
      content,
      ...(symlinkTarget !== undefined && { symlinkTarget }),
      ...(whole && { checksum: whole }),
      ...(annotations && { annotations }),
    },
    'CopyObject',
  );
  const quoted = quoteEtag(call.dialect, stored.etag);
  const sourceVersion = source.bucket.settings.versioning ? source.object.versionId : undefined;
  const shown = call.dialect.name === 's3' && checksum ? await checksumWithValue(stored) : undefined;
  return {
    status: 200,
    copied: content.size,
    headers: {
      etag: call.dialect.name === 'oss' ? quoted : undefined,
      ...versionHeader(call, bucket, stored),
      [`${call.dialect.prefix}copy-source-version-id`]: sourceVersion,
      ...encryptionHeaders(call, stored.encryption),
      ...(await crcHeader(call, stored)),
    },
    xml: {
      root: 'CopyObjectResult',
      value: {
        ETag: call.world.quirks.bareEtags ? stored.etag : quoted,
        LastModified: isoDate(stored.lastModified),
        ...(shown && { [`Checksum${shown.algorithm}`]: shown.value, ChecksumType: shown.type }),
      },
    },
  };
}
