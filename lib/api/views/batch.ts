/** What answers about batches hold. */
import * as z from 'zod';
import type { BatchView as View, BatchWorld, ResultLine } from '../../batch/index.ts';
import { ruleModes } from '../../batch/model/rule.ts';
import { statuses } from '../../batch/model/tally.ts';
import { destinationPlaceOf, sourcePlaceOf } from '../../batch/request/places.ts';
import type { Job } from '../../copy/model/job.ts';
import type { ObjectRef, StoreAddress } from '../../copy/model/object.ts';
import { costOf } from '../../cost/request-prices.ts';
import type { Stores } from '../callers/object-url.ts';
import { urlOf } from '../callers/object-url.ts';
import { lossView } from './job.ts';

const countsOf = (what: string) => z.record(z.string(), z.int()).meta({ description: what });

export const batchView = z
  .object({
    id: z.string(),
    mode: z.enum(['copy', 'rename', 'metadata', 'verify', 'sync', ...ruleModes]),
    state: z
      .enum(['planned', 'copying', 'finishing', 'done', 'failed', 'cancelled'])
      .meta({ description: '`planned` while the source is read; `done` with or without objects that failed.' }),
    paused: z.boolean(),
    source: z.string(),
    destination: z.string().optional(),
    priority: z.int(),
    objectsKnown: z.int().meta({ description: 'Read from the source so far.' }),
    allRead: z.boolean(),
    objectsDone: z.int(),
    counts: countsOf(`Objects by what became of them: ${statuses.join(', ')}. Exact once \`ended\`.`),
    bytes: z.int().meta({ description: 'Of the objects copied or renamed.' }),
    transfers: countsOf(
      'Of these bytes, those that crossed from one region to another, by the way: `eu-west-1 -> us-east-1`.',
    ).optional(),
    bytesRead: z.int().optional().meta({ description: 'Of a deep verify: of both sides together.' }),
    failures: countsOf('Failed objects by error code.'),
    losses: countsOf('Objects that lost something, by what.'),
    differences: countsOf('Of verify: objects that differ, or could not be compared, by what.'),
    rejected: z.int().meta({ description: 'Malformed rows of the source.' }),
    passedOver: countsOf('Rows of the source that are not for copying, by why.'),
    calls: countsOf('Requests to the store by operation.'),
    cost: z
      .object({
        amount: z.number(),
        transfer: z.number().optional().meta({ description: 'The part of `amount` that `transfers` cost.' }),
        currency: z.string(),
        asOf: z.string(),
        region: z.string(),
      })
      .meta({ description: 'Of `calls` and `transfers`, at list prices.' }),
    throttled: z.int().meta({ description: 'Answers of the store that said we are too fast.' }),
    requestsPerSecond: z
      .number()
      .optional()
      .meta({ description: 'That limits and throttling allow now; absent: any.' }),
    objectsPerSecond: z.number(),
    etaSeconds: z.number().optional(),
    reason: z
      .object({ code: z.string(), message: z.string() })
      .optional()
      .meta({ description: 'Why it failed as a whole.' }),
    ended: z.boolean().meta({ description: 'Over, and everything is added up.' }),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    self: z.string().meta({ description: 'Path of this batch.' }),
  })
  .meta({ id: 'Batch' });

export type BatchView = z.output<typeof batchView>;

export const batchListView = z
  .object({
    batches: z.array(batchView),
    next: z.string().optional().meta({ description: 'Cursor of the next page; absent on the last.' }),
  })
  .meta({ id: 'BatchList', description: 'Newest first.' });

const resultView = z.object({
  source: z.string(),
  sourceVersionId: z.string().optional(),
  line: z.int().optional().meta({ description: 'Of the list, from 1.' }),
  destination: z.string(),
  status: z.enum(statuses),
  size: z.int().optional(),
  etag: z.string().optional(),
  versionId: z.string().optional(),
  way: z.string().optional(),
  verifiedBy: z.string().optional(),
  lost: z.array(lossView).optional(),
  differences: z.array(lossView).optional(),
  read: z
    .object({ bytes: z.int(), requests: z.int() })
    .optional()
    .meta({ description: 'Of a deep verify: of both sides together.' }),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
  otherRow: z
    .object({ line: z.int().optional(), page: z.string(), index: z.int() })
    .optional()
    .meta({ description: 'Of `repeated`, and of `failed` with RowConflict: the row that is the reason.' }),
});

export const batchResultsView = z
  .object({
    results: z.array(resultView),
    next: z.string().optional().meta({ description: 'Cursor of the next page; absent on the last.' }),
  })
  .meta({ id: 'BatchResults', description: 'A page may hold fewer results than asked for and still have a next one.' });

/** A batch as callers see it, from its row. @throws CopyError when its work folder cannot be read. */
export async function viewBatchJob(
  world: BatchWorld,
  job: Job,
  stores: Stores,
  options?: { summary?: boolean },
): Promise<BatchView> {
  const { batchOf, viewOf } = await import('../../batch/index.ts');
  const batch = batchOf(world, job);
  if (!batch) throw new Error(`row ${job.id} is no batch`);
  return viewBatch(await viewOf(world, batch, options), stores);
}

export function viewBatch(view: View, stores: Stores): BatchView {
  const { id, request, counts, pages } = view;
  const { mode, store } = request;
  const to = mode === 'metadata' ? undefined : destinationPlaceOf(request);
  return {
    id,
    mode,
    state: view.state as BatchView['state'],
    paused: view.paused,
    source: sourceOf(view, stores),
    ...(to && { destination: urlOf(store, to, stores) }),
    priority: view.priority,
    objectsKnown: view.objectsKnown,
    allRead: pages.complete,
    objectsDone: counts.entries,
    counts: counts.counts as Record<string, number>,
    bytes: counts.bytes,
    ...(counts.transfers && { transfers: counts.transfers }),
    bytesRead: counts.bytesRead,
    failures: counts.failures,
    losses: counts.losses,
    differences: counts.differences,
    rejected: counts.rejected,
    passedOver: counts.passedOver,
    calls: counts.calls,
    cost: costOf(request, counts.calls, counts.transfers),
    throttled: view.throttled,
    requestsPerSecond: view.pace,
    objectsPerSecond: view.rate,
    etaSeconds: view.etaSeconds,
    reason: view.reason,
    ended: view.ended,
    createdAt: new Date(view.startedAt).toISOString(),
    updatedAt: new Date(view.updatedAt).toISOString(),
    self: `/v1/batches/${id}`,
  };
}

function sourceOf({ request }: View, stores: Stores): string {
  const { source, store } = request;
  if (source.kind === 'results') return `/v1/batches/${source.batchId}`;
  const place = sourcePlaceOf(request);
  return place && 'bucket' in place ? urlOf(store, place, stores) : (place?.path ?? '');
}

/** One line of the report. */
export function viewResult(line: ResultLine, store: StoreAddress, stores: Stores): z.output<typeof resultView> {
  const { bucket, key, versionId, destination, destinationVersionId, options: _, ...rest } = line;
  const url = (ref: ObjectRef) => urlOf(store, ref, stores);
  return {
    source: url({ bucket, key }),
    sourceVersionId: versionId,
    destination: url(destination),
    ...rest,
    versionId: destinationVersionId,
  };
}
