import { forEachLimited } from './model/for-each-limited.ts';
import type { Job } from './model/job.ts';
import { isFinal, requestOf } from './model/job.ts';
import type { CallOptions, Invocation, ObjectStore, World } from './model/ports.ts';
import type { Task } from './model/task.ts';
import { removeOrphans } from './multipart/abort-orphans.ts';
import { isListed, missingParts, ranges, readLedger } from './multipart/list-parts.ts';
import { partCount, partsPerTask } from './plan/plan.ts';
import { askAgain } from './row/end.ts';
import { move, nextLook } from './row/move.ts';

/** What one sweep did. */
export interface SweepReport {
  looked: number;
  /** Jobs that were given their missing tasks again. */
  revived: number;
  /** Final rows whose leftovers were removed. */
  tidied: number;
  /** Looks that failed; they are due again some time later. */
  failed: number;
}

const jobsAtOnce = 8;

/**
 * Checks every job whose row was not written for a while: re-sends the missing tasks of stalled jobs, after
 * asking the store which parts are missing, and tidies up after jobs that ended. Safe to run anywhere, any time, twice.
 */
export async function sweep(
  world: World,
  invocation: Invocation,
  { before = world.clock.now(), limit = 100 }: { before?: number; limit?: number } = {},
): Promise<SweepReport> {
  const report: SweepReport = { looked: 0, revived: 0, tidied: 0, failed: 0 };
  const due = await dueJobs(world, before, limit);
  await forEachLimited(due, jobsAtOnce, async (job) => {
    report.looked += 1;
    try {
      const done = await lookAt(world, job, invocation);
      if (done !== undefined) report[done] += 1;
    } catch (error) {
      // One job's trouble must not keep the sweep from the others, this time or next.
      report.failed += 1;
      world.log.warn('sweep failed on a job', { job: job.id, error: String(error) });
      await postpone(world, job);
    }
  });
  return report;
}

/** The jobs due longest. Batch rows are skipped (lib/batch re-sends their tasks) and do not count against `limit`. */
async function dueJobs(world: World, before: number, limit: number): Promise<Job[]> {
  for (let asked = limit; ; asked *= 2) {
    const due = await world.state.due(before, asked);
    const ours = due.filter((job) => !job.many);
    if (ours.length >= limit || due.length < asked) return ours.slice(0, limit);
  }
}

/** To the end of the line. Best effort: a concurrent write of the row has done as much. */
async function postpone(world: World, job: Job): Promise<void> {
  try {
    await move(world, job, { attentionAt: nextLook(world) });
  } catch (error) {
    world.log.warn('a job could not be postponed', { job: job.id, error: String(error) });
  }
}

/**
 * Looks at one job, whenever it was last touched. `abandoned`: its worker is known to be dead, so its lease is void.
 */
export async function lookAt(
  world: World,
  job: Job,
  invocation: Invocation,
  { abandoned = false }: { abandoned?: boolean } = {},
): Promise<'revived' | 'tidied' | undefined> {
  if (job.many) return undefined;
  const store = world.store(job.store);
  const options = { deadline: invocation.deadline };
  if (isFinal(job.state)) return (await tidy(world, store, job, options)) ? 'tidied' : undefined;
  if (job.state === 'finishing') return await reviveFinish(world, job, abandoned);
  const tasks = job.state === 'planned' ? restartTasks(job) : await missingTasks(world, store, job, options);
  await world.queue.send(tasks.map((task) => ({ ...task, again: true })));
  await world.state.count(job.id, 0, nextLook(world));
  return 'revived';
}

function restartTasks(job: Job): Task[] {
  return [{ kind: 'copy', request: requestOf(job), jobId: job.id }];
}

/** Parts the ledger lacks; a finish when it lacks none, or when the whole upload is gone (finish settles that). */
async function missingTasks(world: World, store: ObjectStore, job: Job, options: CallOptions): Promise<Task[]> {
  const ledger = await readLedger(store, job, options);
  const missing = ledger ? missingParts(ledger, job) : [];
  if (missing.length === 0) return [{ kind: 'finish', jobId: job.id }];
  const { concurrency } = job.options;
  const perTask = partsPerTask(partCount(job.parts ?? []), world.settings, concurrency);
  return ranges(missing, perTask).map((range) => ({
    kind: 'parts',
    jobId: job.id,
    uploadId: job.uploadId ?? '',
    ...range,
    concurrency,
    // Reports of lost tasks never come, so the counter may not reach its goal.
    thenFinish: true,
  }));
}

async function reviveFinish(world: World, job: Job, abandoned: boolean): Promise<'revived' | undefined> {
  const running = job.lease !== undefined && job.lease.until > world.clock.now();
  if (running && !abandoned) return undefined;
  if (running) {
    const freed = await move(world, job, { lease: undefined, attentionAt: nextLook(world) });
    if (!freed.landed) return undefined;
  }
  await world.queue.send([{ kind: 'finish', jobId: job.id, again: true }]);
  await world.state.count(job.id, 0, nextLook(world));
  return 'revived';
}

/** Pays what the end of a job left open: the newer copy, the upload, the uploads of lost Initiates. */
async function tidy(world: World, store: ObjectStore, job: Job, options: CallOptions): Promise<boolean> {
  if (job.againPending) await askAgain(world, job);
  const uploadGone = !job.abortPending || (await confirmAborted(store, job, options));
  const orphansGone = await removeOrphans(world, store, job, options);
  const row = await world.state.get(job.id);
  if (!row || !isFinal(row.state)) return false;
  const later = uploadGone ? world.settings.orphanGraceMs : world.settings.staleMs;
  const now = world.clock.now();
  const isTidy = uploadGone && orphansGone && !row.againPending;
  const tidied = await move(world, row, {
    abortPending: uploadGone ? undefined : row.abortPending,
    intents: orphansGone ? undefined : row.intents,
    attentionAt: isTidy ? undefined : now + later,
    // A row that still owes something must not expire before it is paid.
    expiresAt: isTidy ? row.expiresAt : now + later + world.settings.keepMs,
  });
  return tidied.landed;
}

/** Parts that were in flight during the abort can bring an upload back to life: abort until the store knows nothing of it. */
async function confirmAborted(store: ObjectStore, job: Job, options: CallOptions): Promise<boolean> {
  const ledger = await readLedger(store, job, { ...options, limit: 1 });
  if (!ledger) return true;
  await store.abort(job.destination, job.uploadId ?? '', options);
  return !(await readLedger(store, job, { ...options, limit: 1 })) || !(await isListed(store, job, options));
}
