/** What the store contract needs of a server, and how servers differ: as data, so that a difference is asserted, never skipped. */
import { createHash, randomBytes } from 'node:crypto';
import type { ObjectRef } from '../../../lib/copy/model/object.ts';
import type { Clock } from '../../../lib/copy/model/ports.ts';
import type { PutQuery, StoreClient } from '../../../lib/store/calls/client.ts';

export interface Keys {
  accessKeyId: string;
  secretAccessKey: string;
}

/** What becomes of an object's tags in a call that could carry some. */
export type TagFate = 'asked' | 'source' | 'none';

/**
 * How a server departs from what its vendor's documentation (Amazon's for S3, Alibaba's for OSS) promises.
 * An absent field: it does as documented.
 */
export interface Quirks {
  /** Objects made of parts cannot be pinned: no condition on their ETag holds, not even with the ETag that HEAD tells. */
  cannotPinMultipart?: true;
  /** CopyObject copies although the source's ETag is not the pinned one. */
  ignoresPinOnCopy?: true;
  /** UploadPartCopy copies although the source's ETag is not the pinned one. */
  ignoresPinOnParts?: true;
  /** DELETE removes the object although its ETag is not the one in If-Match. */
  ignoresPinOnDelete?: true;
  /** A key that holds `?versionId=` cannot be the source of a part: the server takes the rest for a version. */
  readsVersionsInKeys?: true;
  /** Keys with control characters are refused, or break the server's answer. */
  noControlCharacters?: true;
  /** A part whose range ends past the end of the source holds what there is, without an error. */
  truncatesRanges?: true;
  /** An object cannot send visitors of a website elsewhere. */
  noRedirects?: true;
  /** No object tagging at all. */
  noTags?: true;
  tagFates?: {
    /** CopyObject that keeps the metadata and sets tags. */
    keepAndSet?: TagFate;
    /** CopyObject that replaces the metadata and keeps the tags. */
    replaceAndKeep?: TagFate;
    /** CopyObject that replaces the metadata and sets tags. */
    replaceAndSet?: TagFate;
    initiate?: TagFate;
  };
  /** "Only if there is nothing yet" is not heeded, or refused as unknown, by these calls. */
  overwriteGuard?: { copy?: 'ignored' | 'refused'; complete?: 'ignored' };
  /** No object ACLs: they cannot be written, and a header that sets one has no effect. */
  noAcls?: true;
  /** Server-side encryption with the store's own keys. */
  encryption?: { copy: 'ignored' | 'refused'; initiate: 'refused' };
  /** HEAD with a part number: `ignored` answers for the whole object, `refused` with an error. */
  partLayout?: 'ignored' | 'refused';
  /** No checksum over the whole of an object made of parts. */
  noFullChecksum?: true;
  /** None of the five checksums that S3 has had since 2025 (SHA512, MD5, XXHASH64, XXHASH3, XXHASH128). */
  noNewChecksums?: true;
  /** No object annotations. */
  noAnnotations?: true;
  /** Buckets take no object lock. */
  noLocks?: true;
  /** What copies lose here although no vendor's documentation lets a plan foresee it, by the names of losses. */
  losesUnforeseen?: readonly string[];
  /** CopyObject of an old version does not say which version it wrote. */
  hidesWrittenVersion?: true;
  /** Largest source of one CopyObject, bytes, where the test server was given a limit below the vendor's. */
  copyLimit?: number;
  /** A second storage class; without one every other class is refused. */
  secondClass?: string;
  /** CompleteMultipartUpload of an upload that is gone fails in a way that leaves the effect open. */
  unsureOfGoneUploads?: true;
  /** A CompleteMultipartUpload that is repeated says NoSuchUpload, instead of the first answer again. */
  forgetsCompletion?: true;
}

export interface Description {
  name: string;
  scheme: 'oss' | 's3';
  quirks: Quirks;
}

export interface Target {
  owner: Keys;
  /** An account that may not read the owner's objects; absent where the server knows a single account. */
  stranger?: Keys;
  /** A client with these keys; on another clock where one is given. */
  connect(keys: Keys, clock?: Clock): StoreClient;
  close(): Promise<void>;
}

/** What every group of the contract works with; filled in before the first test. */
export interface Stage extends Description, Target {
  store: StoreClient;
  bucket: string;
  otherBucket: string;
}

/** A name no other test uses. */
export function unique(prefix: string): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`;
}

export const MiB = 1024 * 1024;

const noise = randomBytes(MiB);

/** Bytes of which no two ranges of a test are equal. */
export function bytes(size: number): Buffer {
  const body = Buffer.allocUnsafe(size);
  for (let at = 0; at < size; at += MiB) noise.copy(body, at);
  for (let at = 0; at + 8 <= size; at += 4096) body.writeBigUInt64BE(BigInt(at), at);
  return body;
}

export const md5 = (body: Buffer): string => createHash('md5').update(body).digest('hex');

/** Puts an object and returns its ETag as HEAD tells it. */
export async function put(stage: Stage, ref: ObjectRef, body: Buffer | string, query: PutQuery = {}): Promise<string> {
  await stage.store.putObject(ref, body, query);
  return (await stage.store.head(ref)).etag;
}

export async function get(stage: Stage, ref: ObjectRef): Promise<Buffer> {
  const { body } = await stage.store.getObject(ref);
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
