import { end } from './closing.ts';
import { isFinal } from './job.ts';
import type { Landed, World } from './ports.ts';

/**
 * Cancels a job and aborts its upload; the source and whatever was at the destination stay as they are. Does not land on a
 * job that is over, or whose finisher is at work right now: its Complete may already have taken effect.
 */
export async function cancelJob(world: World, id: string): Promise<Landed> {
  const job = await world.state.get(id);
  if (!job) return { landed: false };
  const finishing = job.state === 'finishing' && (job.lease?.until ?? 0) > world.clock.now();
  if (isFinal(job.state) || finishing) return { landed: false, job };
  return await end(world, job, 'cancelled', {
    code: 'Cancelled',
    message: `job ${id} was cancelled; the source is untouched`,
  });
}
