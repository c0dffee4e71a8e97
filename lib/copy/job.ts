/**
 * A copy job: one object to one destination, as the state table keeps it.
 *
 *   (absent) -> planned -> copying -> finishing -> done
 *                  \          \           \
 *                   `----------`-----------`---> failed | superseded | cancelled
 *
 * A journaled small copy goes planned -> finishing -> done: it has no parts. A lease that ran out may be taken over:
 * finishing -> finishing. A planned row may be planned again when another start tries.
 */
import type { ObjectRef, StoreAddress } from './object.ts';
import type { CopyOptions, CopyRequest, Mode } from './request.ts';
import type { CopyResult } from './result.ts';
import type { PartRun } from './plan.ts';

export type JobState = 'planned' | 'copying' | 'finishing' | 'done' | 'failed' | 'superseded' | 'cancelled';

export const finalStates: readonly JobState[] = ['done', 'failed', 'superseded', 'cancelled'];

/** The legal moves; everything else is a bug in the engine. */
const moves: Record<JobState, readonly JobState[]> = {
  planned: ['planned', 'copying', 'finishing', 'failed', 'superseded', 'cancelled'],
  copying: ['copying', 'finishing', 'failed', 'superseded', 'cancelled'],
  finishing: ['finishing', 'done', 'failed', 'superseded', 'cancelled'],
  // A final row may still be tidied (upload aborted, orphans removed), never revived.
  done: ['done'],
  failed: ['failed'],
  superseded: ['superseded'],
  cancelled: ['cancelled'],
};

export function isLegalMove(from: JobState, to: JobState): boolean {
  return moves[from].includes(to);
}

export function isFinal(state: JobState): boolean {
  return finalStates.includes(state);
}

/** The version of the source that this job copies, and no other (I1). */
export interface Pin {
  etag: string;
  size: number;
  lastModified: number;
  versionId?: string;
}

/** Kept in the row so that people can read why. */
export interface Reason {
  code: string;
  message: string;
}

export interface Job {
  id: string;
  /** Counts the moves; the condition of every move. */
  revision: number;
  state: JobState;
  mode: Mode;
  store: StoreAddress;
  source: ObjectRef;
  destination: ObjectRef;
  options: CopyOptions;
  labels?: Record<string, string>;
  idempotencyKey?: string;
  pin?: Pin;
  /** Part layout as runs of equal sizes; absent for a one-call copy. */
  parts?: PartRun[];
  /** The attached upload; the fence against late tasks of another one. */
  uploadId?: string;
  /**
   * Times at which an Initiate was sent whose upload may stand unattached. The sweep looks for those uploads, aborts what
   * is provably ours and empties the list.
   */
  intents?: number[];
  /** Parts reported; a hint that may over-count, never under-count. */
  partsDone: number;
  lease?: { holder: string; until: number };
  result?: CopyResult;
  reason?: Reason;
  /** An upload that must still be aborted after the job became final. */
  abortPending?: boolean;
  createdAt: number;
  updatedAt: number;
  /** When the sweep should look; absent when nothing is left to do. */
  attentionAt?: number;
  /** When the row may be deleted. */
  expiresAt?: number;
}

export type JobChange = Partial<Omit<Job, 'id' | 'revision' | 'updatedAt' | 'createdAt' | 'partsDone'>>;

/** The request that a row came from, to start it again. */
export function requestOf(job: Job): CopyRequest {
  const { mode, store, source, destination, options, labels, idempotencyKey } = job;
  return { mode, store, source, destination, options, labels, idempotencyKey, journal: true };
}
