/** PlainBuffer, written for the twin alone: what it reads was written by a client that it judges. */
import { invalid } from './refusal.ts';

export const infMin = Symbol('INF_MIN');
export const infMax = Symbol('INF_MAX');

/** bigint: INTEGER. number: DOUBLE. */
export type Value = bigint | number | boolean | string | Buffer;
export type Bound = Value | typeof infMin | typeof infMax;

export interface Cell {
  name: string;
  value?: Bound;
  /** 1: delete all versions. 3: delete one version. 4: increment. */
  type?: number;
  timestamp?: bigint;
}

export interface PlainRow {
  key: Cell[];
  cells: Cell[];
  deleted: boolean;
}

function crc(sum: number, bytes: Iterable<number>): number {
  let result = sum;
  for (const byte of bytes) {
    result ^= byte;
    for (let n = 0; n < 8; n += 1) result = (result << 1) ^ (result & 0x80 ? 0x107 : 0);
  }
  return result;
}

/** The rows of a request. @throws Refusal for anything that is not exactly PlainBuffer. */
export function parseRows(bytes: Buffer): PlainRow[] {
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw invalid('PlainBuffer: the row ends too early.');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const byte = (): number => take(1).readUInt8();
  const long = (): number => take(4).readUInt32LE();
  const parseCell = (): { cell: Cell; sum: number } => {
    if (byte() !== 4) throw invalid('PlainBuffer: a cell has no name.');
    const name = take(long());
    const cell: Cell = { name: name.toString() };
    let sum = crc(0, name);
    let stamp: Buffer | undefined;
    for (let tag = byte(); ; tag = byte()) {
      if (tag === 5) {
        const value = take(long());
        cell.value = parseValue(value);
        sum = crc(sum, value);
      } else if (tag === 6) cell.type = byte();
      else if (tag === 7) stamp = take(8);
      else if (tag === 10) break;
      else throw invalid(`PlainBuffer: tag ${tag} inside a cell.`);
    }
    if (stamp) {
      cell.timestamp = stamp.readBigInt64LE();
      sum = crc(sum, stamp);
    }
    if (cell.type !== undefined) sum = crc(sum, [cell.type]);
    if (byte() !== sum) throw invalid(`PlainBuffer: the checksum of cell ${cell.name} is wrong.`);
    return { cell, sum };
  };
  if (long() !== 0x75) throw invalid('PlainBuffer: wrong header.');
  const rows: PlainRow[] = [];
  // The SDK leaves zero bytes behind a key that holds INF_MIN or INF_MAX.
  while (at < bytes.length && !(rows.length > 0 && bytes[at] === 0)) {
    const row: PlainRow = { key: [], cells: [], deleted: false };
    let sum = 0;
    if (byte() !== 1) throw invalid('PlainBuffer: a row does not begin with its key.');
    let into = row.key;
    for (let tag = byte(); tag !== 9; tag = byte()) {
      if (tag === 2) into = row.cells;
      else if (tag === 8) row.deleted = true;
      else if (tag === 3) {
        const { cell, sum: cellSum } = parseCell();
        into.push(cell);
        sum = crc(sum, [cellSum]);
      } else throw invalid(`PlainBuffer: tag ${tag} inside a row.`);
    }
    if (byte() !== crc(sum, [row.deleted ? 1 : 0])) throw invalid('PlainBuffer: the checksum of a row is wrong.');
    rows.push(row);
  }
  return rows;
}

export function parseValue(bytes: Buffer): Bound {
  const body = bytes.subarray(1);
  switch (bytes[0]) {
    case 0:
      return body.readBigInt64LE();
    case 1:
      return body.readDoubleLE();
    case 2:
      return body[0] === 1;
    case 3:
      return body.subarray(4, 4 + body.readUInt32LE()).toString();
    case 7:
      return body.subarray(4, 4 + body.readUInt32LE());
    case 9:
      return infMin;
    case 10:
      return infMax;
    default:
      throw invalid(`PlainBuffer: value of unknown type ${bytes[0]}.`);
  }
}

/** Rows of an answer; every attribute has a timestamp, as the service sends it. */
export function serializeRows(rows: readonly { key: Cell[]; cells?: Cell[] }[]): Buffer {
  if (rows.length === 0) return Buffer.alloc(0);
  const out: number[] = [];
  const push = (bytes: Iterable<number>): void => {
    for (const byte of bytes) out.push(byte);
  };
  const long = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 255);
  push(long(0x75));
  for (const { key, cells = [] } of rows) {
    let rowSum = 0;
    const write = ({ name, value, timestamp }: Cell): void => {
      const nameBytes = Buffer.from(name);
      const valueBytes = serializeValue(value as Bound);
      push([3, 4, ...long(nameBytes.length), ...nameBytes, 5, ...long(valueBytes.length)]);
      push(valueBytes);
      let sum = crc(crc(0, nameBytes), valueBytes);
      if (timestamp !== undefined) {
        const stamp = Buffer.alloc(8);
        stamp.writeBigInt64LE(timestamp);
        push([7, ...stamp]);
        sum = crc(sum, stamp);
      }
      push([10, sum]);
      rowSum = crc(rowSum, [sum]);
    };
    push([1]);
    key.forEach(write);
    if (cells.length > 0) push([2]);
    cells.forEach(write);
    push([9, crc(rowSum, [0])]);
  }
  return Buffer.from(out);
}

function serializeValue(value: Bound): Buffer {
  if (typeof value === 'bigint') {
    const bytes = Buffer.alloc(9);
    bytes.writeBigInt64LE(value, 1);
    return bytes;
  }
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9, 1);
    bytes.writeDoubleLE(value, 1);
    return bytes;
  }
  if (typeof value === 'boolean') return Buffer.from([2, Number(value)]);
  if (typeof value === 'symbol') return Buffer.from([value === infMin ? 9 : 10]);
  const body = Buffer.from(value as string);
  const head = Buffer.alloc(5, typeof value === 'string' ? 3 : 7);
  head.writeUInt32LE(body.length, 1);
  return Buffer.concat([head, body]);
}

/** The order of keys: INF_MIN, values of one type, INF_MAX; text by its bytes. */
export function compareBounds(a: Bound, b: Bound): number {
  if (a === b) return 0;
  if (a === infMin || b === infMax) return -1;
  if (a === infMax || b === infMin) return 1;
  if (typeof a === 'bigint' && typeof b === 'bigint') return a < b ? -1 : 1;
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  if (Buffer.isBuffer(a) && Buffer.isBuffer(b)) return Buffer.compare(a, b);
  if (typeof a === typeof b) return Number(a) < Number(b) ? -1 : 1;
  throw invalid('Two values of different types were compared.');
}
