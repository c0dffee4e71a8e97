import type { ApiMessage } from '../../api/model/message.ts';
import { handleMessage } from '../../api/run-message.ts';
import { CopyError, GiveUp } from '../../copy/model/errors.ts';
import type { Invocation, World } from '../../copy/model/ports.ts';
import type { Task } from '../../copy/model/task.ts';
import { countDeaths } from './count-deaths.ts';
import { readMessage } from './read-message.ts';
import { runTask } from './run-task.ts';
import type { Runtime } from './runtime.ts';

/**
 * Does what a message of a queue asks for: a task, or what the API sends besides (callbacks, renames of prefixes).
 *
 * @param input bytes, text or an object
 * @returns the kind of the message.
 * @throws RetryLater: deliver it again. Any other CopyError: keep it among the dead letters; nothing else tells of its end.
 */
export async function runQueued(
  runtime: Runtime,
  input: unknown,
  invocation: Invocation,
): Promise<(Task | ApiMessage)['kind']> {
  const message = readMessage(input);
  if ('api' in message) {
    if (!runtime.api) {
      throw new GiveUp(
        'Unsupported',
        `Received a '${message.api.kind}' message, but no API callers are configured. Add callers to the configuration file.`,
      );
    }
    await handleMessage(runtime.api, message.api, invocation);
    return message.api.kind;
  }
  await runQueuedTask(runtime, message.task, invocation);
  return message.task.kind;
}

async function runQueuedTask(runtime: Runtime, task: Task, invocation: Invocation): Promise<void> {
  const { world, rules, batches, watch } = runtime;
  // What it sends on was not sent before.
  const fresh: Task = { ...task, again: undefined };
  try {
    const run = (its: World) => runTask(its, rules, batches, fresh, invocation);
    const watched = () => (watch?.duringTask ? watch.duringTask(world, fresh, run) : run(world));
    await countDeaths(runtime, task, invocation, watched);
  } catch (error) {
    // The job's row tells how it ended; without a row, the dead letters do.
    const told = task.kind !== 'copy' && error instanceof CopyError && error.decision !== 'retry';
    if (!told) throw error;
    world.log.warn('a task is over', {
      kind: task.kind,
      job: 'jobId' in task ? task.jobId : task.batchId,
      code: error.code,
      error: error.message,
    });
  }
}
