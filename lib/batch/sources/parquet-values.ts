/** How the values of a Parquet file are unpacked and what they become. */
import { isUtf8 } from 'node:buffer';
import { gunzipSync } from 'node:zlib';

/** Stands for a text that is none. */
export const notText = Symbol('not valid UTF-8');

/** Times are epoch milliseconds. */
export const parsers = {
  stringFromBytes(bytes: Uint8Array): string | typeof notText {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
    return text.includes('\uFFFD') && !isUtf8(bytes) ? notText : text;
  },
  timestampFromMilliseconds: Number,
  timestampFromMicroseconds: (time: bigint) => Number(time / 1000n),
  timestampFromNanoseconds: (time: bigint) => Number(time / 1_000_000n),
};

/** Besides Snappy, which the reader unpacks by itself. */
export const compressors = {
  /** `length` is that of the unpacked page; no page becomes longer than it says. */
  GZIP: (packed: Uint8Array, length: number): Uint8Array =>
    gunzipSync(packed, { maxOutputLength: Math.max(1, length) }),
};

/** What files may be packed by. */
export const codecs: readonly unknown[] = ['UNCOMPRESSED', 'SNAPPY', ...Object.keys(compressors)];
