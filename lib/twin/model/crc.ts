/**
 * Reflected CRCs (all-ones start and final xor) with the arithmetic that lets a checksum of a terabyte be put together
 * from the checksums of its pieces: crc(A + B) is crc(A) times x^(8|B|), plus crc(B), over GF(2) modulo the polynomial.
 */
export interface Crc {
  readonly bits: 32 | 64;
  /** CRC of `bytes`, continuing from the CRC of what came before (0n for nothing). */
  update(before: bigint, bytes: Uint8Array): bigint;
  /** CRC of A followed by B, where B is `lengthB` bytes long. */
  combine(a: bigint, b: bigint, lengthB: number): bigint;
  /** CRC of a block of `length` bytes written `times` times in a row; logarithmic in `times`. */
  repeat(crc: bigint, length: number, times: number): bigint;
}

const POWERS_KEPT = 4096;

function tablesOf(polynomial: bigint): { low: Uint32Array; high: Uint32Array } {
  const low = new Uint32Array(8 * 256);
  const high = new Uint32Array(8 * 256);
  for (let index = 0; index < 256; index++) {
    let value = BigInt(index);
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ polynomial : value >> 1n;
    low[index] = Number(value & 0xffffffffn);
    high[index] = Number(value >> 32n);
  }
  for (let row = 1; row < 8; row++) {
    for (let index = 0; index < 256; index++) {
      const before = (row - 1) * 256 + index;
      const byte = low[before]! & 255;
      low[row * 256 + index] = ((low[before]! >>> 8) | (high[before]! << 24)) ^ low[byte]!;
      high[row * 256 + index] = (high[before]! >>> 8) ^ high[byte]!;
    }
  }
  return { low, high };
}

/** Eight bytes a step: one lookup per byte in tables that already hold the shift by the bytes behind it. */
function update64(tables: { low: Uint32Array; high: Uint32Array }, before: bigint, bytes: Uint8Array): bigint {
  const { low, high } = tables;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let lo = ~Number(before & 0xffffffffn);
  let hi = ~Number(before >> 32n);
  const whole = bytes.length - (bytes.length % 8);
  for (let at = 0; at < whole; at += 8) {
    const a = lo ^ view.getInt32(at, true);
    const b = hi ^ view.getInt32(at + 4, true);
    const i7 = 1792 + (a & 255);
    const i6 = 1536 + ((a >>> 8) & 255);
    const i5 = 1280 + ((a >>> 16) & 255);
    const i4 = 1024 + (a >>> 24);
    const i3 = 768 + (b & 255);
    const i2 = 512 + ((b >>> 8) & 255);
    const i1 = 256 + ((b >>> 16) & 255);
    const i0 = b >>> 24;
    lo = low[i7]! ^ low[i6]! ^ low[i5]! ^ low[i4]! ^ low[i3]! ^ low[i2]! ^ low[i1]! ^ low[i0]!;
    hi = high[i7]! ^ high[i6]! ^ high[i5]! ^ high[i4]! ^ high[i3]! ^ high[i2]! ^ high[i1]! ^ high[i0]!;
  }
  for (let at = whole; at < bytes.length; at++) {
    const index = (lo ^ bytes[at]!) & 255;
    lo = ((lo >>> 8) | (hi << 24)) ^ low[index]!;
    hi = (hi >>> 8) ^ high[index]!;
  }
  return (BigInt(~hi >>> 0) << 32n) | BigInt(~lo >>> 0);
}

function update32(low: Uint32Array, before: bigint, bytes: Uint8Array): bigint {
  let crc = ~Number(before);
  for (let at = 0; at < bytes.length; at++) crc = (crc >>> 8) ^ low[(crc ^ bytes[at]!) & 255]!;
  return BigInt(~crc >>> 0);
}

/** `polynomial` in reflected form, e.g. 0xedb88320 for CRC-32. */
export function makeCrc(bits: 32 | 64, polynomial: bigint): Crc {
  const tables = tablesOf(polynomial);
  const one = 1n << BigInt(bits - 1);

  const multiply = (a: bigint, b: bigint): bigint => {
    let product = 0n;
    for (let mask = one; mask > 0n && a > 0n; mask >>= 1n) {
      if (a & mask) {
        product ^= b;
        a ^= mask;
      }
      b = b & 1n ? (b >> 1n) ^ polynomial : b >> 1n;
    }
    return product;
  };

  const squares = [one >> 8n];
  const powers = new Map<number, bigint>();
  /** x^(8 * bytes). */
  const shift = (bytes: number): bigint => {
    const known = powers.get(bytes);
    if (known !== undefined) return known;
    let power = one;
    for (let rest = bytes, bit = 0; rest > 0; rest = Math.floor(rest / 2), bit++) {
      if (bit === squares.length) squares.push(multiply(squares[bit - 1]!, squares[bit - 1]!));
      if (rest % 2 === 1) power = multiply(power, squares[bit]!);
    }
    if (powers.size >= POWERS_KEPT) powers.clear();
    powers.set(bytes, power);
    return power;
  };

  const combine = (a: bigint, b: bigint, lengthB: number): bigint => (a === 0n ? b : multiply(shift(lengthB), a) ^ b);

  return {
    bits,
    update: (before, bytes) => (bits === 64 ? update64(tables, before, bytes) : update32(tables.low, before, bytes)),
    combine,
    repeat(crc, length, times) {
      let result = 0n;
      let blockCrc = crc;
      let blockShift = shift(length);
      for (let rest = times; rest > 0; rest = Math.floor(rest / 2)) {
        if (rest % 2 === 1) result = multiply(blockShift, result) ^ blockCrc;
        blockCrc = multiply(blockShift, blockCrc) ^ blockCrc;
        blockShift = multiply(blockShift, blockShift);
      }
      return result;
    },
  };
}

/** CRC-64/XZ, what OSS calls crc64ecma. */
export const CRC64_ECMA = makeCrc(64, 0xc96c5795d7870f42n);
/** CRC-64/NVME, S3's default full-object checksum. */
export const CRC64_NVME = makeCrc(64, 0x9a6c9329ac4bc9b5n);
export const CRC32 = makeCrc(32, 0xedb88320n);
export const CRC32C = makeCrc(32, 0x82f63b78n);
