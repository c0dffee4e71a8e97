import { RetryLater, SourceChanged } from '../../copy/model/errors.ts';
import type { ObjectHead, ObjectRef } from '../../copy/model/object.ts';
import type { SourcePorts } from '../../sources/shared/source.ts';

/** One request reads at most so many bytes: a broken connection costs no more than that. */
const stretch = 64 * 1024 ** 2;

export interface Reading {
  /** Undefined where the time was too short or an object was changed meanwhile; `why` says which. */
  equal?: boolean;
  why?: string;
  /** Bytes and requests of both sides together. */
  read: { bytes: number; requests: number };
}

interface Side {
  ref: ObjectRef;
  head: ObjectHead;
}

/**
 * Reads two objects of equal size side by side, bound to the versions that were looked at, until they differ or end. Keeps one
 * piece of each in memory.
 *
 * @param until epoch milliseconds; after that no further stretch is begun.
 * @throws CopyError of the store; RetryLater when a connection breaks.
 */
export async function readBoth(
  read: NonNullable<SourcePorts['read']>,
  a: Side,
  b: Side,
  { now, until }: { now(): number; until: number },
): Promise<Reading> {
  const total = { bytes: 0, requests: 0 };
  const { size } = a.head;
  try {
    for (let from = 0; from < size; from += stretch) {
      if (now() >= until) return { why: `only ${from} of ${size} bytes could be read in time`, read: total };
      const to = Math.min(size, from + stretch);
      const [one, other] = await Promise.all(
        [a, b].map(({ ref, head }) => read(ref, { from, to, etag: head.etag, deadline: until })),
      );
      total.requests += 2;
      const seen = await compareStreams(one!, other!);
      total.bytes += seen.bytes;
      if (!seen.equal) return { equal: false, read: total };
    }
    return { equal: true, read: total };
  } catch (error) {
    if (!(error instanceof SourceChanged)) throw error;
    return { why: 'an object was changed while it was read', read: total };
  }
}

/** @returns whether all bytes are equal, and how many of both sides were seen. */
async function compareStreams(
  a: AsyncIterable<Uint8Array>,
  b: AsyncIterable<Uint8Array>,
): Promise<{ equal: boolean; bytes: number }> {
  const sides = [a, b].map((stream) => ({
    chunks: stream[Symbol.asyncIterator](),
    left: Buffer.alloc(0),
    done: false,
  }));
  const [one, other] = sides as [(typeof sides)[0], (typeof sides)[0]];
  let bytes = 0;
  try {
    for (;;) {
      for (const side of sides) {
        while (side.left.length === 0 && !side.done) {
          const { value, done } = await side.chunks.next();
          side.done = done === true;
          if (!side.done) side.left = Buffer.from(value!.buffer, value!.byteOffset, value!.byteLength);
          bytes += side.left.length;
        }
      }
      const count = Math.min(one.left.length, other.left.length);
      if (count === 0) return { equal: one.left.length === other.left.length, bytes };
      if (!one.left.subarray(0, count).equals(other.left.subarray(0, count))) return { equal: false, bytes };
      for (const side of sides) side.left = side.left.subarray(count);
    }
  } catch (error) {
    throw new RetryLater(`The objects could not be read to their end: ${String(error)}`, { cause: error });
  } finally {
    // Lets go of the connections where the rest is not needed.
    for (const { chunks } of sides) await chunks.return?.();
  }
}
