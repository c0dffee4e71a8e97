import { randomUUID } from 'node:crypto';
import type { Clock, Invocation } from '../../copy/model/ports.ts';

/** What both platforms' handler contexts have in common, and what each has of its own. */
export interface PlatformContext {
  /** Lambda. */
  awsRequestId?: string;
  getRemainingTimeInMillis?(): number;
  /** Function Compute. */
  requestId?: string;
  function?: { timeout?: number };
}

/** For a context that tells no time, in tests and containers. */
const unknownLimitMs = 60_000;
/** Kept back for the answer itself. */
const reserveMs = 1000;

/**
 * Who this invocation is and how long it may run. Call it first thing in a handler: Function Compute tells the whole
 * timeout only, so the clock starts here.
 */
export function invocationOf(context: PlatformContext, clock: Clock, attempt = 1): Invocation {
  const limit = context.getRemainingTimeInMillis?.() ?? secondsToMs(context.function?.timeout) ?? unknownLimitMs;
  return {
    id: context.awsRequestId ?? context.requestId ?? randomUUID(),
    deadline: clock.now() + Math.max(0, limit - reserveMs),
    attempt,
  };
}

function secondsToMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}
