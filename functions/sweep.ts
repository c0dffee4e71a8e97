/** On a schedule: jobs that stand still get their missing tasks again, and what ended untidily is tidied. */
import middy from '@middy/core';
import { sweep, type SweepReport } from '../lib/copy/sweep.ts';
import { runtime } from '../lib/runtime/current.ts';
import { invocationOf, type PlatformContext } from '../lib/runtime/invocation.ts';
import type { Runtime } from '../lib/runtime/runtime.ts';

/** Jobs one run looks at; the next run goes on with those that are due then. */
const jobsPerRun = 500;

export function sweepHandler(getRuntime: () => Promise<Runtime>) {
  return async (_event: unknown, context: PlatformContext): Promise<SweepReport> => {
    const { world } = await getRuntime();
    const report = await sweep(world, invocationOf(context, world.clock), { limit: jobsPerRun });
    world.log.info('swept', { ...report });
    return report;
  };
}

export const handler = middy({ timeoutEarlyInMillis: 0 }).handler(sweepHandler(runtime));
