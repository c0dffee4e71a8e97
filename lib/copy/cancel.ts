import { isFinal } from './model/job.ts';
import type { Landed, World } from './model/ports.ts';
import { end } from './row/end.ts';

/**
 * Cancels a job and aborts its upload; the source and whatever was at the destination stay as they are. Does not land on a
 * job that is over, or whose finisher is at work right now (its Complete may already have taken effect), or that has begun to
 * copy an object with tags or an ACL onto itself.
 */
export async function cancelJob(world: World, id: string): Promise<Landed> {
  const job = await world.state.get(id);
  if (!job) return { landed: false };
  const finishing = job.state === 'finishing' && (job.lease?.until ?? 0) > world.clock.now();
  // What its copy may have taken away is still to be put right, and only this row knows what that was.
  const restoring = job.state === 'planned' && !job.parts && (job.tagsBefore ?? job.acl) !== undefined;
  if (isFinal(job.state) || finishing || restoring) return { landed: false, job };
  return await end(world, job, 'cancelled', {
    code: 'Cancelled',
    message: `job ${id} was cancelled; the source is untouched`,
  });
}
