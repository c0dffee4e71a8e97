/** Rows as Tablestore sends them inside its messages: the constants of PlainBuffer, its values and its checksum. */

/** What a column holds. A number is an INTEGER (64 bits); only safe integers are written. */
export type Value = string | number | boolean;

/** Ends of a range of keys: before and after every value. */
export const lowest = Symbol('lowest');
export const highest = Symbol('highest');

export type KeyValue = Value | typeof lowest | typeof highest;

export interface Cell {
  name: string;
  /** Absent where `change` is `remove`. */
  value?: KeyValue;
  /** In a row that is updated; absent where the value is to be written. */
  change?: 'remove' | 'increment';
}

export const header = 0x75;
export const tags = {
  key: 1,
  data: 2,
  cell: 3,
  name: 4,
  value: 5,
  change: 6,
  timestamp: 7,
  deleteRow: 8,
  rowChecksum: 9,
  cellChecksum: 10,
} as const;
export const changes = { remove: 1, increment: 4 } as const;
export const kinds = { integer: 0, double: 1, boolean: 2, string: 3, lowest: 9, highest: 10 } as const;

const crcOfByte = Uint8Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 128 ? ((crc << 1) ^ 7) & 255 : (crc << 1) & 255;
  return crc;
});

/** CRC-8 (polynomial 7) of some bytes, continued from `crc`. */
export function crc8(crc: number, bytes: Uint8Array): number {
  let sum = crc;
  for (const byte of bytes) sum = crcOfByte[sum ^ byte] ?? 0;
  return sum;
}

export function crc8OfByte(crc: number, byte: number): number {
  return crcOfByte[crc ^ byte] ?? 0;
}

/** A value with its kind, as cells and conditions carry it. @throws RangeError for a number that is no safe integer. */
export function valueBytes(value: KeyValue): Buffer {
  if (value === lowest) return Buffer.of(kinds.lowest);
  if (value === highest) return Buffer.of(kinds.highest);
  if (typeof value === 'boolean') return Buffer.of(kinds.boolean, value ? 1 : 0);
  if (typeof value === 'string') {
    const text = Buffer.from(value);
    return Buffer.concat([Buffer.of(kinds.string), uint32(text.length), text]);
  }
  if (!Number.isSafeInteger(value)) throw new RangeError(`column value ${String(value)} is no safe integer`);
  const bytes = Buffer.alloc(9);
  bytes.writeUInt8(kinds.integer, 0);
  bytes.writeBigInt64LE(BigInt(value), 1);
  return bytes;
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
