/** How the values of a Parquet file are unpacked and what they become. */
import { isUtf8 } from 'node:buffer';
import { gunzipSync } from 'node:zlib';
import { snappyUncompress } from 'hyparquet';

/** Stand for a text that is none, or is none of an inventory; what they are described by is said of their rows. */
const notText = Symbol('not valid UTF-8');
const tooLong = Symbol('a text of more than 4096 bytes');

/** A key has 1,024 bytes, or three times as many where it is URL-encoded. A dictionary would repeat a longer one for every row. */
const longestText = 4096;

/** Times are epoch milliseconds. */
export const parsers = {
  stringFromBytes(bytes: Uint8Array): string | symbol {
    if (bytes.length > longestText) return tooLong;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
    return text.includes('\uFFFD') && !isUtf8(bytes) ? notText : text;
  },
  timestampFromMilliseconds: Number,
  timestampFromMicroseconds: (time: bigint) => Number(time / 1000n),
  timestampFromNanoseconds: (time: bigint) => Number(time / 1_000_000n),
};

/** `length` is that of the unpacked page; no page becomes longer than it says. */
export const compressors = {
  GZIP: (packed: Uint8Array, length: number): Uint8Array =>
    gunzipSync(packed, { maxOutputLength: Math.max(1, length) }),
  SNAPPY: (packed: Uint8Array, length: number): Uint8Array => {
    checkSnappy(packed, length);
    const page = new Uint8Array(length);
    snappyUncompress(packed, page);
    return page;
  },
};

/** What unpacks Snappy takes a literal of more than 2 GiB for one of less than nothing, and then goes back for ever. */
function checkSnappy(packed: Uint8Array, length: number): void {
  let [at, unpacked] = [0, 0];
  while ((packed[at++] ?? 0) >= 0x80);
  while (at < packed.length) {
    const tag = packed[at++] ?? 0;
    const [kind, rest] = [tag & 3, tag >> 2];
    if (kind === 0) {
      const bytes = Math.max(0, rest - 59);
      let literal = bytes === 0 ? rest : 0;
      for (let n = 0; n < bytes; n += 1) literal += (packed[at + n] ?? 0) * 2 ** (8 * n);
      at += bytes + literal + 1;
      unpacked += literal + 1;
    } else {
      at += kind === 3 ? 4 : kind;
      unpacked += kind === 1 ? (rest & 7) + 4 : rest + 1;
    }
    if (at > packed.length || unpacked > length) throw new Error('its Snappy data is damaged');
  }
}

/** What files may be packed by. */
export const codecs: readonly unknown[] = ['UNCOMPRESSED', ...Object.keys(compressors)];
