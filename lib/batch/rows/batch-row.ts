/** The row of a batch: small, coordinates only. The files record what was copied. */
import { GiveUp, RetryLater } from '../../copy/model/errors.ts';
import type { Job, JobChange } from '../../copy/model/job.ts';
import { isFinal } from '../../copy/model/job.ts';
import type { World } from '../../copy/model/ports.ts';
import { move } from '../../copy/row/move.ts';
import type { Tally } from '../model/tally.ts';
import { noTally } from '../model/tally.ts';
import type { WorkFiles, WorkPlace } from '../model/work-files.ts';
import type { BatchWorld } from '../model/world.ts';
import type { BatchRequest } from '../request/request.ts';

/** What a row of a batch holds besides what every row has. */
export interface BatchRow {
  kind: 'batch';
  request: BatchRequest;
  work: WorkPlace;
  /** Every range there is: 0 while it is read, then the number of its pages. */
  ranges: Record<string, number>;
  paused?: boolean;
  /** Whether rows get in each other's way; absent while the source is read, and where they cannot. */
  check?: BatchCheck;
  /** Written as the work goes, best effort: for progress only. The summary adds up the results. */
  live: Live;
  /** The summary is written; a batch that ended owes nothing more. */
  summed?: boolean;
  /** When its files go, epoch milliseconds; absent: they stay. */
  removeAt?: number;
}

/** How far the check of `conflicts/check.ts` is: the step that comes next. `removals` is the only one of a sync before `release`. */
export interface BatchCheck {
  step: 'split' | 'join' | 'release' | 'removals';
  /** Of the groups (split, release) or partitions (join), from 0. */
  next: number;
  /** Pages that are in memory at once, as records. */
  pagesInGroup: number;
  /** Conflicts found so far. */
  found: number;
  /** All pages are released. */
  done?: true;
}

export interface Live {
  /** Objects and pages that were read so far. */
  entries: number;
  pages: number;
  /** Sizes of these objects, as far as the source tells; absent in rows of an earlier version. */
  bytes?: number;
  /** Rows that were passed over while these were read. */
  passedOver?: number;
  /** Of the pages that are finished. */
  tally: Tally;
  /** Answers that said we are too fast. */
  throttled: number;
}

export const noLive: Live = { entries: 0, pages: 0, tally: noTally, throttled: 0 };

/** A batch, as a worker finds it. */
export interface Batch {
  id: string;
  job: Job;
  row: BatchRow;
  request: BatchRequest;
  files: WorkFiles;
}

export function batchRow(job: Job): BatchRow | undefined {
  const row = job.batch as BatchRow | undefined;
  return row?.kind === 'batch' ? row : undefined;
}

export async function findBatch(world: BatchWorld, id: string): Promise<Batch | undefined> {
  const job = await world.state.get(id);
  return job && batchOf(world, job);
}

/** @throws GiveUp NotFound. */
export async function openBatch(world: BatchWorld, id: string): Promise<Batch> {
  const batch = await findBatch(world, id);
  if (batch) return batch;
  throw new GiveUp('NotFound', `There is no batch ${id}: it never was, or its row has expired.`);
}

export function batchOf(world: BatchWorld, job: Job): Batch | undefined {
  const row = batchRow(job);
  return row && { id: job.id, job, row, request: row.request, files: world.files(row.work) };
}

/** Whether its tasks are to be done. */
export function isAtWork({ job, row }: Batch): boolean {
  return !isFinal(job.state) && !row.paused;
}

const tries = 50;

/**
 * Changes a row, again and again until the change lands on what it was decided on. `decide` returns undefined when there is
 * nothing to change (any more).
 *
 * @returns the batch as it stands then; undefined when its row is gone.
 */
export async function changeBatch(
  world: BatchWorld,
  id: string,
  decide: (batch: Batch) => (Omit<JobChange, 'batch'> & { batch?: Partial<BatchRow> }) | undefined,
  from?: Batch,
): Promise<Batch | undefined> {
  let batch = from ?? (await findBatch(world, id));
  for (let n = 1; batch && n <= tries; n += 1) {
    const change = decide(batch);
    if (!change) return batch;
    const { batch: part, ...rest } = change;
    const landed = await move(world, batch.job, { ...rest, ...(part && { batch: { ...batch.row, ...part } }) });
    batch = landed.job && batchOf(world, landed.job);
    if (landed.landed) return batch;
    if (n > 3) await world.clock.sleep(world.random() * 100);
  }
  if (batch) throw new RetryLater(`The row of batch ${id} is changed by too many at once.`, { delayMs: 1000 });
  return undefined;
}

/** Writes that are tried before an addition is dropped: the counts are for progress only. */
const triesOfLive = 4;

/** Adds to the live counts; one that is overtaken again and again is dropped. */
export async function addLive(world: BatchWorld, batch: Batch, add: (live: Live) => Live): Promise<Batch> {
  let now = batch;
  for (let n = 1; n <= triesOfLive; n += 1) {
    const landed = await move(world, now.job, { batch: { ...now.row, live: add(now.row.live) } });
    now = (landed.job && batchOf(world, landed.job)) ?? now;
    if (landed.landed || !landed.job) break;
  }
  return now;
}

/** When the sweep should check a batch that a worker is processing. */
export function nextLook(world: World): number {
  return world.clock.now() + world.settings.staleMs;
}
