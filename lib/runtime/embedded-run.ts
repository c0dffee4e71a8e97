import { RetryLater } from '../copy/errors.ts';
import type { Invocation, World } from '../copy/ports.ts';
import type { CopyRequest } from '../copy/request.ts';
import { startCopy } from '../copy/start.ts';
import type { StartOutcome } from '../copy/start.ts';
import { backoff } from '../queue/backoff.ts';
import type { Driver, RunOutcome, Watch } from './embedded-driver.ts';
import { Interrupted, outcomeOf } from './embedded-driver.ts';

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

/** Starts, and starts again for what passes: there may be no row yet that somebody else could go on with. */
async function start(
  { world, newInvocation, graceMs }: RunParts,
  request: CopyRequest,
  signal?: AbortSignal,
): Promise<StartOutcome> {
  for (let attempt = 1; ; attempt += 1) {
    if (signal?.aborted) throw new Interrupted();
    const invocation = newInvocation(attempt);
    // The call under way may end; nothing new is begun after that.
    const hurry = (): void => void (invocation.deadline = Math.min(invocation.deadline, world.clock.now() + graceMs));
    signal?.addEventListener('abort', hurry, { once: true });
    try {
      return await startCopy(world, request, invocation);
    } catch (error) {
      if (!(error instanceof RetryLater) || attempt >= world.settings.maxAttempts) throw error;
      if (signal?.aborted) throw new Interrupted();
      world.log.debug('the start will be tried again', { attempt, error: error.message });
      await world.clock.sleep(error.delayMs + backoff(attempt, world.random), signal);
    } finally {
      signal?.removeEventListener('abort', hurry);
    }
  }
}
