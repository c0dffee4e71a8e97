import type { BatchMode } from '../request/request.ts';
import type { RowRecord } from './records.ts';
import { byObject } from './records.ts';

/**
 * - `same-destination`: two rows write one object; whichever came last would destroy what the other wrote.
 * - `other-source`: the row writes what another row still has to read.
 * - `same-source`: two rows of a rename want one object in two places.
 * - `repeated`: an earlier row says exactly the same, and does it.
 */
export type ConflictKind = 'same-destination' | 'other-source' | 'same-source' | 'repeated';

/** Why one row is not done, and which other row is the reason. */
export interface Conflict {
  page: number;
  index: number;
  kind: ConflictKind;
  other: { page: number; index: number; line: number };
}

/**
 * The rows that get in each other's way (I3): no object that one row wrote, and no source that one row still has to read, is
 * overwritten by another. All rows of a conflict are named, for none of two contents is the right one; but of a chain
 * (a to b, b to c) only the row that would overwrite: it can be done once the other is.
 *
 * @param records all records of some objects.
 */
export function* findConflicts(records: Buffer, mode: BatchMode): Generator<Conflict> {
  for (const group of byObject(records)) {
    const writers = group.filter(({ writes }) => writes);
    const readers = group.filter(({ writes }) => !writes);
    yield* repeatedOf(writers);
    yield* rivals(writers, 'same-destination');
    if (mode === 'rename') yield* rivals(readers, 'same-source');
    for (const writer of writers) {
      const reader = readers.find(({ row }) => row !== writer.row);
      if (reader) yield conflict(writer, 'other-source', reader);
    }
  }
}

function* repeatedOf(writers: RowRecord[]): Generator<Conflict> {
  const first = new Map<string, RowRecord>();
  for (const writer of writers) {
    const before = first.get(writer.row);
    if (before) yield conflict(writer, 'repeated', before);
    else first.set(writer.row, writer);
  }
}

function* rivals(rows: RowRecord[], kind: ConflictKind): Generator<Conflict> {
  const [first] = rows;
  const second = rows.find(({ row }) => row !== first?.row);
  if (!first || !second) return;
  for (const row of rows) yield conflict(row, kind, row.row === first.row ? second : first);
}

function conflict({ page, index }: RowRecord, kind: ConflictKind, other: RowRecord): Conflict {
  return { page, index, kind, other: { page: other.page, index: other.index, line: other.line } };
}
