import type { Invocation } from '../copy/model/ports.ts';
import type { BatchTask } from '../copy/model/task.ts';
import { checkRows } from './conflicts/check.ts';
import type { BatchWorld } from './model/world.ts';
import { copyPage } from './tasks/copy-page.ts';
import { readRange } from './tasks/read-range.ts';
import { totalUp } from './tasks/total.ts';

/**
 * Does one task of a batch.
 *
 * @throws RetryLater: deliver it again, not before `delayMs`. GiveUp StateUnusable when state or work folder cannot be used.
 */
export async function workOnBatches(world: BatchWorld, task: BatchTask, invocation: Invocation): Promise<void> {
  switch (task.kind) {
    case 'read':
      return await readRange(world, task, invocation);
    case 'page':
      return await copyPage(world, task, invocation);
    case 'check':
      return await checkRows(world, task.batchId, invocation);
    case 'total':
      return await totalUp(world, task, invocation);
  }
}
