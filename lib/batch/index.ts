/** Many objects from one request. Everything that callers outside of `lib/batch` use. */
import { GiveUp } from '../copy/model/errors.ts';
import type { CallOptions } from '../copy/model/ports.ts';
import { startBatch, type StartOptions } from './control/create.ts';
import type { Status } from './model/tally.ts';
import type { BatchWorld } from './model/world.ts';
import type { BatchView } from './report/view.ts';
import { viewOf } from './report/view.ts';
import type { BatchInput } from './request/request.ts';
import type { Batch } from './rows/batch-row.ts';
import { openBatch } from './rows/batch-row.ts';

export { batchId, startBatch } from './control/create.ts';
export { readRequest } from './request/check.ts';
export { cancelBatch, pauseBatch, resumeBatch } from './control/pause-resume-cancel.ts';
export { dryRunBatch } from './control/dry-run.ts';
export { previewSync } from './control/preview-sync.ts';
export type { SyncDifference, SyncPreview } from './control/preview-sync.ts';
export type { BatchDryRun } from './control/dry-run.ts';
export type { WorkFiles, WorkPlace } from './model/work-files.ts';
export type { BatchInput, BatchLimits, BatchMode, BatchRequest } from './request/request.ts';
export type { ResultLine } from './files/result-file.ts';
export { rejectedOf as rejected, resultsAfter, resultsOf as results } from './report/results.ts';
export { sweepBatches } from './control/sweep.ts';
export type { Batch } from './rows/batch-row.ts';
export { batchOf, batchRow } from './rows/batch-row.ts';
export type { Summary } from './report/summary.ts';
export { statuses } from './model/tally.ts';
export type { RuleBatch, RuleFinding, RuleMode, RuleRequest, RuleWork } from './model/rule.ts';
export { defaultMaxDelete, undecidedChoices } from './model/sync.ts';
export type { MaxDelete, SidesSeen, SyncRequest, Undecided } from './model/sync.ts';
export type { Status, Tally } from './model/tally.ts';
export { withPartialPages } from './report/partial-pages.ts';
export { listBatches, viewBatch as readBatch, viewOf } from './report/view.ts';
export type { BatchView } from './report/view.ts';
export type { BatchWorld } from './model/world.ts';

/**
 * Starts a batch; with an idempotency key a second request finds the batch of the first.
 *
 * @throws GiveUp BadRequest, NoSuchBucket, AccessDenied, NotFound, ... before anything was written; RetryLater.
 */
export async function createBatch(
  world: BatchWorld,
  input: BatchInput,
  options: StartOptions = {},
): Promise<BatchView> {
  const { batch } = await startBatch(world, input, options);
  return await viewOf(world, batch, options);
}

/**
 * What asks for those objects of a batch that ended in one of the given ways.
 * @param now epoch milliseconds
 * @throws GiveUp BadRequest while it has not ended: what fails later would be missed; NotFound once its files may be going.
 */
export function retryRequest(now: number, { id, row, request }: Batch, statuses: Status[] = ['failed']): BatchInput {
  if (request.sync) {
    const again = 'Run the command that started it again: what is equal already is not copied.';
    throw new GiveUp('BadRequest', `Batch ${id} compares two prefixes as they are now. ${again}`);
  }
  if (request.rule) {
    const again = 'Run the command that started it again: what is equal already is not copied.';
    throw new GiveUp('BadRequest', `Batch ${id} goes by the replication rule '${request.rule.name}'. ${again}`);
  }
  if (!row.summed) throw new GiveUp('BadRequest', `Batch ${id} has not ended; wait for that, or cancel it.`);
  if (row.removeAt !== undefined && row.removeAt <= now) {
    throw new GiveUp('NotFound', `The files of batch ${id} were kept for 30 days after its end; its results are gone.`);
  }
  // Where each object goes, and whether it is chosen at all, stands in its line.
  const { mapping: _mapping, filters: _filters, names: _names, idempotencyKey: _key, ...rest } = request;
  return { ...rest, source: { kind: 'results', batchId: id, statuses } };
}

/**
 * A new batch of those objects of another one that ended in one of the given ways. Of a `verify`, `{statuses: ['different'],
 * mode: 'copy'}` copies what differs.
 *
 * @throws GiveUp NotFound; what `retryRequest` and `createBatch` throw.
 */
export async function retryBatch(
  world: BatchWorld,
  id: string,
  {
    statuses,
    idempotencyKey,
    mode,
    ...options
  }: CallOptions & { statuses?: Status[]; idempotencyKey?: string; mode?: BatchInput['mode'] } = {},
): Promise<BatchView> {
  const request = retryRequest(world.clock.now(), await openBatch(world, id), statuses);
  return await createBatch(world, { ...request, mode: mode ?? request.mode, idempotencyKey }, options);
}
