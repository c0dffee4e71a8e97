/** Tasks of the engine: parts to copy, jobs to finish, copies to start. From a queue, or as an asynchronous invocation. */
import middy from '@middy/core';
import { CopyError } from '../lib/copy/errors.ts';
import type { Invocation } from '../lib/copy/ports.ts';
import type { Task } from '../lib/copy/task.ts';
import { workByRules } from '../lib/replicate/work.ts';
import { runtime } from '../lib/runtime/current.ts';
import { invocationOf, type PlatformContext } from '../lib/runtime/invocation.ts';
import { parseTask } from '../lib/runtime/parse-task.ts';
import { answerBatch, attemptOf, queueMessages, type BatchAnswer } from '../lib/runtime/queue-batch.ts';
import type { Runtime } from '../lib/runtime/runtime.ts';

/** Messages of a queue are answered one by one; a direct invocation carries one task and throws when it is to come again. */
export function workHandler(getRuntime: () => Promise<Runtime>) {
  return async (event: unknown, context: PlatformContext): Promise<BatchAnswer | { done: Task['kind'] }> => {
    const current = await getRuntime();
    const invocation = invocationOf(context, current.world.clock);
    const messages = queueMessages(event);
    if (messages) {
      return await answerBatch(current, messages, (message) =>
        doTask(current, parseTask(message.body), { ...invocation, attempt: attemptOf(message) }),
      );
    }
    const task = parseTask(event);
    await doTask(current, task, invocation);
    return { done: task.kind };
  };
}

async function doTask({ world, rules }: Runtime, task: Task, invocation: Invocation): Promise<void> {
  try {
    await workByRules(world, rules, task, invocation);
  } catch (error) {
    // The job's row tells how it ended; without a row, the dead letters do.
    const told = task.kind !== 'copy' && error instanceof CopyError && error.decision !== 'retry';
    if (!told) throw error;
    world.log.warn('a task is over', { kind: task.kind, job: task.jobId, code: error.code, error: error.message });
  }
}

export const handler = middy({ timeoutEarlyInMillis: 0 }).handler(workHandler(runtime));
