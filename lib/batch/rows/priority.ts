import { isFinal } from '../../copy/model/job.ts';
import type { BatchWorld } from '../model/world.ts';
import type { BatchRequest } from '../request/request.ts';
import type { Batch } from './batch-row.ts';
import { findBatch, isAtWork } from './batch-row.ts';

/** How long the row is kept when no batch writes it again. */
const keepMs = 30 * 86_400_000;

/** A page that stands back comes again after this. */
const standBackForMs = 5_000;

/** A batch that did nothing for so long works on a page all the same: whatever has priority, nothing waits for ever. */
const longestWaitMs = 60_000;

/**
 * One row for each caller names the batches that go before its others; there is none until a caller asks for a priority. What
 * another caller calls important is no reason to wait.
 */
function rowIdOf({ labels }: Pick<BatchRequest, 'labels'>): string {
  return `batch-priorities/${callerOf({ labels })}`;
}

/** Who asked for a batch; empty for what did not come by way of the API. */
export function callerOf({ labels }: Pick<BatchRequest, 'labels'>): string {
  return labels?.['caller'] ?? '';
}

interface PriorityRow {
  batches: Record<string, number>;
}

/**
 * How long a page of this batch has to wait, milliseconds, because a more important batch of the same caller has work; 0: not
 * at all.
 */
export async function standBackMs(world: BatchWorld, batch: Batch): Promise<number> {
  const row = await world.shared.get(rowIdOf(batch.request));
  if (!row || world.clock.now() - batch.job.updatedAt >= longestWaitMs) return 0;
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
export async function announcePriority(world: BatchWorld, id: string, request: BatchRequest): Promise<void> {
  const { priority = 0 } = request;
  const rowId = rowIdOf(request);
  if (priority === 0 && !(await world.shared.get(rowId))) return;
  for (;;) {
    const row = await world.shared.get(rowId);
    const { batches = {} } = (row?.value as PriorityRow | undefined) ?? {};
    const living = await Promise.all(
      Object.entries(batches).map(async ([other, value]): Promise<[string, number][]> => {
        const found = await world.state.get(other);
        return found && !isFinal(found.state) ? [[other, value]] : [];
      }),
    );
    const next: PriorityRow = { batches: { ...Object.fromEntries(living.flat()), [id]: priority } };
    // Where this lands unheard, it says the same once more.
    if (await world.shared.compareAndSet(rowId, row, next, world.clock.now() + keepMs)) return;
    await world.clock.sleep(world.random() * 50);
  }
}
