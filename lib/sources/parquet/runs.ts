/** The encodings of whole numbers in Parquet: runs, for levels and places in a dictionary, and differences. */
import { deltaBinaryUnpack } from 'hyparquet/src/delta.js';

/** Reads a page from the left to the right. */
export interface PageReader {
  view: DataView<ArrayBuffer>;
  offset: number;
}

/**
 * Decodes `count` numbers of `width` bits, written as runs of one number and as runs of packed bits.
 * @throws Error for a run that is longer than what is left; RangeError where the page ends before.
 */
export function decodeRuns(reader: PageReader, width: number, count: number): Uint32Array {
  if (width > 32) throw new Error(`its numbers have ${width} bits`);
  const numbers = new Uint32Array(count);
  const bytesEach = (width + 7) >> 3;
  for (let done = 0; done < count;) {
    const head = varint(reader, 5);
    if (head % 2 === 0) {
      const length = head / 2;
      if (length > count - done) throw new Error(`it has a run of ${length} values where ${count - done} are left`);
      let value = 0;
      for (let n = 0; n < bytesEach; n += 1) value += byteOf(reader) * 2 ** (8 * n);
      numbers.fill(value, done, done + length);
      done += length;
    } else {
      const length = Math.min(((head - 1) / 2) * 8, count - done);
      unpackBits(reader, width, numbers.subarray(done, done + length));
      // The last run is filled up to eight, and writers may leave out what fills it.
      reader.offset += ((head - 1) / 2) * width - Math.ceil((length * width) / 8);
      done += length;
    }
  }
  return numbers;
}

function unpackBits(reader: PageReader, width: number, numbers: Uint32Array): void {
  let [bits, held] = [0, 0];
  for (let n = 0; n < numbers.length; n += 1) {
    let value = 0;
    for (let got = 0; got < width;) {
      if (held === 0) [bits, held] = [byteOf(reader), 8];
      const taken = Math.min(held, width - got);
      value += (bits & ((1 << taken) - 1)) * 2 ** got;
      bits >>= taken;
      held -= taken;
      got += taken;
    }
    numbers[n] = value;
  }
}

/** Writers use 4 blocks of 32; the format asks for multiples of 128 and of 32. */
const mostMiniblocks = 512;
const longestMiniblock = 65_536;

/** @throws Error for a layout that the format does not have; RangeError where the page ends before. */
export function decodeDifferences<T extends Int32Array | BigInt64Array>(reader: PageReader, numbers: T): T {
  if (numbers.length === 0) return numbers;
  checkDifferences({ ...reader }, numbers.length, numbers instanceof Int32Array ? 32 : 64);
  deltaBinaryUnpack(reader, numbers.length, numbers);
  return numbers;
}

/** The decoder goes back in the page, or on without an end, where the layout is none. */
function checkDifferences(reader: PageReader, count: number, widest: number): void {
  const [blockLength, miniblocks] = [varint(reader, 5), varint(reader, 5)];
  const length = blockLength / miniblocks;
  if (!(miniblocks <= mostMiniblocks && length <= longestMiniblock && length > 0 && length % 32 === 0))
    throw new Error(`it has blocks of ${blockLength} differences in ${miniblocks} parts`);
  varint(reader, 5);
  varint(reader, 10);
  for (let left = count - 1; left > 0;) {
    varint(reader, 10);
    const widths = reader.offset;
    reader.offset += miniblocks;
    for (let n = 0; n < miniblocks && left > 0; n += 1) {
      const width = reader.view.getUint8(widths + n);
      if (width > widest) throw new Error(`it has differences of ${width} bits`);
      reader.offset += (length * width) / 8;
      left -= length;
    }
  }
}

function byteOf(reader: PageReader): number {
  const byte = reader.view.getUint8(reader.offset);
  reader.offset += 1;
  return byte;
}

function varint(reader: PageReader, longest: number): number {
  let value = 0;
  for (let n = 0; n < longest; n += 1) {
    const byte = byteOf(reader);
    value += (byte & 0x7f) * 2 ** (7 * n);
    if (byte < 0x80) return value;
  }
  throw new Error('it has a number of too many bits');
}
