import { RetryLater } from '../../copy/model/errors.ts';
import type { StartOutcome } from '../../copy/model/job.ts';
import type { Clock, Invocation, World } from '../../copy/model/ports.ts';
import type { CopyRequest } from '../../copy/model/request.ts';
import { startCopy } from '../../copy/start.ts';
import { backoff } from '../../queue/backoff.ts';
import type { Driver, RunOutcome, Watch } from './driver.ts';
import { Interrupted, outcomeOf } from './driver.ts';

export interface RunParts {
  world: World;
  driver: Driver;
  newInvocation(attempt?: number): Invocation;
  graceMs: number;
}

/**
 * Copies one object to the end.
 *
 * @throws CopyError that ended it; Interrupted.
 */
export async function runCopy(parts: RunParts, request: CopyRequest, watch: Watch = {}): Promise<RunOutcome> {
  const started = await start(parts, request, watch.signal);
  if (started.kind === 'done') {
    const { result, job } = started;
    watch.onProgress?.({
      jobId: job?.id,
      state: 'done',
      partsDone: 0,
      parts: 0,
      bytesDone: result.size,
      size: result.size,
    });
    return { result, job };
  }
  return outcomeOf(await parts.driver.drive(started.job.id, watch));
}

/** Starts, and starts again after transient errors: there may be no row yet from which another process could continue. */
async function start(
  { world, newInvocation, graceMs }: RunParts,
  request: CopyRequest,
  signal?: AbortSignal,
): Promise<StartOutcome> {
  if (signal?.aborted) throw new Interrupted();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await inGrace(startCopy(world, request, newInvocation(attempt)), world.clock, graceMs, signal);
    } catch (error) {
      if (!(error instanceof RetryLater) || attempt >= world.settings.maxAttempts) throw error;
      world.log.debug('the start will be tried again', { attempt, error: error.message });
      await world.clock.sleep(error.delayMs + backoff(attempt, world.random), signal);
      if (signal?.aborted) throw error;
    }
  }
}

/** After an interruption a call under way may end, but only within the grace time. */
async function inGrace<Result>(
  work: Promise<Result>,
  clock: Clock,
  graceMs: number,
  signal: AbortSignal | undefined,
): Promise<Result> {
  if (!signal) return await work;
  const ended = new AbortController();
  const tooLate = new Promise<never>((_resolve, reject) => {
    const onAbort = async (): Promise<void> => {
      await clock.sleep(graceMs, ended.signal);
      reject(
        new RetryLater('Interrupted before the store had answered; the same command, or `ferry resume`, goes on.'),
      );
    };
    signal.addEventListener('abort', () => void onAbort(), { once: true, signal: ended.signal });
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    ended.abort();
  }
}
