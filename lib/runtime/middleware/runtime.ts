import type { Runtime } from '../shared/runtime.ts';
import type { Middleware, PlatformContext } from './context.ts';

/** Opens the runtime of the process; the context tells what only an invocation knows. */
export type OpenRuntime = (context: PlatformContext) => Promise<Runtime>;

/** Gives the handler the runtime of the process. The platform's own context stays as it is (I12). */
export function openRuntime(open: OpenRuntime): Middleware {
  return {
    before: async (request) => {
      request.context = { ...request.context, runtime: await open(request.context) };
    },
  };
}
