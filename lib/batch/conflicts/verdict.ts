/** What a conflict means for a row: its line in the results. */
import { describe } from '../../copy/model/object.ts';
import type { PageEntry } from '../files/page-file.ts';
import type { ResultLine } from '../files/result-file.ts';
import { namesOf } from '../files/result-file.ts';
import type { BatchRequest } from '../request/request.ts';
import type { Conflict, ConflictKind } from './find.ts';

/** Of one row, as it is kept until its page is worked on. */
export interface Verdict {
  index: number;
  kind: ConflictKind;
  /** The other row: its line in the list, or else its page and place. */
  other: { line?: number; page: string; index: number };
}

/** A row may be in several conflicts; one that stops it goes before the remark that it is listed twice. */
export function verdictsOf(conflicts: readonly Conflict[], pages: readonly string[]): Map<string, Verdict[]> {
  const chosen = new Map<string, Conflict>();
  for (const conflict of conflicts) {
    const name = `${conflict.page}/${conflict.index}`;
    const before = chosen.get(name);
    if (!before || before.kind === 'repeated') chosen.set(name, conflict);
  }
  const verdicts = new Map<string, Verdict[]>();
  for (const { page, index, kind, other } of chosen.values()) {
    const id = pages[page] ?? '';
    const { line } = other;
    const verdict = {
      index,
      kind,
      other: { ...(line > 0 && { line }), page: pages[other.page] ?? '', index: other.index },
    };
    verdicts.set(id, [...(verdicts.get(id) ?? []), verdict]);
  }
  return verdicts;
}

export function lineOfVerdict(request: Pick<BatchRequest, 'store'>, entry: PageEntry, verdict: Verdict): ResultLine {
  const { kind, other } = verdict;
  const line = { ...namesOf(entry), size: entry.size, otherRow: other };
  if (kind === 'repeated') return { ...line, status: 'repeated' };
  return { ...line, status: 'failed', error: { code: 'RowConflict', message: conflictText(request, entry, verdict) } };
}

/** What is wrong, and what to do. */
export function conflictText({ store }: Pick<BatchRequest, 'store'>, entry: PageEntry, verdict: Verdict): string {
  const other = nameOfRow(verdict.other);
  const destination = describe(store, entry.destination);
  switch (verdict.kind) {
    case 'same-destination':
      return `${other} also writes ${destination}, so neither was done. Give each row a destination of its own.`;
    case 'other-source':
      return (
        `${destination} is the source of ${other.charAt(0).toLowerCase()}${other.slice(1)}, so it was not overwritten. ` +
        'When that row is done, retry this one; rows that swap objects need a third name.'
      );
    case 'same-source':
      return `${other} moves ${describe(store, entry)} to another place, so neither was done. Move it once, or copy it.`;
    case 'repeated':
      return `${other} says the same and does it.`;
  }
}

/** `line 7`, or for a source without lines `object 3 of page 0-000001`. */
function nameOfRow({ line, page, index }: Verdict['other']): string {
  return line === undefined ? `Object ${index + 1} of page ${page}` : `Line ${line} of the list`;
}
