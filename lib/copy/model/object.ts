/** Words about objects, shared by every port. Sizes are bytes, times are epoch milliseconds. */

/** Which store, and how to reach it; written into job rows, so it never holds a secret. */
export interface StoreAddress {
  scheme: 'oss' | 's3';
  /** Base URL; absent means the vendor's own endpoint for the region. */
  endpoint?: string;
  region?: string;
  /** Whose keys: a profile of the vendor's configuration files. Absent: those that the environment leads to. */
  profile?: string;
  /** ARN of a role that those keys may assume, and whose keys are used instead. */
  role?: string;
  /** Every request says that its sender pays for it, as the owner of a bucket may demand. */
  requestPayer?: 'requester';
  /** Which objects are encrypted with keys of the customer (SSE-C), and where each key is found; never a key itself. */
  customerKeys?: readonly CustomerKeyRule[];
}

/** Of several rules that are about one object the closest one holds. */
export interface CustomerKeyRule {
  /** Absent: every bucket. */
  bucket?: string;
  /** Empty, or ends in a slash: everything below it. Anything else is the key of one object. */
  key: string;
  /** `env:NAME` or `file:PATH`; `none` where a wider rule does not hold. */
  reference: string;
}

export interface ObjectRef {
  bucket: string;
  /** Decoded key, exactly as the store keeps it. */
  key: string;
  versionId?: string;
}

/** The headers a store keeps beside the bytes. `expires` is kept as the text that was sent. */
export interface ContentHeaders {
  contentType?: string;
  cacheControl?: string;
  contentDisposition?: string;
  contentEncoding?: string;
  contentLanguage?: string;
  expires?: string;
}

export interface Encryption {
  /**
   * As the store spells it: `AES256`, `KMS`, `SM4` (OSS); `AES256`, `aws:kms`, `aws:kms:dsse` (S3). In a request also `default`:
   * whatever the destination's bucket gives an object that asks for nothing.
   */
  algorithm: string;
  keyId?: string;
  /** OSS only: algorithm of the data key under KMS. */
  dataEncryption?: string;
  /** S3 only: the bucket asks KMS for one key for many objects, which saves a call per object. */
  bucketKey?: boolean;
}

/** S3 object lock: who may delete this version, and when. */
export interface ObjectLock {
  /** `GOVERNANCE` or `COMPLIANCE`; absent when no retention is running. */
  mode?: string;
  /** End of the retention as the store tells it, ISO 8601; always with `mode`. */
  until?: string;
  legalHold?: boolean;
  /** A retention that begins when the hold ends: its length as the store tells it, in days or years. */
  eventHold?: { days?: string; years?: string };
}

export interface Checksum {
  /** As S3 spells it, upper case: `CRC64NVME`, `SHA256`, `XXHASH3`; all that are known are in `lib/store/wire/checksums.ts`. */
  algorithm: string;
  value: string;
  /** A composite checksum depends on the part layout; only a full-object one can be compared across layouts. */
  fullObject: boolean;
}

/** A checksum of the whole, or of the parts' checksums: these Complete has to name. */
export type KeptChecksum = Omit<Checksum, 'value'>;

/** A text beside an object, under a name. S3 has up to 1,000 of 1 MiB each, and HEAD tells nothing of them. */
export interface Annotation {
  name: string;
  /** Bytes. */
  size: number;
  etag: string;
}

/** What HEAD says, in one spelling for all stores. */
export interface ObjectHead {
  size: number;
  /** Without quotes; letter case as the store sends it. */
  etag: string;
  lastModified: number;
  versionId?: string;
  content: ContentHeaders;
  /** Names in lower case, without `x-oss-meta-` / `x-amz-meta-`. */
  userMetadata: Record<string, string>;
  /** As the store spells it; the store's default class when it sends none. */
  storageClass: string;
  encryption?: Encryption;
  kind: 'normal' | 'multipart' | 'appendable' | 'symlink';
  /** True when the class is offline and no restored copy is readable now. */
  archived: boolean;
  /** A restore is under way. Only where `archived`. */
  restoring?: boolean;
  /** Where an object of an online class lies in an archive all the same: the tier, as the store spells it. */
  archiveTier?: string;
  /** Encrypted by the writer's own client or with a customer-provided key: parts cannot be copied blindly. */
  clientEncrypted: boolean;
  /** Absent when the store (or our permission) does not tell. */
  tagCount?: number;
  /** CRC-64/XZ of the whole object, unsigned decimal (OSS `x-oss-hash-crc64ecma`). */
  crc64?: string;
  /** The strongest one, a full-object one before all composite ones. */
  checksum?: Checksum;
  /** Every checksum that the store tells, `checksum` included. */
  checksums?: Checksum[];
  /** Where a bucket that serves a website sends those who ask for this object. */
  redirect?: string;
  /** Absent when nothing keeps this version from being deleted. */
  lock?: ObjectLock;
  /** Entries of user metadata that the store keeps and cannot show in headers. */
  hiddenMetadata?: number;
  /** Headers of the store, by full name, that no field above stands for and that are not known to be harmless. */
  others?: Record<string, string>;
  /** Only from a HEAD with `partNumber`: number of parts of the object; `size` is then that part's size. */
  partsCount?: number;
}

export interface Acl {
  /** A canned ACL, when the grants amount to one: `private`, `public-read`, `public-read-write`, `default` (OSS). */
  canned?: string;
  /** The store's own document, to write back as it is where `canned` cannot say it. */
  document?: string;
}

/** The algorithm of an object that is encrypted with a key of the customer. No request names it: the key itself does. */
export const customerEncryption = 'SSE-C';

/** How to give the key of an object that the store does not show without one. */
export const customerKeyAdvice =
  'Say where its key is found, with --sse-c-source (for a destination: --sse-c) and env:NAME or file:PATH, or with customerKeys of ' +
  'the store in ferry.yaml.';

/** Where the key is found that encrypts this object; undefined for an object without one. */
export function customerKeyOf(
  { customerKeys = [] }: Pick<StoreAddress, 'customerKeys'>,
  { bucket, key }: Pick<ObjectRef, 'bucket' | 'key'>,
): string | undefined {
  let closest: CustomerKeyRule | undefined;
  for (const rule of customerKeys) {
    const isAll = rule.key === '' || rule.key.endsWith('/');
    const isMeant = isAll ? key.startsWith(rule.key) : key === rule.key;
    if (!isMeant || (rule.bucket !== undefined && rule.bucket !== bucket)) continue;
    if (closest === undefined || closeness(rule) > closeness(closest)) closest = rule;
  }
  return closest?.reference === 'none' ? undefined : closest?.reference;
}

/** A rule for one bucket is closer than one for all of them, and of two the one with the longer key. */
function closeness({ bucket, key }: CustomerKeyRule): number {
  return (bucket === undefined ? 0 : 1_000_000) + key.length;
}

/** `oss://bucket/key` or `s3://bucket/key`, for messages. */
export function describe(store: Pick<StoreAddress, 'scheme'>, ref: ObjectRef): string {
  const version = ref.versionId ? ` (version ${ref.versionId})` : '';
  return `${store.scheme}://${ref.bucket}/${ref.key}${version}`;
}

/** What the destination should carry besides the bytes, whichever way it is copied (I6). */
export interface Expected {
  content: ContentHeaders;
  userMetadata: Record<string, string>;
  storageClass: string;
  encryption?: Encryption;
  redirect?: string;
  lock?: ObjectLock;
  /** A store computes them anew or copies them along; the kinds count, and the values where they are of the whole object. */
  checksums?: Checksum[];
  /** See `ObjectHead`: carried along by a CopyObject that leaves the metadata alone, and by nothing else. */
  hiddenMetadata?: number;
  others?: Record<string, string>;
  /** The metadata differs from the source's, so a CopyObject must replace it. */
  metadataChanged: boolean;
  /** Tags differ from the source's by request. */
  tagsChanged: boolean;
}

/** Of that, what a request can only bring about by copying: what a copy of an object onto itself has taken away is gone. */
export type Due = Pick<Expected, 'redirect' | 'lock' | 'checksums' | 'hiddenMetadata' | 'others'>;
