/** Runs on a schedule: re-sends missing tasks of stalled jobs and cleans up after jobs that ended with leftovers. */
import middy from '@middy/core';
import { sweepBatches } from '../lib/batch/control/sweep.ts';
import { sweep, type SweepReport } from '../lib/copy/sweep.ts';
import { runtime } from '../lib/runtime/current.ts';
import { invocationOf, type PlatformContext } from '../lib/runtime/shared/invocation.ts';
import type { Runtime } from '../lib/runtime/shared/runtime.ts';

/** Jobs one run looks at; the next run goes on with those that are due then. */
const jobsPerRun = 500;

export function sweepHandler(getRuntime: () => Promise<Runtime>) {
  return async (_event: unknown, context: PlatformContext): Promise<SweepReport> => {
    const { world, batches } = await getRuntime();
    const invocation = invocationOf(context, world.clock);
    const report = await sweep(world, invocation, { limit: jobsPerRun });
    if (batches) report.revived += await sweepBatches(batches, invocation, { limit: jobsPerRun });
    world.log.info('swept', { ...report });
    return report;
  };
}

export const handler = middy({ timeoutEarlyInMillis: 0 }).handler(sweepHandler(runtime));
