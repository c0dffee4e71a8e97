import { copyParts } from './copy-parts.ts';
import { finishJob } from './finish.ts';
import { CopyError, gaveUp, GiveUp } from './model/errors.ts';
import type { Invocation, World } from './model/ports.ts';
import type { JobTask, Task } from './model/task.ts';
import { isBatchTask } from './model/task.ts';
import { startCopy } from './start.ts';

type JobTaskKind = JobTask['kind'];

type Handler<K extends JobTaskKind> = (
  world: World,
  task: Extract<Task, { kind: K }>,
  invocation: Invocation,
) => Promise<void>;

const handlers: { [K in JobTaskKind]: Handler<K> } = {
  copy: copyTask,
  parts: copyParts,
  finish: finishJob,
};

/**
 * Does one task about one object.
 *
 * @throws RetryLater: deliver the task again, not before `delayMs`. Any other CopyError: the task is over, and what it was
 * about shows in the error (and in the job's row, if there is one).
 */
export async function work(world: World, task: Task, invocation: Invocation): Promise<void> {
  if (isBatchTask(task)) {
    throw new GiveUp(
      'Unsupported',
      `This worker does not handle batch tasks (received one for batch ${task.batchId}).`,
    );
  }
  const handle = handlers[task.kind] as Handler<JobTaskKind>;
  await handle(world, task, invocation);
}

async function copyTask(world: World, task: Extract<Task, { kind: 'copy' }>, invocation: Invocation): Promise<void> {
  try {
    await startCopy(world, task.request, invocation, task.jobId);
  } catch (error) {
    // A replica of something that is gone by now: the removal has an event of its own.
    if (task.request.mode === 'replicate' && gaveUp(error, 'NotFound')) return;
    // The row keeps the error of a job that ended here.
    if (task.jobId !== undefined && error instanceof CopyError && error.decision !== 'retry') return;
    throw error;
  }
}
