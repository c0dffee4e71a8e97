import type { BatchWorld } from '../../batch/index.ts';
import { findBatch } from '../../batch/rows/batch-row.ts';
import { endingOnFailure } from '../../batch/rows/end.ts';
import { GiveUp } from '../../copy/model/errors.ts';
import type { World } from '../../copy/model/ports.ts';
import type { Task } from '../../copy/model/task.ts';
import { guarded } from '../../copy/row/end.ts';

/** Ends the job or batch of a task with which workers died: WorkerDied, and the reason. Does nothing where it has ended. */
export async function endAsDead(
  world: World,
  batches: BatchWorld | undefined,
  task: Task,
  reason: string,
): Promise<void> {
  const fail = () => Promise.reject(new GiveUp('WorkerDied', reason));
  if ('batchId' in task) {
    const batch = batches && (await findBatch(batches, task.batchId));
    if (batches && batch) await endingOnFailure(batches, batch, fail);
  } else if (task.jobId !== undefined) await guarded(world, task.jobId, fail);
}
