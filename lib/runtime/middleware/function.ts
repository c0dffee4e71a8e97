import middy, { type MiddlewareObj } from '@middy/core';
import type { CloudFunction, FerryContext, Middleware } from './context.ts';
import { nameInvocation } from './invocation.ts';
import { logInvocation } from './log.ts';
import type { OpenRuntime } from './runtime.ts';
import { openRuntime } from './runtime.ts';

/**
 * A function of the clouds: opens the runtime, names the invocation and its log lines, then runs the given middlewares and
 * the handler.
 *
 * @param open called in each invocation; keeps what it has opened
 */
export function cloudFunction<Event, Result, Answer = Result>(
  open: OpenRuntime,
  middlewares: Middleware[],
  handle: (event: Event, context: FerryContext) => Promise<Result>,
): CloudFunction<Answer> {
  const all: Middleware[] = [openRuntime(open), nameInvocation(), logInvocation(), ...middlewares];
  // Deadlines are the engine's own: it stops in time and leaves nothing half done.
  const composed = middy({ timeoutEarlyInMillis: 0 }).use(all as MiddlewareObj[]);
  // The middlewares turn the platform's event and context into the handler's, and its result into the answer.
  return composed.handler(handle as never) as unknown as CloudFunction<Answer>;
}
