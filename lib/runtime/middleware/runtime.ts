import type { Runtime } from '../shared/runtime.ts';
import type { Middleware } from './context.ts';

/** Gives the handler the runtime of the process. The platform's own context stays as it is (I12). */
export function openRuntime(open: () => Promise<Runtime>): Middleware {
  return {
    before: async (request) => {
      request.context = { ...request.context, runtime: await open() };
    },
  };
}
