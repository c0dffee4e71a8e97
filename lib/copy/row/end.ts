import { currentVersion } from '../after/recheck-source.ts';
import type { CopyError } from '../model/errors.ts';
import { Superseded, GiveUp, SourceChanged, endsJob } from '../model/errors.ts';
import type { Reason, Job, JobState } from '../model/job.ts';
import { requestOf, isFinal } from '../model/job.ts';
import type { World, Landed } from '../model/ports.ts';
import { move, nextLook } from './move.ts';

export function reasonOf(error: CopyError): Reason {
  return { code: error.code, message: error.message };
}

/** The error that a final row stands for. */
export function errorOf(job: Job): CopyError {
  const message = job.reason?.message ?? `job ${job.id} is ${job.state}`;
  if (job.state === 'superseded') return new Superseded(message);
  if (job.state === 'cancelled') return new GiveUp('Cancelled', message);
  if (job.reason?.code === 'SourceChanged') return new SourceChanged(message);
  return new GiveUp((job.reason?.code ?? 'VerificationFailed') as GiveUp['code'], message);
}

/**
 * Ends a job without success. The reason and all that is still to do are stored first, the upload is aborted after, so that
 * a crash in between leaves a row that the sweep can clean up. Does nothing when another worker has moved the row on.
 *
 * `again`: ask for another copy of whatever the source is now.
 */
export async function end(
  world: World,
  job: Job,
  state: Extract<JobState, 'failed' | 'superseded' | 'cancelled'>,
  reason: Reason,
  again = false,
): Promise<Landed> {
  const hasUpload = job.uploadId !== undefined;
  const hasLeftovers = hasUpload || again || (job.intents?.length ?? 0) > 0;
  const ended = await move(world, job, {
    state,
    reason,
    lease: undefined,
    abortPending: hasUpload || undefined,
    againPending: again || undefined,
    attentionAt: hasLeftovers ? nextLook(world) : undefined,
    expiresAt: world.clock.now() + world.settings.keepMs,
  });
  if (!ended.landed || !ended.job) return ended;
  if (again) await askAgain(world, ended.job);
  await abortOwn(world, job);
  return ended;
}

/**
 * Aborts the upload of a job that has ended. The row says `abortPending`: where this fails the sweep tries again, and it looks
 * whether late parts have come back to life.
 */
export async function abortOwn(world: World, job: Job): Promise<void> {
  if (job.uploadId === undefined) return;
  try {
    await world.store(job.store).abort(job.destination, job.uploadId);
  } catch (error) {
    world.log.warn('abort failed, the sweep will try again', { job: job.id, error: String(error) });
  }
}

/** Sends another copy of the current source and takes the debt off the row. */
export async function askAgain(world: World, job: Job): Promise<void> {
  await world.queue.send([{ kind: 'copy', request: currentVersion(requestOf(job)) }]);
  await move(world, job, { againPending: undefined });
}

/**
 * The source is not the pinned version any more. A replica follows the source; everything else fails and says so.
 */
export async function endChanged(world: World, job: Job, error: SourceChanged): Promise<void> {
  if (job.mode === 'replicate') await end(world, job, 'superseded', reasonOf(error), true);
  else await end(world, job, 'failed', reasonOf(error));
}

/** Runs a step for a job; an error that ends the job is stored in its row, an error that asks for a retry goes up. */
export async function guarded(world: World, jobId: string, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (!endsJob(error)) throw error;
    const job = await world.state.get(jobId);
    if (!job || isFinal(job.state)) return;
    if (error instanceof SourceChanged) await endChanged(world, job, error);
    else await end(world, job, error instanceof Superseded ? 'superseded' : 'failed', reasonOf(error));
  }
}
