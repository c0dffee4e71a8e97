/** What a bucket keeps. Spellings are S3's where the stores differ; `dialect.ts` translates. */
import type { Content } from './content.ts';

/** Headers kept beside the bytes and given back as they came. */
export const CONTENT_HEADERS = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
] as const;

export interface Encryption {
  /** `AES256`, `KMS`, `SM4`; S3's `aws:kms` and `aws:kms:dsse` as they are. */
  algorithm: string;
  keyId?: string;
  /** OSS: the data key's algorithm under KMS. */
  dataEncryption?: string;
  /** S3: one key of KMS for many objects of the bucket. */
  bucketKey?: boolean;
  /** S3: MD5 of the key that the client brings with each request, base64. */
  customerKey?: string;
}

/** S3: a text of up to 1 MiB beside an object, under a name. */
export interface Annotation {
  payload: string;
  etag: string;
  /** Epoch milliseconds. */
  lastModified: number;
}

export interface Grant {
  permission: string;
  /** Canonical user id, or the URI of a group. */
  grantee: string;
}

export interface Acl {
  /** `default` means: as the bucket's. */
  canned: string;
  /** Present when no canned ACL says it. */
  grants?: Grant[];
}

/** What a caller may say about an object beside its bytes. */
export interface Attributes {
  headers: Record<string, string>;
  /** Names in lower case, without the dialect's prefix. */
  meta: Record<string, string>;
  tags: Record<string, string>;
  acl: Acl;
  storageClass: string;
  encryption?: Encryption;
  /** S3: where a website sends those who ask for the object. No copy carries it along. */
  redirect?: string;
  /** S3: the headers of object lock, names without the prefix. No copy carries them along. */
  lock?: Record<string, string>;
  /** S3: entries of metadata that headers cannot show. */
  missingMeta?: number;
  /** Further headers of HEAD, by full name; a CopyObject carries them along, parts do not. */
  others?: Record<string, string>;
}

export const LOCK_HEADERS = [
  'object-lock-mode',
  'object-lock-retain-until-date',
  'object-lock-legal-hold',
  'object-lock-event-hold',
  'object-lock-event-hold-duration-days',
  'object-lock-event-hold-duration-years',
] as const;

export type ChecksumAlgorithm =
  'CRC32' | 'CRC32C' | 'CRC64NVME' | 'SHA1' | 'SHA256' | 'SHA512' | 'MD5' | 'XXHASH64' | 'XXHASH3' | 'XXHASH128';

export interface Checksum {
  algorithm: ChecksumAlgorithm;
  type: 'FULL_OBJECT' | 'COMPOSITE';
  /** Base64; absent until a request asks for a full-object CRC, which is then computed from the content. */
  value?: string;
}

/** How a multipart object was put together, for HEAD with partNumber. */
export interface PartLayout {
  number: number;
  size: number;
}

export interface StoredObject extends Attributes {
  kind: 'normal' | 'multipart' | 'appendable' | 'symlink';
  content: Content;
  /** Hex without quotes, with `-N` for multipart; letter case is the dialect's. */
  etag: string;
  /** Epoch milliseconds. */
  lastModified: number;
  /** `null` for the version without an id. */
  versionId: string;
  deleteMarker?: boolean;
  /** Id of the user that wrote it, where that is not the owner of the bucket; '' for a write without a signature. */
  owner?: string;
  checksum?: Checksum;
  /** S3: by name. A CopyObject carries them along, an upload in parts begins without. */
  annotations?: Record<string, Annotation>;
  parts?: PartLayout[];
  /** Epoch milliseconds: a copy of an archived object is readable from `readyAt` until `expiresAt`. */
  restore?: { readyAt: number; expiresAt: number };
  /** Key of the target in the same bucket. */
  symlinkTarget?: string;
}

export interface UploadedPart {
  number: number;
  content: Content;
  etag: string;
  lastModified: number;
  checksum?: Checksum;
}

export interface Upload {
  id: string;
  bucket: string;
  key: string;
  initiated: number;
  attributes: Attributes;
  /** As `StoredObject.owner`. */
  owner?: string;
  /** Asked for at Initiate. */
  checksum?: Checksum;
  parts: Map<number, UploadedPart>;
}

export const NULL_VERSION = 'null';

/** Classes whose objects must be restored before they can be read. */
export const ARCHIVED_CLASSES: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE', 'COLD_ARCHIVE']);
