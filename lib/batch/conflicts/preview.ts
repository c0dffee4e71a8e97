import type { PageEntry } from '../files/page-file.ts';
import type { BatchRequest } from '../request/request.ts';
import type { ConflictKind } from './find.ts';
import { findConflicts } from './find.ts';
import { recordsOf } from './records.ts';
import { conflictText, verdictsOf } from './verdict.ts';

/** Rows that a dry run compares with each other: 80 MB of records. */
const rowsAtMost = 1_000_000;
const rowsInPage = 1_000;
const examplesShown = 5;

/** The conflicts that a run would find among the rows that were read. */
export interface ConflictPreview {
  /** Rows that were compared with each other. */
  rows: number;
  /** The source has more rows than were compared. */
  more: boolean;
  /** Rows that would not be done, by why; `repeated` rows are done once. */
  counts: Partial<Record<ConflictKind, number>>;
  examples: { line?: number; source: { bucket: string; key: string }; why: string }[];
}

/** Finds what the check of a run would find, in memory. Its rows are read a second time only for the examples. */
export async function previewConflicts(
  request: BatchRequest,
  read: () => AsyncIterable<PageEntry>,
): Promise<ConflictPreview> {
  const records: Buffer[] = [];
  let rows = 0;
  let more = false;
  for await (const entry of read()) {
    more = rows === rowsAtMost;
    if (more) break;
    records.push(recordsOf(entry, Math.floor(rows / rowsInPage), rows % rowsInPage));
    rows += 1;
  }
  const pages = Array.from({ length: Math.ceil(rows / rowsInPage) }, (_, n) => String(n));
  const verdicts = verdictsOf([...findConflicts(Buffer.concat(records), request.mode)], pages);
  const counts: ConflictPreview['counts'] = {};
  for (const { kind } of [...verdicts.values()].flat()) counts[kind] = (counts[kind] ?? 0) + 1;
  const examples: ConflictPreview['examples'] = [];
  let n = 0;
  if (verdicts.size > 0)
    for await (const entry of read()) {
      const verdict = verdicts.get(String(Math.floor(n / rowsInPage)))?.find(({ index }) => index === n % rowsInPage);
      n += 1;
      if (!verdict) continue;
      const { line, bucket, key } = entry;
      examples.push({
        ...(line !== undefined && { line }),
        source: { bucket, key },
        why: conflictText(request, entry, verdict),
      });
      if (examples.length === examplesShown) break;
    }
  return { rows, more, counts, examples };
}
