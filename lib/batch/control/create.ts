import { createHash, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { gaveUp, GiveUp } from '../../copy/model/errors.ts';
import { forEachLimited } from '../../copy/model/for-each-limited.ts';
import type { CallOptions } from '../../copy/model/ports.ts';
import type { RangeSpec } from '../../sources/shared/source.ts';
import type { PageEntry } from '../files/page-file.ts';
import { fileOf } from '../model/work-files.ts';
import type { BatchWorld } from '../model/world.ts';
import { checkBatch, copyModeOf, readRequest, workPlaceOf } from '../request/check.ts';
import { destinationPlaceOf, sourcePlaceOf } from '../request/places.ts';
import type { BatchInput, BatchRequest } from '../request/request.ts';
import { selectorOf } from '../request/select.ts';
import type { Batch, BatchRow } from '../rows/batch-row.ts';
import { batchOf, nextLook, noLive } from '../rows/batch-row.ts';
import { announcePriority } from '../rows/priority.ts';
import { taskOf } from '../rows/tasks.ts';
import { openSourceOf } from '../tasks/open-source.ts';

/** Entries that are looked at before anything is written. */
const sampleSize = 100;

/** An inventory has a range for each of its files. */
const writesAtOnce = 16;

export interface StartOptions extends CallOptions {
  /** For the batch's own row; the labels of the request go with each of its objects as well. */
  rowLabels?: Record<string, string>;
  /** Of a request that is known by another id than its idempotency key gives; the same key must come with the same id. */
  id?: string;
}

/**
 * Starts a batch: everything that can be refused is refused before the first write, then its ranges are written, its row,
 * and the tasks that read. With an idempotency key a second request finds the batch of the first.
 *
 * @throws GiveUp BadRequest, NoSuchBucket, AccessDenied, NotFound, ... when it cannot be done; RetryLater.
 */
export async function startBatch(
  world: BatchWorld,
  input: BatchInput,
  { rowLabels, id: givenId, ...options }: StartOptions = {},
): Promise<{ batch: Batch; isNew: boolean }> {
  const kept = readRequest(input);
  const id = givenId ?? batchId(kept.idempotencyKey);
  const before = kept.idempotencyKey === undefined ? undefined : await world.state.get(id);
  if (before) return { batch: sameBatch(batchOf(world, before), kept), isNew: false };
  checkBatch(world, kept);
  const work = workPlaceOf(world, kept);
  const ranges = await sample(world, kept, options);
  const files = world.files(work);
  await files.write(fileOf.request(id), `${JSON.stringify(kept, undefined, 2)}\n`, options);
  if (kept.rule && world.byRule) await files.write(fileOf.rules(id), world.byRule.text(), options);
  await forEachLimited(ranges, writesAtOnce, async (range) => {
    await files.write(fileOf.range(id, range.range), JSON.stringify(range), options);
  });
  const { job, landed } = await world.state.create({
    ...rowOf(world, id, kept),
    labels: { ...kept.labels, ...rowLabels },
    batch: {
      kind: 'batch',
      request: kept,
      work,
      ranges: Object.fromEntries(ranges.map(({ range }) => [range, 0])),
      live: noLive,
    } satisfies BatchRow,
  });
  const batch = sameBatch(batchOf(world, job), kept);
  if (!landed) return { batch, isNew: false };
  await announcePriority(world, id, kept);
  await world.queue.send(ranges.map(({ range }) => taskOf(batch, { kind: 'read', range })));
  world.log.info('batch started', { batch: id, mode: kept.mode, ranges: ranges.length });
  return { batch, isNew: true };
}

/** The same for the same key. */
export function batchId(key: string | undefined): string {
  if (key === undefined) return randomUUID().replaceAll('-', '').slice(0, 24);
  return createHash('sha256')
    .update(JSON.stringify(['batch', key]))
    .digest('hex')
    .slice(0, 24);
}

function sameBatch(batch: Batch | undefined, request: BatchRequest): Batch {
  if (batch && isDeepStrictEqual(batch.request, request)) return batch;
  throw new GiveUp(
    'BadRequest',
    `The idempotency key '${request.idempotencyKey}' was used for another batch; choose another key for this one.`,
  );
}

function rowOf(world: BatchWorld, id: string, request: BatchRequest) {
  const { mode, store } = request;
  const now = world.clock.now();
  const nowhere = { bucket: '', key: '' };
  const from = sourcePlaceOf(request);
  return {
    id,
    revision: 0,
    state: 'planned' as const,
    mode: copyModeOf(mode),
    store,
    source: from && 'bucket' in from ? from : nowhere,
    destination: destinationPlaceOf(request) ?? nowhere,
    options: {},
    many: true as const,
    partsDone: 0,
    createdAt: now,
    updatedAt: now,
    attentionAt: nextLook(world),
  };
}

/** Reads the beginning of the source: whether it is there, may be read, and can go where it is to go. */
async function sample(world: BatchWorld, request: BatchRequest, options: CallOptions): Promise<RangeSpec[]> {
  const source = await openSourceOf(world, { request });
  try {
    const ranges = await source.ranges();
    const [range] = ranges;
    if (!range) throw new GiveUp('BadRequest', 'There is nothing to read in this source.');
    // Both sides are listed anyway, and what is wrong with them ends the batch before its first write.
    if (request.sync) return ranges;
    const { entries } = await source.reader.read(range, undefined, sampleSize, {
      ...options,
      split: false,
      sample: true,
    });
    const select = selectorOf(request, world.store(request.store).facts);
    const selected = entries.flatMap((entry) => select(entry) ?? []);
    const inside = selected.find(({ error }) => error?.code === 'RowConflict');
    if (inside?.error) throw new GiveUp('BadRequest', inside.error.message);
    const first = selected.find(({ error }) => error === undefined);
    if (first) await lookAtDestination(world, request, first, options);
    return ranges;
  } finally {
    await source.close();
  }
}

/** Reports a missing or forbidden bucket at once. The object itself is expected to be missing. */
async function lookAtDestination(
  world: BatchWorld,
  request: BatchRequest,
  { destination }: PageEntry,
  options: CallOptions,
): Promise<void> {
  try {
    await world.store(request.store).head(destination, options);
  } catch (error) {
    const hopeless = gaveUp(
      error,
      'NoSuchBucket',
      'CrossRegion',
      'InvalidCredentials',
      'PublicEndpointForbidden',
      'WrongEndpoint',
    );
    if (hopeless) throw error;
  }
}
