import { GiveUp } from '../model/errors.ts';
import type { Job } from '../model/job.ts';
import { requestOf } from '../model/job.ts';
import { describe } from '../model/object.ts';
import type { World } from '../model/ports.ts';
import { end, reasonOf } from '../row/end.ts';
import { move, nextLook } from '../row/move.ts';

/** Back to planned, without the lost upload. After a few times the job fails, and an operator must find out what aborts our uploads. */
export async function restart(world: World, job: Job): Promise<void> {
  const restarts = (job.restarts ?? 0) + 1;
  if (restarts > world.settings.maxRestarts) {
    const error = new GiveUp(
      'NoSuchUpload',
      `The upload for ${describe(job.store, job.destination)} vanished ${restarts} times, and nothing proved what stands ` +
        `there to be its copy. Look for a lifecycle rule or a program that aborts uploads or overwrites this key, then copy ` +
        `again. The source is untouched.`,
    );
    await end(world, { ...job, uploadId: undefined }, 'failed', reasonOf(error));
    return;
  }
  const planned = await move(world, job, {
    state: 'planned',
    uploadId: undefined,
    lease: undefined,
    expectedEtag: undefined,
    partsBase: job.partsDone,
    restarts,
    attentionAt: nextLook(world),
  });
  if (!planned.landed || !planned.job) return;
  await world.queue.send([{ kind: 'copy', request: requestOf(planned.job), jobId: job.id }]);
}
