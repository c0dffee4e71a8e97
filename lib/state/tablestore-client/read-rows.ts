import type { KeyValue, Value } from './cells.ts';
import { crc8, crc8OfByte, header, highest, kinds, lowest, tags } from './cells.ts';

/** Columns of a row by name, those of its key among them. */
export type Row = Readonly<Record<string, Value | undefined>>;

/** A position in a table or index: the cells of a key in their order. */
export type Key = readonly { name: string; value: KeyValue }[];

/** Rows of an answer; an empty buffer holds none. @throws Error when bytes are missing or a checksum is wrong. */
export function readRows(bytes: Buffer | undefined): Row[] {
  return readAll(bytes).map((cells) => {
    const row: Record<string, Value | undefined> = {};
    for (const { name, value } of cells) {
      if (typeof value === 'symbol') throw new Error(`column ${name} of a row holds no value`);
      row[name] = value;
    }
    return row;
  });
}

/** The key at which the next page of a range begins. @throws Error as `readRows` does. */
export function readKey(bytes: Buffer | undefined): Key | undefined {
  return readAll(bytes)[0];
}

function readAll(bytes: Buffer | undefined): { name: string; value: KeyValue }[][] {
  if (bytes === undefined || bytes.length === 0) return [];
  const reader = new Reader(bytes);
  if (reader.uint32() !== header) throw new Error('a row does not begin with the header of PlainBuffer');
  const rows = [];
  while (!reader.ended) rows.push(readRow(reader));
  return rows;
}

function readRow(reader: Reader): { name: string; value: KeyValue }[] {
  const cells: { name: string; value: KeyValue }[] = [];
  let checksum = 0;
  for (;;) {
    const tag = reader.byte();
    if (tag === tags.cell) {
      const cell = readCell(reader);
      checksum = crc8OfByte(checksum, cell.checksum);
      cells.push({ name: cell.name, value: cell.value });
    } else if (tag === tags.rowChecksum) {
      // No answer holds a row to be deleted.
      if (reader.byte() !== crc8OfByte(checksum, 0)) throw new Error('the checksum of a row is wrong');
      return cells;
    } else if (tag !== tags.key && tag !== tags.data) {
      throw new Error(`a row holds tag ${tag}, where a cell or its end has to be`);
    }
  }
}

function readCell(reader: Reader): { name: string; value: KeyValue; checksum: number } {
  reader.expect(tags.name);
  const nameBytes = reader.take(reader.uint32());
  const name = nameBytes.toString('utf8');
  let checksum = crc8(0, nameBytes);
  reader.expect(tags.value);
  const valueBytes = reader.take(reader.uint32());
  const value = valueOf(valueBytes, name);
  checksum = crc8(checksum, valueBytes);
  let tag = reader.byte();
  if (tag === tags.timestamp) {
    checksum = crc8(checksum, reader.take(8));
    tag = reader.byte();
  }
  if (tag !== tags.cellChecksum || reader.byte() !== checksum)
    throw new Error(`the checksum of column ${name} is wrong`);
  return { name, value, checksum };
}

function valueOf(bytes: Buffer, column: string): KeyValue {
  switch (bytes.readUInt8(0)) {
    case kinds.integer: {
      const value = Number(bytes.readBigInt64LE(1));
      if (!Number.isSafeInteger(value)) throw new Error(`column ${column} holds an integer beyond 53 bits`);
      return value;
    }
    case kinds.double:
      return bytes.readDoubleLE(1);
    case kinds.boolean:
      return bytes.readUInt8(1) === 1;
    case kinds.string:
      return bytes.toString('utf8', 5, 5 + bytes.readUInt32LE(1));
    case kinds.lowest:
      return lowest;
    case kinds.highest:
      return highest;
    default:
      throw new Error(`column ${column} holds a value of kind ${bytes.readUInt8(0)}, which this client does not write`);
  }
}

/** Walks through bytes; every step past their end throws. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get ended(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    return this.take(1).readUInt8(0);
  }

  uint32(): number {
    return this.take(4).readUInt32LE(0);
  }

  expect(tag: number): void {
    const found = this.byte();
    if (found !== tag) throw new Error(`a cell holds tag ${found} where ${tag} has to be`);
  }

  take(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw new Error('a row ends in the middle');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}
