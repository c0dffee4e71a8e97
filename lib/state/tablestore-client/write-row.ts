import type { Cell } from './cells.ts';
import { changes, crc8, crc8OfByte, header, tags, uint32, valueBytes } from './cells.ts';

export interface RowToWrite {
  key: readonly Cell[];
  cells?: readonly Cell[];
  /** The row is to be deleted. */
  delete?: boolean;
}

/** One row in PlainBuffer: header, key, data, and a checksum over the checksums of the cells. */
export function writeRow({ key, cells = [], delete: deletes = false }: RowToWrite): Buffer {
  const chunks: Uint8Array[] = [uint32(header), Uint8Array.of(tags.key)];
  let checksum = 0;
  const write = (cell: Cell): void => {
    checksum = crc8OfByte(checksum, writeCell(chunks, cell));
  };
  for (const cell of key) write(cell);
  if (cells.length > 0) chunks.push(Uint8Array.of(tags.data));
  for (const cell of cells) write(cell);
  if (deletes) chunks.push(Uint8Array.of(tags.deleteRow));
  checksum = crc8OfByte(checksum, deletes ? 1 : 0);
  chunks.push(Uint8Array.of(tags.rowChecksum, checksum));
  return Buffer.concat(chunks);
}

/** Returns the cell's checksum: over name, value and kind of change. */
function writeCell(chunks: Uint8Array[], { name, value, change }: Cell): number {
  const nameBytes = Buffer.from(name);
  chunks.push(Uint8Array.of(tags.cell, tags.name), uint32(nameBytes.length), nameBytes);
  let checksum = crc8(0, nameBytes);
  if (value !== undefined) {
    const bytes = valueBytes(value);
    chunks.push(Uint8Array.of(tags.value), uint32(bytes.length), bytes);
    checksum = crc8(checksum, bytes);
  }
  if (change !== undefined) {
    chunks.push(Uint8Array.of(tags.change, changes[change]));
    checksum = crc8OfByte(checksum, changes[change]);
  }
  chunks.push(Uint8Array.of(tags.cellChecksum, checksum));
  return checksum;
}
