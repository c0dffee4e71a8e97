import { isFinal } from '../copy/job.ts';
import type { Batch } from './row.ts';
import { findBatch, isAtWork } from './row.ts';
import { putNote } from './note.ts';
import type { BatchWorld } from './world.ts';

/** One row names the batches that go before others; there is none until a batch with a priority starts. */
export const priorityRowId = 'batch-priorities';

/** A page that stands back comes again after this. */
const standBackForMs = 5_000;

interface PriorityRow {
  kind: 'priorities';
  batches: Record<string, number>;
}

/** How long a page of this batch has to wait, milliseconds, because a more important batch has work; 0: not at all. */
export async function standBackMs(world: BatchWorld, batch: Batch): Promise<number> {
  const row = await world.state.get(priorityRowId);
  if (!row) return 0;
  const { batches } = row.batch as PriorityRow;
  const mine = batch.request.priority ?? 0;
  const before = Object.entries(batches).filter(([id, priority]) => priority > mine && id !== batch.id);
  for (const [id] of before) {
    const other = await findBatch(world, id);
    if (other && isAtWork(other)) return standBackForMs;
  }
  return 0;
}

/** Makes the priority of a batch known, and forgets batches that ended. A priority of 0 needs no mention. */
export async function announcePriority(world: BatchWorld, id: string, priority: number): Promise<void> {
  if (priority === 0 && !(await world.state.get(priorityRowId))) return;
  for (;;) {
    const row = await world.state.get(priorityRowId);
    const { batches = {} } = (row?.batch as PriorityRow | undefined) ?? {};
    const living = await Promise.all(
      Object.entries(batches).map(async ([other, value]): Promise<[string, number][]> => {
        const found = await world.state.get(other);
        return found && !isFinal(found.state) ? [[other, value]] : [];
      }),
    );
    const next = { kind: 'priorities', batches: { ...Object.fromEntries(living.flat()), [id]: priority } };
    if (await putNote(world, priorityRowId, row, next)) return;
    await world.clock.sleep(world.random() * 50);
  }
}
