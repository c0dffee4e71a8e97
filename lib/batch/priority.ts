import { isFinal } from '../copy/job.ts';
import type { Batch } from './row.ts';
import { findBatch, isAtWork } from './row.ts';
import type { BatchWorld } from './world.ts';

/** One row names the batches that go before others; there is none until somebody asks for a priority. */
export const priorityRowId = 'batch-priorities';

/** How long the row is kept when no batch writes it again. */
const keepMs = 30 * 86_400_000;

/** A page that stands back comes again after this. */
const standBackForMs = 5_000;

interface PriorityRow {
  batches: Record<string, number>;
}

/** How long a page of this batch has to wait, milliseconds, because a more important batch has work; 0: not at all. */
export async function standBackMs(world: BatchWorld, batch: Batch): Promise<number> {
  const row = await world.shared.get(priorityRowId);
  if (!row) return 0;
  const { batches } = row.value as PriorityRow;
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
  if (priority === 0 && !(await world.shared.get(priorityRowId))) return;
  for (;;) {
    const row = await world.shared.get(priorityRowId);
    const { batches = {} } = (row?.value as PriorityRow | undefined) ?? {};
    const living = await Promise.all(
      Object.entries(batches).map(async ([other, value]): Promise<[string, number][]> => {
        const found = await world.state.get(other);
        return found && !isFinal(found.state) ? [[other, value]] : [];
      }),
    );
    const next: PriorityRow = { batches: { ...Object.fromEntries(living.flat()), [id]: priority } };
    // Where this lands unheard, it says the same once more.
    if (await world.shared.compareAndSet(priorityRowId, row, next, world.clock.now() + keepMs)) return;
    await world.clock.sleep(world.random() * 50);
  }
}
