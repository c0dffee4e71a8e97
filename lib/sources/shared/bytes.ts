/** Opens a file of any kind as a stream of its bytes: decompressed, checked, from a given place on. */
import { createHash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CopyError, GiveUp, RetryLater } from '../../copy/model/errors.ts';
import type { CallOptions } from '../../copy/model/ports.ts';
import type { FileRef, SourcePorts } from './source.ts';

type Bytes = AsyncIterable<Uint8Array>;

export interface OpenOptions extends CallOptions {
  /** Bytes to leave out, of the decompressed file. */
  from: number;
  /** Known from an earlier opening; left out: found out by the first bytes, which needs `from` 0. */
  gzip?: boolean;
  /** Of the file as it is stored, hexadecimal in any case. */
  md5?: string;
}

/** For messages: `bucket/key` or the path. */
export function nameOf(file: FileRef): string {
  if ('stdin' in file) return 'standard input';
  return 'path' in file ? file.path : `${file.bucket}/${file.key}`;
}

/**
 * Gzip cannot be entered in the middle, and a checksum needs every byte: both are read from the start again and what was read
 * before is left out, which costs time but no memory.
 *
 * Reading throws RetryLater for a stream that broke off; GiveUp BadRequest for damaged gzip; and at the end GiveUp
 * VerificationFailed for a file whose MD5 is another one.
 */
export async function openBytes(
  ports: SourcePorts,
  file: FileRef,
  { from, gzip, md5, ...options }: OpenOptions,
): Promise<{ bytes: Bytes; gzip: boolean }> {
  const name = nameOf(file);
  const enters = gzip === false && md5 === undefined;
  const stored = await ports.stream(file, { ...options, from: enters ? from : 0 });
  const { bytes: whole, gzip: packed } = gzip === undefined ? await sniff(stored, name) : { bytes: stored, gzip };
  const checked = md5 === undefined ? whole : checkMd5(whole, md5, name);
  const plain = packed ? gunzip(checked, name) : checked;
  const rest = enters || from === 0 ? plain : without(plain, from);
  return { bytes: withNamedErrors(rest, name), gzip: packed };
}

/** By the first two bytes: names and content types of manifests lie too often. */
async function sniff(bytes: Bytes, name: string): Promise<{ bytes: Bytes; gzip: boolean }> {
  const iterator = bytes[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  try {
    for (let length = 0; length < 2;) {
      const { done, value } = await iterator.next();
      if (done) break;
      chunks.push(value);
      length += value.length;
    }
  } catch (error) {
    throw readingError(error, name);
  }
  const start = Buffer.concat(chunks.map((chunk) => chunk.subarray(0, 2)));
  return { bytes: resumed(chunks, iterator), gzip: start[0] === 0x1f && start[1] === 0x8b };
}

async function* resumed(chunks: Uint8Array[], iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
    yield* { [Symbol.asyncIterator]: () => iterator };
  } finally {
    await iterator.return?.();
  }
}

async function* checkMd5(bytes: Bytes, md5: string, name: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('md5');
  for await (const chunk of bytes) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest('hex') !== md5.toLowerCase()) {
    throw new GiveUp(
      'VerificationFailed',
      `${name}: its MD5 is not the one that the inventory names; the file was changed or cut. Take another inventory.`,
    );
  }
}

/**
 * Lists of keys shrink to a tenth or a fiftieth; what unpacks to more than `mostRatio` times its size, and to more than a small
 * file's worth, was made to keep its reader busy.
 */
const mostRatio = 200;
const freeBytes = 16 * 1024 * 1024;

/**
 * Files of several members, as parallel writers make them, too.
 * @throws GiveUp BadRequest for a file that unpacks to far more than a list can.
 */
async function* gunzip(bytes: Bytes, name: string): AsyncGenerator<Uint8Array> {
  const unpacked = createGunzip({ chunkSize: 256 * 1024 });
  let taken = 0;
  let given = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      // In small steps: the decompressor is never given far more than it has answered for.
      for (let at = 0; at < chunk.length; at += step) {
        const piece = chunk.subarray(at, at + step);
        taken += piece.length;
        yield piece;
      }
    }
  }
  // Errors of either side come out of the iteration below.
  pipeline(Readable.from(counted(), { objectMode: true, highWaterMark: 2 }), unpacked, () => undefined);
  for await (const chunk of unpacked as AsyncIterable<Buffer>) {
    given += chunk.length;
    if (given > freeBytes && given > taken * mostRatio) {
      const far = `it unpacks to more than ${mostRatio} times its size`;
      throw new GiveUp(
        'BadRequest',
        `${name}: ${far}, which no list of objects does; send it unpacked, or look what it is.`,
      );
    }
    yield chunk;
  }
}

/** Bytes of packed data that are handed on at once. */
const step = 16 * 1024;

async function* without(bytes: Bytes, count: number): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const chunk of bytes) {
    if (left < chunk.length) yield left === 0 ? chunk : chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}

async function* withNamedErrors(bytes: Bytes, name: string): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (error) {
    throw readingError(error, name);
  }
}

/** What went wrong while a file was read, as the engine's errors have it. */
export function readingError(error: unknown, name: string): CopyError {
  if (error instanceof CopyError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code.startsWith('Z_')) {
    return new GiveUp('BadRequest', `${name}: its gzip data is damaged or cut short (${code}).`, { cause: error });
  }
  return new RetryLater(`${name}: reading it broke off.`, { cause: error, delayMs: 1000 });
}
