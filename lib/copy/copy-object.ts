import { CopyError, gaveUp } from './model/errors.ts';
import type { Invocation, World } from './model/ports.ts';
import type { Task } from './model/task.ts';
import { startCopy } from './start.ts';

/**
 * Does a task that asks for a copy: starts it, or continues its planned row.
 *
 * @throws RetryLater: deliver the task again, not before `delayMs`. Any other CopyError ends a copy that has no row; where
 * there is a row, it holds the error.
 */
export async function copyObject(
  world: World,
  task: Extract<Task, { kind: 'copy' }>,
  invocation: Invocation,
): Promise<void> {
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
