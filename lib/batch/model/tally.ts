/** What became of many objects, as numbers that can be added up. */

/**
 * - `copied`, `renamed`: as asked, just now (or by an earlier delivery of the same page).
 * - `unchanged`: the destination already was as asked.
 * - `skipped`: not asked for after all: it may not be overwritten, its tags do not fit, the batch was cancelled before.
 * - `removed`: its source is gone, and the replica followed. Reconcile only.
 * - `failed`: `error` says why.
 * - `repeated`: an earlier row of the list says exactly the same, and counts.
 * - `same`, `different`, `undecided`: verify and reconcile only. Undecided: what the stores tell neither proves nor disproves
 *   that the bytes are equal.
 */
export const statuses = [
  'copied',
  'renamed',
  'unchanged',
  'skipped',
  'removed',
  'failed',
  'repeated',
  'same',
  'different',
  'undecided',
] as const;
export type Status = (typeof statuses)[number];

export interface Tally {
  /** Sum of `counts`. */
  entries: number;
  counts: Partial<Record<Status, number>>;
  /** Of the objects copied or renamed. */
  bytes: number;
  /** Of them, bytes that crossed from one region to another, by the way: `eu-west-1 -> us-east-1`. */
  transfers?: Record<string, number>;
  /** By error code. */
  failures: Record<string, number>;
  /** Objects that lost something, by what: `tags`, `metadata:NAME`. */
  losses: Record<string, number>;
  /** Of verify: objects that differ, by what. Of reconcile: also those that were repaired. */
  differences: Record<string, number>;
  /** Of a deep verify: bytes that were read, of both sides together. */
  bytesRead?: number;
  /** Malformed rows of the source. */
  rejected: number;
  /** Rows of the source that are not for copying, by why. */
  passedOver: Record<string, number>;
  /**
   * Requests to the store for these objects, by operation, retries included: those of every delivery that came to write down
   * what it did, and what the jobs of large objects take when nothing goes wrong. Neither listings nor the work folder.
   */
  calls: Record<string, number>;
}

export const noTally: Tally = {
  entries: 0,
  counts: {},
  bytes: 0,
  failures: {},
  losses: {},
  differences: {},
  rejected: 0,
  passedOver: {},
  calls: {},
};

export function addTallies(a: Tally, b: Tally): Tally {
  return {
    entries: a.entries + b.entries,
    counts: addRecords(a.counts, b.counts),
    bytes: a.bytes + b.bytes,
    ...((a.transfers ?? b.transfers) && { transfers: addRecords(a.transfers ?? {}, b.transfers ?? {}) }),
    failures: addRecords(a.failures, b.failures),
    losses: addRecords(a.losses, b.losses),
    differences: addRecords(a.differences, b.differences),
    ...((a.bytesRead ?? b.bytesRead) !== undefined && { bytesRead: (a.bytesRead ?? 0) + (b.bytesRead ?? 0) }),
    rejected: a.rejected + b.rejected,
    passedOver: addRecords(a.passedOver, b.passedOver),
    // Results of an earlier version have none.
    calls: addRecords(a.calls ?? {}, b.calls ?? {}),
  };
}

export function addRecords<T extends Partial<Record<string, number>>>(a: T, b: T): T {
  const sum: Partial<Record<string, number>> = { ...a };
  for (const [name, count] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + (count ?? 0);
  return sum as T;
}
