/**
 * Tasks of the engine: parts to copy, jobs to finish, copies to start. And what the API sends: callbacks, renames of
 * prefixes. From a queue, or as an asynchronous invocation.
 */
import middy from '@middy/core';
import type { ApiMessage } from '../lib/api/model/message.ts';
import { handleMessage, readApiMessage } from '../lib/api/run-message.ts';
import type { BatchWorld } from '../lib/batch/index.ts';
import { CopyError, GiveUp } from '../lib/copy/model/errors.ts';
import type { Invocation } from '../lib/copy/model/ports.ts';
import { isBatchTask, type BatchTask, type Task } from '../lib/copy/model/task.ts';
import { workByRules } from '../lib/replicate/run-task.ts';
import { answerBatch, attemptOf, queueMessages, type BatchAnswer } from '../lib/runtime/aws/sqs-event.ts';
import { runtime } from '../lib/runtime/current.ts';
import { invocationOf, type PlatformContext } from '../lib/runtime/shared/invocation.ts';
import { parseTask } from '../lib/runtime/shared/parse-task.ts';
import type { Runtime } from '../lib/runtime/shared/runtime.ts';

/** Messages of a queue are answered one by one; a direct invocation carries one task and throws when it is to come again. */
export function workHandler(getRuntime: () => Promise<Runtime>) {
  return async (
    event: unknown,
    context: PlatformContext,
  ): Promise<BatchAnswer | { done: (Task | ApiMessage)['kind'] }> => {
    const current = await getRuntime();
    const invocation = invocationOf(context, current.world.clock);
    const messages = queueMessages(event);
    if (messages) {
      return await answerBatch(current, messages, async (message) => {
        await doMessage(current, message.body, { ...invocation, attempt: attemptOf(message) });
      });
    }
    return { done: await doMessage(current, event, invocation) };
  };
}

async function doMessage(
  current: Runtime,
  input: unknown,
  invocation: Invocation,
): Promise<(Task | ApiMessage)['kind']> {
  const message = readApiMessage(input);
  if (message) {
    if (!current.api)
      throw new GiveUp(
        'Unsupported',
        `Received a '${message.kind}' message, but no API callers are configured. Add callers to the configuration file.`,
      );
    await handleMessage(current.api, message, invocation);
    return message.kind;
  }
  const task = parseTask(input);
  await doTask(current, task, invocation);
  return task.kind;
}

/** Loaded when the first one comes: most work is about parts, and a cold start should not read what it does not need. */
async function doBatchTask(batches: BatchWorld, task: BatchTask, invocation: Invocation): Promise<void> {
  const { workOnBatches } = await import('../lib/batch/run-task.ts');
  await workOnBatches(batches, task, invocation);
}

async function doTask({ world, rules, batches }: Runtime, task: Task, invocation: Invocation): Promise<void> {
  try {
    if (batches && isBatchTask(task)) await doBatchTask(batches, task, invocation);
    else await workByRules(world, rules, task, invocation);
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

export const handler = middy({ timeoutEarlyInMillis: 0 }).handler(workHandler(runtime));
