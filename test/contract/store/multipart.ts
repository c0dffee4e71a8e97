import { createHash } from 'node:crypto';
import type { ObjectRef } from '../../../lib/copy/model/object.ts';
import type { InitiateCall, PartEntry } from '../../../lib/copy/model/ports.ts';
import { put, unique, type Stage } from './target.ts';

export interface Range {
  first: number;
  last: number;
}

/** Consecutive ranges of `size` bytes over an object of `total` bytes; the last may be shorter. */
export function ranges(total: number, size: number): Range[] {
  const count = Math.ceil(total / size);
  return Array.from({ length: count }, (_, i) => ({ first: i * size, last: Math.min((i + 1) * size, total) - 1 }));
}

/** A source to copy by parts from, pinned. */
export interface Source {
  ref: ObjectRef;
  etag: string;
  size: number;
}

export async function source(stage: Stage, body: Buffer): Promise<Source> {
  const ref = { bucket: stage.bucket, key: unique('source') };
  return { ref, etag: await put(stage, ref, body), size: body.length };
}

export function initiate(
  stage: Stage,
  destination: ObjectRef,
  more: Partial<InitiateCall> = {},
): Promise<{ uploadId: string }> {
  return stage.store.initiate({ destination, content: {}, userMetadata: {}, tags: {}, ...more });
}

export interface Upload {
  destination: ObjectRef;
  uploadId: string;
}

/** Copies one range of the source as one part. */
export function copyPart(
  stage: Stage,
  upload: Upload,
  from: Source,
  partNumber: number,
  range: Range,
): Promise<{ etag: string }> {
  const pin = { source: from.ref, sourceIfMatch: from.etag, sourceSize: from.size };
  return stage.store.uploadPartCopy({ ...upload, ...pin, partNumber, ...range });
}

/** Initiates an upload and copies the whole source into it; the parts are as the store lists them. */
export async function uploaded(
  stage: Stage,
  from: Source,
  partSize: number,
  more: Partial<InitiateCall> = {},
): Promise<Upload & { parts: PartEntry[] }> {
  const destination = more.destination ?? { bucket: stage.otherBucket, key: unique('parts') };
  const { uploadId } = await initiate(stage, destination, more);
  const upload = { destination, uploadId };
  for (const [i, range] of ranges(from.size, partSize).entries()) await copyPart(stage, upload, from, i + 1, range);
  const { parts } = await stage.store.listParts(destination, uploadId);
  return { ...upload, parts };
}

/** An object of many equal parts, which costs the test one block of memory and the server its copies. */
export async function multipartObject(stage: Stage, block: Buffer, count: number): Promise<Source> {
  const from = await source(stage, block);
  const ref = { bucket: stage.bucket, key: unique('large') };
  const { uploadId } = await initiate(stage, ref);
  const parts = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const whole = { first: 0, last: block.length - 1 };
      const { etag } = await copyPart(stage, { destination: ref, uploadId }, from, i + 1, whole);
      return { number: i + 1, etag };
    }),
  );
  await stage.store.complete({ destination: ref, uploadId, parts });
  const { etag, size } = await stage.store.head(ref);
  return { ref, etag, size };
}

/** The ETag that Amazon's formula gives an object of these parts. */
export function compositeEtag(parts: { etag: string }[]): string {
  const digests = Buffer.concat(parts.map(({ etag }) => Buffer.from(etag, 'hex')));
  return `${createHash('md5').update(digests).digest('hex')}-${parts.length}`;
}
