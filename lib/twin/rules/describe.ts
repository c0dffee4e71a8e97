/** Headers that tell about a stored object. */
import { httpDate, type Call } from '../call.ts';
import { outward, quoteEtag } from '../dialect.ts';
import type { Bucket } from '../model/bucket.ts';
import { checksumOf } from '../model/checksums.ts';
import { CRC64_ECMA } from '../model/crc.ts';
import type { Checksum, Encryption, StoredObject } from '../model/object.ts';

import { customerKeyHeaders } from './customer-key.ts';

export type Headers = Record<string, string | undefined>;

/** Only buckets that ever had versioning tell version ids. */
export function versionHeader(call: Call, bucket: Bucket, object: StoredObject): Headers {
  return bucket.settings.versioning ? { [`${call.dialect.prefix}version-id`]: object.versionId } : {};
}

export function encryptionHeaders({ dialect }: Call, encryption: Encryption | undefined): Headers {
  if (!encryption) return {};
  if (encryption.customerKey !== undefined) return customerKeyHeaders(encryption);
  return {
    [`${dialect.prefix}server-side-encryption`]: outward(dialect.encryptions, encryption.algorithm),
    [dialect.keyIdHeader]: encryption.keyId,
    [`${dialect.prefix}server-side-data-encryption`]: encryption.dataEncryption,
    [`${dialect.prefix}server-side-encryption-bucket-key-enabled`]: encryption.bucketKey ? 'true' : undefined,
  };
}

/** OSS tells the CRC-64 of everything it stores. */
export async function crcHeader(call: Call, object: Pick<StoredObject, 'content'>): Promise<Headers> {
  if (call.dialect.name !== 'oss') return {};
  return { 'x-oss-hash-crc64ecma': String(await object.content.crc(CRC64_ECMA)) };
}

/** The object's checksum with its value; computed now when no request asked before. */
export async function checksumWithValue(object: StoredObject): Promise<Required<Checksum>> {
  const checksum = object.checksum ?? { algorithm: 'CRC64NVME', type: 'FULL_OBJECT' };
  return { ...checksum, value: checksum.value ?? (await checksumOf(object.content, checksum.algorithm)) };
}

export async function checksumHeaders(object: StoredObject): Promise<Headers> {
  const { algorithm, type, value } = await checksumWithValue(object);
  return { [`x-amz-checksum-${algorithm.toLowerCase()}`]: value, 'x-amz-checksum-type': type };
}

/** In a header of HEAD, and in OSS's lists; undefined without a restored copy. */
export function restoreState(call: Call, { restore }: StoredObject): string | undefined {
  if (!restore || call.now >= restore.expiresAt) return undefined;
  if (call.now < restore.readyAt) return 'ongoing-request="true"';
  return `ongoing-request="false", expiry-date="${httpDate(restore.expiresAt)}"`;
}

const TYPES = { normal: 'Normal', multipart: 'Multipart', appendable: 'Appendable', symlink: 'Symlink' } as const;

export function typeOf(object: StoredObject): string {
  return TYPES[object.kind];
}

async function ossHeaders(call: Call, object: StoredObject): Promise<Headers> {
  return {
    'x-oss-object-type': typeOf(object),
    'x-oss-storage-class': outward(call.dialect.classes, object.storageClass),
    'content-md5': object.kind === 'normal' && /^[0-9a-f]{32}$/i.test(object.etag) ? base64(object.etag) : undefined,
    'x-oss-next-append-position': object.kind === 'appendable' ? String(object.content.size) : undefined,
    ...(await crcHeader(call, object)),
  };
}

function base64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}

/** Everything HEAD tells, but for Content-Length and what a range or part changes. */
export async function objectHeaders(call: Call, bucket: Bucket, object: StoredObject): Promise<Headers> {
  const { prefix } = call.dialect;
  const tagCount = Object.keys(object.tags).length;
  const meta = Object.entries(object.meta).map(([name, value]) => [`${prefix}meta-${name}`, value]);
  const lock = Object.entries(object.lock ?? {}).map(([name, value]) => [prefix + name, value]);
  return {
    ...object.headers,
    ...object.others,
    ...Object.fromEntries([...meta, ...lock]),
    [`${prefix}website-redirect-location`]: object.redirect,
    [`${prefix}missing-meta`]: object.missingMeta === undefined ? undefined : String(object.missingMeta),
    etag: quoteEtag(call.dialect, object.etag),
    'last-modified': httpDate(object.lastModified),
    'accept-ranges': 'bytes',
    ...versionHeader(call, bucket, object),
    ...encryptionHeaders(call, object.encryption),
    [`${prefix}tagging-count`]: tagCount > 0 ? String(tagCount) : undefined,
    [`${prefix}restore`]: restoreState(call, object),
    ...(call.dialect.name === 'oss'
      ? await ossHeaders(call, object)
      : { 'x-amz-storage-class': object.storageClass === 'STANDARD' ? undefined : object.storageClass }),
  };
}
