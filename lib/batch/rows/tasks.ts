import type { BatchStep, BatchTask } from '../../copy/model/task.ts';
import type { Batch } from './batch-row.ts';
import { callerOf } from './priority.ts';

/** A task of the batch. It names the caller, so that a queue can give callers turns without reading the row. */
export function taskOf({ id, request }: Pick<Batch, 'id' | 'request'>, step: BatchStep): BatchTask {
  const caller = callerOf(request);
  return { ...step, batchId: id, ...(caller !== '' && { caller }) };
}
