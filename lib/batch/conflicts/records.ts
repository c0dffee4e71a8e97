/** What one row reads and writes, as records of equal length that can be sorted without the keys themselves. */
import { hash } from 'node:crypto';
import type { PageEntry } from '../files/page-file.ts';

/**
 * 40 bytes:
 *   0  16  the object: truncated SHA-256 of bucket and key. Among 10^9 objects two share it with a chance of 10^-21.
 *  16   4  page, by its place among the batch's pages
 *  20   2  place in the page
 *  22   1  1 when the row writes the object, 0 when it reads it
 *  24   6  line of the list; 0 when the source has none
 *  32   8  the row: truncated SHA-256 of source, destination and options. Equal for a row that is listed twice.
 */
const recordBytes = 40;
const objectBytes = 16;

export interface RowRecord {
  /** Hexadecimal. */
  row: string;
  page: number;
  index: number;
  line: number;
  writes: boolean;
}

/** The two records of a row; one for a row that has nowhere to go, which still keeps its source from being overwritten. */
export function recordsOf(entry: PageEntry, page: number, index: number): Buffer {
  const { bucket, key, versionId, destination, options, error, line = 0 } = entry;
  const row = digest(JSON.stringify([bucket, key, versionId, destination, options])).subarray(0, 8);
  const records = Buffer.alloc(error ? recordBytes : 2 * recordBytes);
  const write = (at: number, object: { bucket: string; key: string }, writes: boolean): void => {
    digest(`${object.bucket}\0${object.key}`).copy(records, at, 0, objectBytes);
    records.writeUInt32BE(page, at + 16);
    records.writeUInt16BE(index, at + 20);
    records.writeUInt8(writes ? 1 : 0, at + 22);
    records.writeUIntBE(line, at + 24, 6);
    row.copy(records, at + 32);
  };
  write(0, { bucket, key }, false);
  if (!error) write(recordBytes, destination, true);
  return records;
}

/** The records of each partition, in their order: all records of one object are in the same. */
export function partitioned(records: Buffer, partitions: number): Buffer[] {
  const partitionAt = (at: number) => records.readUInt32BE(at) % partitions;
  const counts = new Uint32Array(partitions);
  for (let at = 0; at < records.length; at += recordBytes) counts[partitionAt(at)]! += 1;
  const parts = Array.from(counts, (count) => Buffer.alloc(count * recordBytes));
  const ends = new Uint32Array(partitions);
  for (let at = 0; at < records.length; at += recordBytes) {
    const partition = partitionAt(at);
    records.copy(parts[partition]!, ends[partition]!, at, at + recordBytes);
    ends[partition]! += recordBytes;
  }
  return parts;
}

/** The records, object by object; those of one object in the order of their rows. */
export function* byObject(records: Buffer): Generator<RowRecord[]> {
  const order = Uint32Array.from({ length: records.length / recordBytes }, (_, n) => n * recordBytes);
  order.sort((a, b) => records.compare(records, b, b + 23, a, a + 23));
  let group: RowRecord[] = [];
  let first = -1;
  for (const at of order) {
    const same = first >= 0 && records.compare(records, at, at + objectBytes, first, first + objectBytes) === 0;
    if (!same) {
      if (group.length > 1) yield group;
      group = [];
      first = at;
    }
    group.push({
      page: records.readUInt32BE(at + 16),
      index: records.readUInt16BE(at + 20),
      writes: records.readUInt8(at + 22) === 1,
      line: records.readUIntBE(at + 24, 6),
      row: records.toString('hex', at + 32, at + 40),
    });
  }
  if (group.length > 1) yield group;
}

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
