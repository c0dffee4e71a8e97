import type { BatchWorld } from '../../batch/index.ts';
import { copyParts } from '../../copy/copy-parts.ts';
import { finishJob } from '../../copy/finish.ts';
import { GiveUp } from '../../copy/model/errors.ts';
import type { Invocation, World } from '../../copy/model/ports.ts';
import type { BatchTask, Task } from '../../copy/model/task.ts';
import { copyByRules } from '../../replicate/copy-by-rules.ts';
import type { RuleSet } from '../../replicate/rules/rules.ts';

/**
 * Does one task. Every way of running gives every task to this function: the functions, the embedded runtime and `ferry serve`.
 *
 * @param batches absent where batches cannot run
 * @throws RetryLater: deliver the task again, not before `delayMs`. Any other CopyError: the task is over, and what it was
 * about shows in the error (and in the row of the job or batch, if there is one).
 */
export async function runTask(
  world: World,
  rules: RuleSet,
  batches: BatchWorld | undefined,
  task: Task,
  invocation: Invocation,
): Promise<void> {
  switch (task.kind) {
    case 'copy':
      return await copyByRules(world, await rulesFor(rules, batches, task), task, invocation);
    case 'parts':
      return await copyParts(world, task, invocation);
    case 'finish':
      return await finishJob(world, task, invocation);
    case 'read':
    case 'page':
    case 'check':
    case 'total':
      return await runBatchTask(batches, task, invocation);
  }
}

/**
 * The rules that decide about a copy: those of this process, or where they do not know its rule (a batch is resumed by a command
 * that was given no rules) those that its batch keeps.
 */
async function rulesFor(
  rules: RuleSet,
  batches: BatchWorld | undefined,
  { request: { mode, labels = {} } }: Extract<Task, { kind: 'copy' }>,
): Promise<RuleSet> {
  const { batch, rule } = labels;
  if (!batches || mode !== 'replicate' || batch === undefined || rules.routes.some(({ id }) => id === rule))
    return rules;
  const { rulesOfBatch } = await import('./rule-work.ts');
  return (await rulesOfBatch(batches, batch)) ?? rules;
}

/** Loaded when the first one comes: most work is about parts, and a cold start should not read what it does not need. */
async function runBatchTask(batches: BatchWorld | undefined, task: BatchTask, invocation: Invocation): Promise<void> {
  if (!batches) {
    throw new GiveUp('Unsupported', `This worker does not run batches, but received a task of batch ${task.batchId}.`);
  }
  const { workOnBatches } = await import('../../batch/run-task.ts');
  await workOnBatches(batches, task, invocation);
}
