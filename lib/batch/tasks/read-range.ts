import { RetryLater } from '../../copy/model/errors.ts';
import type { CallOptions, Invocation } from '../../copy/model/ports.ts';
import type { BatchTask } from '../../copy/model/task.ts';
import type { Cursor, OpenSource, RangeSpec, Rejected } from '../../sources/shared/source.ts';
import { firstCheck } from '../conflicts/check.ts';
import { needsCheck } from '../conflicts/needed.ts';
import type { PageEntry, PageHeader } from '../files/page-file.ts';
import { newestPage, pageText, readHeader } from '../files/page-file.ts';
import { addRecords } from '../model/tally.ts';
import { fileOf, pageId, rangeOf, seqOf } from '../model/work-files.ts';
import type { BatchWorld } from '../model/world.ts';
import { defaultPageSize } from '../request/request.ts';
import { selectorOf } from '../request/select.ts';
import type { Batch } from '../rows/batch-row.ts';
import { addLive, changeBatch, findBatch, isAtWork, nextLook } from '../rows/batch-row.ts';
import { endingOnFailure } from '../rows/end.ts';
import { pagesOf } from '../rows/pages.ts';
import { taskOf } from '../rows/tasks.ts';
import { addSides } from '../sync/check-removals.ts';
import { openSourceOf } from './open-source.ts';

/** So many ranges are read at once; more would not be faster, for copying is slower than reading. */
const readersWanted = 16;
/** Ranges a batch may have in all: they stand in its row. */
const rangesAtMost = 256;
/** Reads that may come to nothing (all filtered out) before a page is written, so that the place is kept. */
const readsPerPage = 50;
/** Of a sync most reads do, and its progress tells what was compared once a page. */
const readsPerPageOfSync = 5;

/**
 * Reads one range into pages until it ends or the invocation does; then another task goes on. A page is written once, and
 * its header says where reading goes on: a later reader finds the place in the newest page, and two readers of one
 * range agree page by page on what stands in it.
 */
export async function readRange(
  world: BatchWorld,
  task: Extract<BatchTask, { kind: 'read' }>,
  invocation: Invocation,
): Promise<void> {
  const batch = await findBatch(world, task.batchId);
  if (!batch || !isAtWork(batch)) return;
  await endingOnFailure(world, batch, async () => {
    const options = { deadline: invocation.deadline };
    const newest = await newestPage(batch.files, batch.id, task.range, options);
    if (newest) await settlePage(world, batch, newest, options);
    if (newest?.last) return;
    const range = await readRangeSpec(batch, task.range, options);
    const source = await openSourceOf(world, batch);
    try {
      await readOn(world, { batch, range, source, invocation, options }, newest);
    } finally {
      await source.close();
    }
  });
}

interface Reading {
  batch: Batch;
  range: RangeSpec;
  source: OpenSource;
  invocation: Invocation;
  options: CallOptions;
}

async function readOn(world: BatchWorld, reading: Reading, newest: PageHeader | undefined): Promise<void> {
  const { range, invocation } = reading;
  let batch: Batch | undefined = reading.batch;
  let header = newest;
  while (batch && isAtWork(batch)) {
    header = await nextPage(world, { ...reading, batch }, header);
    batch = await settlePage(world, batch, header, reading.options);
    if (header.last || world.isStopping?.(reading.batch.id)) return;
    if (invocation.deadline - world.clock.now() < world.settings.partReserveMs) {
      await world.queue.send([taskOf(reading.batch, { kind: 'read', range: range.range })]);
      return;
    }
  }
}

/** Reads and writes the page after `before`. Where another reader has written it already, that page counts. */
async function nextPage(world: BatchWorld, reading: Reading, before: PageHeader | undefined): Promise<PageHeader> {
  const { batch, range, options } = reading;
  const page = pageId(range.range, before ? seqOf(before.page) + 1 : 0);
  const read = await readEntries(world, reading, before?.cursor);
  const { entries, rejected, ...rest } = read;
  const bytes = entries.reduce((sum, { size = 0 }) => sum + size, 0);
  const header: PageHeader = { page, entries: entries.length, bytes, rejected: rejected.length, ...rest };
  if (rejected.length > 0) {
    const lines = rejected.map((row) => `${JSON.stringify(row)}\n`).join('');
    await batch.files.write(fileOf.rejected(batch.id, page), lines, options);
  }
  const text = pageText(header, entries);
  const mine = await batch.files.write(fileOf.page(batch.id, page), text, { ...options, ifAbsent: true });
  if (mine) world.log.debug('page read', { batch: batch.id, page, entries: entries.length });
  return mine ? header : await readHeader(batch.files, batch.id, page, options);
}

type Read = Omit<PageHeader, 'page' | 'entries' | 'bytes' | 'rejected'> & {
  entries: PageEntry[];
  rejected: Rejected[];
};

async function readEntries(
  world: BatchWorld,
  { batch, range, source, options }: Reading,
  from: Cursor | undefined,
): Promise<Read> {
  const limit = batch.request.pageSize ?? defaultPageSize;
  const select = selectorOf(batch.request, world.store(batch.request.store).facts);
  const { ranges } = batch.row;
  const open = Object.values(ranges).filter((pages) => pages === 0).length;
  const split = open < readersWanted && Object.keys(ranges).length < rangesAtMost;
  const read: Read = { entries: [], rejected: [], passedOver: {}, cursor: from ?? null };
  let cursor = from;
  const reads = batch.request.sync ? readsPerPageOfSync : readsPerPage;
  for (let n = 0; n < reads; n += 1) {
    const room = limit - read.entries.length - read.rejected.length;
    const got = await source.reader.read(range, cursor, room, { ...options, split });
    cursor = read.cursor = got.cursor;
    for (const entry of got.entries) {
      const selected = select(entry);
      if (selected) read.entries.push(selected);
    }
    read.rejected.push(...got.rejected);
    if (got.sides) addSides((read.sides ??= { sources: 0, destinations: 0, extras: 0 }), got.sides);
    read.passedOver = addRecords(read.passedOver, got.passedOver);
    // The header tells of one split only.
    if (got.split) return { ...read, split: got.split, ...(got.last && { last: true }) };
    if (got.last) return { ...read, last: true };
    if (read.entries.length + read.rejected.length >= limit) break;
  }
  return read;
}

/**
 * Does what a page that stands in the work folder asks for: its copying, the range split off with it, the end of its own.
 * All of it may be done twice.
 */
async function settlePage(
  world: BatchWorld,
  batch: Batch,
  header: PageHeader,
  options: CallOptions,
): Promise<Batch | undefined> {
  const { id, files } = batch;
  const { page, split, last } = header;
  if (split) {
    const text = JSON.stringify(split);
    await files.write(fileOf.range(id, split.range), text, { ...options, ifAbsent: true });
  }
  let now: Batch | undefined = batch;
  if (split || last) {
    const change: Record<string, number> = {};
    if (split) change[split.range] = 0;
    if (last) change[rangeOf(page)] = seqOf(page) + 1;
    now = await changeBatch(world, id, (found) => endRanges(world, found, change));
  }
  await world.queue.send([
    ...(needsCheck(batch.request) ? [] : [taskOf(batch, { kind: 'page', page })]),
    ...(split ? [taskOf(batch, { kind: 'read', range: split.range })] : []),
  ]);
  if (!now) return undefined;
  if (now.row.check && !now.row.check.done) await world.queue.send([taskOf(batch, { kind: 'check' })]);
  if (now.job.state === 'copying') await totalIfDone(world, now);
  return await addLive(world, now, (live) => ({
    ...live,
    entries: live.entries + header.entries,
    bytes: (live.bytes ?? 0) + (header.bytes ?? 0),
    pages: live.pages + 1,
    passedOver: (live.passedOver ?? 0) + Object.values(header.passedOver).reduce((sum, rows) => sum + rows, 0),
  }));
}

/** New ranges join, ended ones tell their pages; when none is left open, all is read, and is checked or copied. */
function endRanges(world: BatchWorld, { job, row, request }: Batch, change: Record<string, number>) {
  if (job.state !== 'planned') return undefined;
  const ranges = { ...row.ranges };
  for (const [range, pages] of Object.entries(change)) ranges[range] = Math.max(ranges[range] ?? 0, pages);
  const allRead = Object.values(ranges).every((pages) => pages > 0);
  const attentionAt = nextLook(world);
  if (!allRead) return { attentionAt, batch: { ranges } };
  if (needsCheck(request)) return { attentionAt, batch: { ranges, check: row.check ?? firstCheck(world, request) } };
  return { attentionAt, batch: { ranges }, state: 'copying' as const };
}

/** The counter is a hint: who adds up looks at the files. */
export async function totalIfDone(world: BatchWorld, batch: Batch): Promise<void> {
  if (batch.job.partsDone < pagesOf(batch)) return;
  await world.queue.send([taskOf(batch, { kind: 'total' })]);
}

async function readRangeSpec({ id, files }: Batch, range: string, options: CallOptions): Promise<RangeSpec> {
  const text = await files.read(fileOf.range(id, range), options);
  if (text === undefined) throw new RetryLater(`Range ${range} of batch ${id} is not to be seen.`, { delayMs: 1000 });
  return JSON.parse(text) as RangeSpec;
}
