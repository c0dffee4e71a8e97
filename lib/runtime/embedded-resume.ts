import { forEachLimited } from '../copy/pool.ts';
import type { Job } from '../copy/job.ts';
import type { Invocation, World } from '../copy/ports.ts';
import { sweep } from '../copy/sweep.ts';
import type { SweepReport } from '../copy/sweep.ts';
import type { ProcessRegistry } from '../state/processes.ts';
import type { Driver, Progress, RunOutcome } from './embedded-driver.ts';
import { Interrupted, outcomeOf } from './embedded-driver.ts';

export interface ResumeOptions {
  onProgress?(progress: Progress): void;
  /** After each job. */
  onOutcome?(outcome: ResumeOutcome): void | Promise<void>;
  signal?: AbortSignal;
}

/** How a job that was taken over ended: `result` or `error`. */
export interface ResumeOutcome extends Partial<RunOutcome> {
  job: Job;
  /** CopyError that ended the job, or why it could not be brought to its end now. */
  error?: unknown;
}

export interface ResumeParts {
  world: World;
  driver: Driver;
  processes: ProcessRegistry;
}

const jobsAtOnce = 16;
const pageSize = 1_000;

/**
 * Takes over the unfinished jobs of processes that are gone and brings them to their end.
 *
 * @throws Interrupted; GiveUp StateUnusable.
 */
export async function resumeJobs(parts: ResumeParts, options: ResumeOptions = {}): Promise<ResumeOutcome[]> {
  const outcomes: ResumeOutcome[] = [];
  const seen = new Set<string>();
  for (;;) {
    const ids = parts.processes.orphans(pageSize).filter((id) => !seen.has(id));
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
  { world, driver }: ResumeParts,
  id: string,
  { onProgress, signal }: ResumeOptions,
): Promise<ResumeOutcome | undefined> {
  try {
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
  { world, processes }: Omit<ResumeParts, 'driver'>,
  invocation: Invocation,
): Promise<SweepReport> {
  const due: World['state']['due'] = async (before, limit) => {
    const jobs = await world.state.due(before, limit + pageSize);
    const elsewhere = processes.elsewhere(jobs.map((job) => job.id));
    return jobs.filter((job) => !elsewhere.has(job.id)).slice(0, limit);
  };
  const { state } = world;
  const ours: World = {
    ...world,
    state: {
      create: (job) => state.create(job),
      get: (id) => state.get(id),
      move: (job, change) => state.move(job, change),
      count: (id, parts, attentionAt) => state.count(id, parts, attentionAt),
      list: (query) => state.list(query),
      due,
    },
  };
  return await sweep(ours, invocation);
}
