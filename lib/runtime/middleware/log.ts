import { RetryLater } from '../../copy/model/errors.ts';
import type { Log, LogFields } from '../../copy/model/ports.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { Middleware, PlatformContext } from './context.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Names the invocation and its trace in every line that it logs, and logs the error that an invocation ends in. */
export function logInvocation(env: Env = process.env): Middleware {
  return {
    before: ({ event, context }) => {
      const request = (context as PlatformContext).requestId ?? context.invocation.id;
      const fields = { request, trace: traceOf(event, env) };
      context.runtime = withLog(context.runtime, withFields(context.runtime.world.log, fields));
    },
    onError: ({ error, context }) => {
      // Absent: the runtime could not be opened, and the platform logs what was thrown.
      const { runtime, invocation } = context as Partial<typeof context>;
      const log = runtime?.world.log;
      const isLast = runtime?.direct && invocation && invocation.attempt > runtime.direct.repeats;
      if (error instanceof RetryLater && !isLast) {
        log?.info('an invocation comes again later', { reason: error.message });
      } else log?.error('an invocation failed', { error: String(error) });
    },
  };
}

/** The trace that an HTTP request continues (www.w3.org/TR/trace-context), or that AWS X-Ray keeps for this invocation. */
export function traceOf(event: unknown, env: Env): string | undefined {
  const { headers } = (event ?? {}) as { headers?: Record<string, unknown> };
  const [, continued] = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/.exec(String(headers?.['traceparent'])) ?? [];
  const [, root] = /(?:^|;)Root=([\da-f-]{1,64})/.exec(env['_X_AMZN_TRACE_ID'] ?? '') ?? [];
  return continued ?? root;
}

/** The same log, whose lines carry these fields as well. */
function withFields(log: Log, more: LogFields): Log {
  const at = (level: keyof Log) => (message: string, fields?: LogFields) => log[level](message, { ...more, ...fields });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A copy: other invocations may use the given one (I12). */
function withLog(runtime: Runtime, log: Log): Runtime {
  const world = { ...runtime.world, log };
  const batches = runtime.batches && { ...runtime.batches, log };
  const api = runtime.api && { ...runtime.api, world, batches: { ...runtime.api.batches, log } };
  return { ...runtime, world, ...(batches && { batches }), ...(api && { api }) };
}
