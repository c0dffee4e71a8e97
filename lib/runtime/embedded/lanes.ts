import { batchRow } from '../../batch/index.ts';
import { callerOf } from '../../batch/rows/priority.ts';
import type { StateTable } from '../../copy/model/ports.ts';
import type { Task } from '../../copy/model/task.ts';

/** Batches whose caller is remembered; what is forgotten is looked up again. */
const mostKnown = 10_000;

/** Tells whose batch a task is for, so that callers take turns, each with all of its batches. */
export function lanesByCaller(state: Pick<StateTable, 'get'>): (task: Task) => Promise<string> {
  const known = new Map<string, string>();
  return async (task) => {
    if (!('batchId' in task)) return '';
    const found = known.get(task.batchId);
    if (found !== undefined) return found;
    const job = await state.get(task.batchId);
    const row = job && batchRow(job);
    if (!row) return '';
    if (known.size >= mostKnown) known.clear();
    const caller = callerOf(row.request);
    known.set(task.batchId, caller);
    return caller;
  };
}
