import { randomUUID } from 'node:crypto';
import type { Clock, Invocation } from '../../copy/model/ports.ts';
import type { Middleware, PlatformContext } from './context.ts';

/** For a context that tells no time, in tests and containers. */
const unknownLimitMs = 60_000;
/** Kept back for the answer itself. */
const reserveMs = 1000;

/** Gives the handler its invocation: its name, and how long it may run. */
export function nameInvocation(): Middleware {
  return {
    before: ({ context }) => {
      context.invocation = invocationOf(context, context.runtime.world.clock);
    },
  };
}

/**
 * Function Compute tells the whole timeout only, so the clock starts here: call it before the work begins. It also repeats an
 * asynchronous invocation under the same request id, perhaps while the first one still runs, so the id alone names no lease.
 */
export function invocationOf(
  context: PlatformContext,
  clock: Clock,
  attempt = 1 + (context.retryCount ?? 0),
): Invocation {
  const limit = context.getRemainingTimeInMillis?.() ?? secondsToMs(context.function?.timeout) ?? unknownLimitMs;
  return {
    id: context.awsRequestId ?? [context.requestId ?? [], randomUUID()].flat().join('/'),
    deadline: clock.now() + Math.max(0, limit - reserveMs),
    attempt,
  };
}

function secondsToMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}
