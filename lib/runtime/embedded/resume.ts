import type { BatchView } from '../../batch/index.ts';
import { batchRow } from '../../batch/index.ts';
import { forEachLimited } from '../../copy/model/for-each-limited.ts';
import type { Job } from '../../copy/model/job.ts';
import { isFinal } from '../../copy/model/job.ts';
import type { Invocation, StateTable, World } from '../../copy/model/ports.ts';
import type { SweepReport } from '../../copy/sweep.ts';
import { sweep } from '../../copy/sweep.ts';
import type { ProcessRegistry } from '../../state/processes.ts';
import type { Driver, Progress, RunOutcome } from './driver.ts';
import { Interrupted, outcomeOf } from './driver.ts';

export interface ResumeOptions {
  /** These alone, also when another process works on them; default: all that `interruptedJobs` finds. */
  ids?: readonly string[];
  onProgress?(progress: Progress): void;
  /** After each job. */
  onOutcome?(outcome: ResumeOutcome): void | Promise<void>;
  signal?: AbortSignal;
}

/** How a job that was taken over ended: `result` or `error`. */
export interface ResumeOutcome extends Partial<RunOutcome> {
  job: Job;
  /** How a batch that was taken over ended. */
  batch?: BatchView;
  /** CopyError that ended the job, or why it could not be brought to its end now. */
  error?: unknown;
}

export interface ResumeParts {
  world: World;
  driver: Driver;
  processes: ProcessRegistry;
  runBatch(id: string, watch: { signal?: AbortSignal }): Promise<BatchView>;
}

const jobsAtOnce = 16;
const orphansAtMost = 100_000;
const pageSize = 1_000;

/**
 * The unfinished jobs and batches that no living process works on, oldest first. Left out are batches that are paused, and
 * large objects of an unfinished batch, which that batch takes care of.
 */
export async function interruptedJobs({ world, processes }: Pick<ResumeParts, 'world' | 'processes'>): Promise<Job[]> {
  const found: Job[] = [];
  const batches = new Map<string, boolean>();
  for (const id of processes.orphans(orphansAtMost)) {
    const job = await world.state.get(id);
    if (!job || isFinal(job.state) || batchRow(job)?.paused) continue;
    const batchId = job.labels?.['batch'];
    if (batchId !== undefined && batchId !== id) {
      let isOpen = batches.get(batchId);
      if (isOpen === undefined) batches.set(batchId, (isOpen = await isOpenBatch(world.state, batchId)));
      if (isOpen) continue;
    }
    found.push(job);
  }
  return found;
}

async function isOpenBatch(state: StateTable, id: string): Promise<boolean> {
  const batch = await state.get(id);
  return batch !== undefined && !isFinal(batch.state);
}

/**
 * Takes over unfinished jobs and batches of processes that are gone and brings them to their end.
 *
 * @throws Interrupted; GiveUp StateUnusable.
 */
export async function resumeJobs(parts: ResumeParts, options: ResumeOptions = {}): Promise<ResumeOutcome[]> {
  const outcomes: ResumeOutcome[] = [];
  const seen = new Set<string>();
  for (;;) {
    const listed = options.ids ?? (await interruptedJobs(parts)).map((job) => job.id);
    const ids = listed.filter((id) => !seen.has(id));
    if (ids.length === 0) return outcomes;
    ids.forEach((id) => seen.add(id));
    await forEachLimited(ids, jobsAtOnce, async (id) => {
      if (options.signal?.aborted) throw new Interrupted(id);
      const outcome = await resumeJob(parts, id, options);
      if (!outcome) return;
      outcomes.push(outcome);
      await options.onOutcome?.(outcome);
    });
  }
}

async function resumeJob(
  { world, driver, runBatch }: ResumeParts,
  id: string,
  { onProgress, signal }: ResumeOptions,
): Promise<ResumeOutcome | undefined> {
  const found = await world.state.get(id);
  try {
    if (found && batchRow(found)) {
      const batch = await runBatch(id, { signal });
      return { batch, job: (await world.state.get(id)) ?? found };
    }
    const job = await driver.drive(id, { onProgress, signal });
    try {
      return { ...outcomeOf(job), job };
    } catch (error) {
      return { job, error };
    }
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    const job = await world.state.get(id);
    return job && { job, error };
  }
}

/**
 * One sweep over everything that is due, but for the jobs that another living process drives: that one looks after them.
 */
export async function sweepAll(
  parts: Pick<ResumeParts, 'world' | 'processes'>,
  invocation: Invocation,
): Promise<SweepReport> {
  return await sweep({ ...parts.world, state: dueHere(parts) }, invocation);
}

/** The state table, where what another living process drives is not due. */
export function dueHere({ world, processes }: Pick<ResumeParts, 'world' | 'processes'>): StateTable {
  const { state } = world;
  return {
    create: (job) => state.create(job),
    get: (id) => state.get(id),
    move: (job, change) => state.move(job, change),
    count: (id, parts, attentionAt) => state.count(id, parts, attentionAt),
    list: (query) => state.list(query),
    due: async (before, limit) => {
      const jobs = await state.due(before, limit + pageSize);
      const elsewhere = processes.elsewhere(jobs.map((job) => job.id));
      return jobs.filter((job) => !elsewhere.has(job.id)).slice(0, limit);
    },
  };
}
