/** Large objects for tests: made of parts by the server itself, so that little is sent. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ObjectRef } from '../../../lib/copy/model/object.ts';
import type { InitiateCall } from '../../../lib/copy/model/ports.ts';
import type { StoreClient } from '../../../lib/store/calls/client.ts';
import { bytes, MiB, unique, type Quirks } from './target.ts';

/** SHA-256 of an object, read from the server. */
export async function sha256(store: StoreClient, ref: ObjectRef): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of (await store.getObject(ref)).body) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

export interface Large {
  ref: ObjectRef;
  sha256: string;
  size: number;
  parts: number;
}

/** Where an object is written: `bucket` holds what it is made of for a moment. */
export interface Place {
  store: StoreClient;
  bucket: string;
  quirks: Quirks;
}

/**
 * Writes a large object of which no two ranges are equal, from a small one. Where the server can pin such objects it is made
 * of parts, quickly: every part is another range of a block, which the server copies by itself.
 */
export async function putLarge(
  place: Place,
  ref: ObjectRef,
  { parts, partSize, ...more }: { parts: number; partSize: number } & Partial<InitiateCall>,
): Promise<Large> {
  const block = bytes(partSize + (parts - 1) * MiB);
  const ranges = Array.from({ length: parts }, (_, i) => ({ first: i * MiB, last: i * MiB + partSize - 1 }));
  const pieces = () => ranges.map(({ first, last }) => block.subarray(first, last + 1));
  const size = parts * partSize;
  if (place.quirks.cannotPinMultipart) {
    await place.store.putObject(ref, { size, open: () => Readable.from(pieces()) }, more);
  } else {
    await copyRanges(place, block, ranges, { destination: ref, content: {}, userMetadata: {}, tags: {}, ...more });
  }
  const hash = createHash('sha256');
  for (const piece of pieces()) hash.update(piece);
  return { ref, sha256: hash.digest('hex'), size, parts };
}

/** An upload whose parts are these ranges of the block. */
async function copyRanges(
  { store, bucket }: Place,
  block: Buffer,
  ranges: { first: number; last: number }[],
  call: InitiateCall,
): Promise<void> {
  const source = { bucket, key: unique('block') };
  await store.putObject(source, block);
  const { etag: sourceIfMatch } = await store.head(source);
  const { destination } = call;
  const { uploadId } = await store.initiate(call);
  const pin = { source, sourceIfMatch, sourceSize: block.length, destination, uploadId };
  const parts: { number: number; etag: string }[] = [];
  // A few at a time: the machine that runs the tests also runs the server.
  for (let from = 0; from < ranges.length; from += 4) {
    const some = ranges.slice(from, from + 4).map((range, i) => ({ ...range, partNumber: from + i + 1 }));
    const copied = await Promise.all(some.map((range) => store.uploadPartCopy({ ...pin, ...range })));
    parts.push(...copied.map(({ etag }, i) => ({ number: from + i + 1, etag })));
  }
  await store.complete({ destination, uploadId, parts });
  await store.delete(source);
}
