import { isFinal } from '../../copy/model/job.ts';
import type { CallOptions, Invocation } from '../../copy/model/ports.ts';
import type { Task } from '../../copy/model/task.ts';
import { needsCheck } from '../conflicts/needed.ts';
import { namesIn } from '../model/work-files.ts';
import type { BatchWorld } from '../model/world.ts';
import type { Batch } from '../rows/batch-row.ts';
import { batchOf, nextLook } from '../rows/batch-row.ts';
import { openRanges, pageIds } from '../rows/pages.ts';
import { taskOf } from '../rows/tasks.ts';
import { mayRemoveFiles, removeFiles } from './remove-files.ts';

/**
 * Sends the tasks that a batch lacks, as its files tell: ranges not read to their end, pages without a result, the sum. Safe
 * at any time; where the tasks were not lost, they come twice.
 */
export async function revive(world: BatchWorld, batch: Batch, options: CallOptions = {}): Promise<void> {
  const { id, job, row } = batch;
  if (isFinal(job.state)) {
    // Also of one that was added up: a worker that ended later has set a time, and its task may be lost.
    await world.queue.send([taskOf(batch, { kind: 'total' })]);
    return;
  }
  if (row.paused) return;
  if (row.check && !row.check.done) {
    await world.queue.send([{ ...taskOf(batch, { kind: 'check' }), again: true }]);
    await world.state.count(id, 0, nextLook(world));
    return;
  }
  const finished = new Set<string>();
  for await (const page of namesIn(batch.files, id, 'results', '', options)) finished.add(page);
  const read = new Set(pageIds(batch));
  const ranges = openRanges(batch);
  if (ranges.length > 0) for await (const page of namesIn(batch.files, id, 'pages', '', options)) read.add(page);
  const isChecked = row.check !== undefined || !needsCheck(batch.request);
  const missing = !isChecked ? [] : [...read].filter((page) => !finished.has(page));
  const tasks: Task[] = [
    ...ranges.map((range) => taskOf(batch, { kind: 'read', range })),
    ...missing.map((page) => taskOf(batch, { kind: 'page', page })),
  ];
  const sent = tasks.length > 0 ? tasks : [taskOf(batch, { kind: 'total' })];
  await world.queue.send(sent.map((task) => ({ ...task, again: true })));
  await world.state.count(id, 0, nextLook(world));
}

/** The batches due longest; rows of jobs do not count against the limit. */
async function dueBatches(world: BatchWorld, before: number, limit: number): Promise<Batch[]> {
  for (let asked = limit; ; asked *= 2) {
    const due = await world.state.due(before, asked);
    const batches = due.flatMap((job) => batchOf(world, job) ?? []);
    if (batches.length >= limit || due.length < asked) return batches.slice(0, limit);
  }
}

/** Files that one sweep removes at most. */
const filesPerSweep = 5_000;

/** Re-sends the missing tasks of stalled batches, and removes files of batches that ended long ago. Returns how many were stalled. */
export async function sweepBatches(
  world: BatchWorld,
  invocation: Invocation,
  { before = world.clock.now(), limit = 100 }: { before?: number; limit?: number } = {},
): Promise<number> {
  let revived = 0;
  let room = filesPerSweep;
  for (const batch of await dueBatches(world, before, limit)) {
    try {
      if (mayRemoveFiles(world, batch)) {
        // What is left is due at the next sweep.
        if (room > 0) room -= await removeFiles(world, batch, room);
        continue;
      }
      await revive(world, batch, { deadline: invocation.deadline });
      // A final row keeps its time until it owes nothing more; a paused one is not looked at for now.
      await world.state.count(batch.id, 0, nextLook(world));
      revived += 1;
    } catch (error) {
      world.log.warn('sweep failed on a batch', { batch: batch.id, error: String(error) });
    }
  }
  return revived;
}
