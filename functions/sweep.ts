/** Runs on a schedule: re-sends missing tasks of stalled jobs and cleans up after jobs that ended with leftovers. */
import { sweepBatches } from '../lib/batch/control/sweep.ts';
import { sweep } from '../lib/copy/sweep.ts';
import { runtime } from '../lib/runtime/current.ts';
import { cloudFunction } from '../lib/runtime/middleware/function.ts';
import type { OpenRuntime } from '../lib/runtime/middleware/runtime.ts';

/** Jobs one run looks at; the next run goes on with those that are due then. */
const jobsPerRun = 500;

export const sweepHandler = (open: OpenRuntime) =>
  cloudFunction(open, [], async (_event: unknown, { runtime: { world, batches, purge }, invocation }) => {
    const report = await sweep(world, invocation, { limit: jobsPerRun });
    if (batches) report.revived += await sweepBatches(batches, invocation, { limit: jobsPerRun });
    world.log.info('swept', { ...report });
    const purged = await purge?.();
    if (purged) world.log.info('expired rows deleted', { purged });
    return report;
  });

export const handler = sweepHandler(runtime);
