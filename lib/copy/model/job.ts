/**
 * A copy job: one object to one destination, as the state table keeps it.
 *
 *   (absent) -> planned -> copying -> finishing -> done
 *                  \          \           \
 *                   `----------`-----------`---> failed | superseded | cancelled
 *
 * A journaled small copy goes planned -> done: it has no parts, and doing it twice is harmless. A lease that ran out may be
 * taken over: finishing -> finishing. A job whose upload vanished (another client aborted it) goes back to planned. A final row
 * may be planned anew when the same copy is asked for again: same id, next revision, another upload.
 */
import { createHash } from 'node:crypto';
import type { Checksum, KeptChecksum, ObjectHead, ObjectRef, StoreAddress, Acl, Due } from './object.ts';
import type { CopyOptions, CopyRequest, Mode } from './request.ts';
import type { CopyResult, FidelityLoss } from './result.ts';

export type JobState = 'planned' | 'copying' | 'finishing' | 'done' | 'failed' | 'superseded' | 'cancelled';

export const finalStates: readonly JobState[] = ['done', 'failed', 'superseded', 'cancelled'];

/** The legal moves; everything else is a bug in the engine. */
const moves: Record<JobState, readonly JobState[]> = {
  planned: ['planned', 'copying', 'done', 'failed', 'superseded', 'cancelled'],
  copying: ['copying', 'planned', 'finishing', 'failed', 'superseded', 'cancelled'],
  finishing: ['finishing', 'planned', 'done', 'failed', 'superseded', 'cancelled'],
  // A final row may still be tidied (upload aborted, orphans removed), or start over from the beginning.
  done: ['done', 'planned'],
  failed: ['failed', 'planned'],
  superseded: ['superseded', 'planned'],
  cancelled: ['cancelled', 'planned'],
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
  crc64?: string;
  checksum?: Checksum;
  /** Digest of headers and user metadata: all that tells two writes of the same bytes within one second apart. */
  attributes?: string;
}

export function pinOf(head: ObjectHead): Pin {
  const { etag, size, lastModified, versionId, crc64, checksum } = head;
  return { etag, size, lastModified, versionId, crc64, checksum, attributes: attributesOf(head) };
}

function attributesOf({ content, userMetadata }: ObjectHead): string {
  return digestOf(content, userMetadata);
}

/** Short digest of records of text, in whatever order their fields come. */
export function digestOf(...records: object[]): string {
  const sorted = records.map((record) => Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('base64url').slice(0, 16);
}

/** Whether HEAD still shows the pinned version; stores that ignore the condition on parts make this look necessary (I1). */
export function isPinned(pin: Pin, head: ObjectHead): boolean {
  return (
    pin.etag === head.etag &&
    pin.size === head.size &&
    pin.lastModified === head.lastModified &&
    pin.versionId === head.versionId &&
    (pin.attributes === undefined || pin.attributes === attributesOf(head))
  );
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
  /** Digest of the user metadata written to the copy. Distinguishes our copy from another object with the same bytes once the source is gone. */
  given?: string;
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
  /** Value of `partsDone` when this incarnation of the job began; late reports of an earlier one only over-count. */
  partsBase?: number;
  /** How often the job began again because its upload vanished. */
  restarts?: number;
  /** The row stands for many objects, each with a job of its own; its writer continues it, the engine does not. */
  many?: true;
  /** What `lib/batch` keeps in a row for many objects; the engine carries it and does not look inside. */
  batch?: object;
  /** The destination's ACL; read before Initiate, for a metadata change replaces the object that it was read from. */
  acl?: AclPlan;
  /** The destination's tags, of the pinned version like the ACL. */
  tags?: Record<string, string>;
  /** Metadata changes: the tags that the object had before it was written; with `tags` and `acl` all that a crash could lose. */
  tagsBefore?: Record<string, string>;
  /** Metadata changes: what went with the write, to be compared by the next worker. */
  due?: Due;
  /** What the upload keeps over its parts; its Complete names the checksums of the parts where it is of them. */
  checksum?: KeptChecksum;
  /** The source's annotations when the upload began: how many, and what cannot be kept of them. */
  annotations?: { count: number; lost: FidelityLoss[] };
  /** The source was archived when the job was planned: since when its restore is waited for, epoch milliseconds. */
  restoringSince?: number;
  /** ETag that Complete must give, where the store's formula is known; written with the lease, for those who settle later. */
  expectedEtag?: string;
  /** Who the store says starts our uploads; tells our orphans from strangers'. */
  initiator?: string;
  lease?: { holder: string; until: number };
  result?: CopyResult;
  reason?: Reason;
  /** An upload that must still be aborted after the job became final. */
  abortPending?: boolean;
  /** A newer source is still to be asked for; written with the end of the job, so that no crash loses it. */
  againPending?: boolean;
  createdAt: number;
  updatedAt: number;
  /** When the sweep should look; absent when nothing is left to do. */
  attentionAt?: number;
  /** When the row may be deleted. */
  expiresAt?: number;
}

/** With no source to compare with, the metadata is all that tells two objects of equal bytes apart. */
export function isGiven({ given }: Job, found: ObjectHead): boolean {
  return given === undefined || given === digestOf(found.userMetadata);
}

export type JobChange = Partial<Omit<Job, 'id' | 'revision' | 'updatedAt' | 'createdAt' | 'partsDone'>>;

/** The request that a row came from, to start it again. */
export function requestOf(job: Job): CopyRequest {
  const { mode, store, source, destination, options, labels, idempotencyKey } = job;
  return { mode, store, source, destination, options, labels, idempotencyKey, journal: true };
}

/** What to do about the destination's ACL. */
export interface AclPlan {
  /** Send this canned ACL with the write. */
  canned?: string;
  /** ACL document to write after the copy; no canned ACL expresses it. */
  document?: Acl;
  lost: FidelityLoss[];
}

/** A run of consecutive parts of one size, bytes. A layout is a short list of runs, so a row stays small at 10,000 parts. */
export interface PartRun {
  size: number;
  count: number;
}

/** `done`: it is copied (or there was nothing to do). `job`: its tasks are on their way, the row tells how it goes. */
export type StartOutcome = { kind: 'done'; result: CopyResult; job?: Job } | { kind: 'job'; job: Job };
