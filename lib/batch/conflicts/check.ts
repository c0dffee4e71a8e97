/**
 * The check that no two rows of a batch get in each other's way, between the reading and the copying (I3).
 *
 * A hash join over files, so that memory is flat for lists of any length. Pages are taken in groups of
 * `batchCheckRows` rows. `split`: the rows of a group become records, a file for each partition of all objects. `join`: the
 * records of one partition, from all groups, are sorted and searched. `release`: what was found is written beside the pages
 * of a group, and their tasks are sent. The row says which step comes next; a step that is done twice writes the same.
 *
 * A sync that removes objects has one step in place of the first two: `sync/check-removals.ts`.
 *
 * Costs for n rows, G = n / batchCheckRows: about 107 n bytes in the work folder, G² + 2 n / pageSize reads and G² writes.
 */
import { forEachLimited } from '../../copy/model/for-each-limited.ts';
import type { CallOptions, Invocation } from '../../copy/model/ports.ts';
import { readPage } from '../files/page-file.ts';
import type { BatchWorld } from '../model/world.ts';
import type { BatchRequest } from '../request/request.ts';
import { defaultPageSize } from '../request/request.ts';
import type { Batch, BatchCheck } from '../rows/batch-row.ts';
import { changeBatch, findBatch, isAtWork, nextLook } from '../rows/batch-row.ts';
import { endingOnFailure } from '../rows/end.ts';
import { pageIds } from '../rows/pages.ts';
import { taskOf } from '../rows/tasks.ts';
import { checkRemovals } from '../sync/check-removals.ts';
import { readConflicts, readRecords, writeConflicts, writeRecords, writeVerdicts } from './files.ts';
import type { Conflict } from './find.ts';
import { findConflicts } from './find.ts';
import { partitioned, recordsOf } from './records.ts';
import { verdictsOf } from './verdict.ts';

const filesAtOnce = 16;

/** The check of a batch whose source was just read to its end. */
export function firstCheck({ settings }: BatchWorld, { pageSize = defaultPageSize, sync }: BatchRequest): BatchCheck {
  return {
    step: sync ? 'removals' : 'split',
    next: 0,
    found: 0,
    pagesInGroup: Math.ceil(settings.batchCheckRows / pageSize),
  };
}

/** Whether the page may be worked on: the check has passed it, or the batch needs none. */
export function isReleased(batch: Batch, page: string): boolean {
  const { check } = batch.row;
  if (!check || check.done) return true;
  return check.step === 'release' && groupOf(check, pageIds(batch).indexOf(page)) < check.next;
}

/** Does as many steps as there is time for; another task goes on. */
export async function checkRows(world: BatchWorld, batchId: string, invocation: Invocation): Promise<void> {
  const options = { deadline: invocation.deadline };
  let batch = await findBatch(world, batchId);
  while (batch?.row.check && !batch.row.check.done && isAtWork(batch)) {
    if (invocation.deadline - world.clock.now() < world.settings.partReserveMs) {
      await world.queue.send([taskOf(batch, { kind: 'check' })]);
      return;
    }
    batch = await step(world, batch, batch.row.check, options);
  }
}

/** A work folder that cannot be used ends the batch; nothing was written yet. */
async function step(
  world: BatchWorld,
  batch: Batch,
  check: BatchCheck,
  options: CallOptions,
): Promise<Batch | undefined> {
  let after: Batch | undefined;
  await endingOnFailure(world, batch, async () => {
    after = await doStep(world, batch, check, options);
  });
  return after;
}

async function doStep(
  world: BatchWorld,
  batch: Batch,
  check: BatchCheck,
  options: CallOptions,
): Promise<Batch | undefined> {
  const pages = pageIds(batch);
  const groups = groupOf(check, pages.length - 1) + 1;
  const advance = (found = 0) => advanceTo(world, batch.id, check, stepAfter(check, groups, found));
  switch (check.step) {
    case 'removals':
      await checkRemovals(batch, options);
      return (await advanceTo(world, batch.id, check, { ...check, step: 'release' })).batch;
    case 'split':
      await split(batch, check, pages, groups, options);
      return (await advance()).batch;
    case 'join':
      return (await advance(await join(batch, check, groups, options))).batch;
    case 'release': {
      await writeGroupVerdicts(batch, check, pages, options);
      const { batch: now, isOurs } = await advance();
      const released = pages.filter((_, n) => groupOf(check, n) === check.next);
      if (isOurs) await world.queue.send(released.map((page) => taskOf(batch, { kind: 'page', page })));
      return now;
    }
  }
}

function stepAfter({ step, next, found, pagesInGroup }: BatchCheck, groups: number, more: number): BatchCheck {
  const sum = found + more;
  if (next + 1 < groups) return { step, next: next + 1, found: sum, pagesInGroup };
  if (step === 'release') return { step, next: groups, found: sum, pagesInGroup, done: true };
  return { step: step === 'split' ? 'join' : 'release', next: 0, found: sum, pagesInGroup };
}

/** Writes the next step into the row, unless another worker has done so. */
async function advanceTo(
  world: BatchWorld,
  id: string,
  from: BatchCheck,
  to: BatchCheck,
): Promise<{ batch: Batch | undefined; isOurs: boolean }> {
  let isOurs = false;
  const batch = await changeBatch(world, id, ({ job, row: { check } }) => {
    isOurs = job.state === 'planned' && check?.step === from.step && check.next === from.next;
    if (!isOurs) return undefined;
    return { attentionAt: nextLook(world), batch: { check: to }, ...(to.done && { state: 'copying' as const }) };
  });
  return { batch, isOurs };
}

function groupOf({ pagesInGroup }: BatchCheck, page: number): number {
  return Math.floor(page / pagesInGroup);
}

async function split(
  batch: Batch,
  check: BatchCheck,
  pages: readonly string[],
  partitions: number,
  options: CallOptions,
): Promise<void> {
  const { id, files } = batch;
  const group = check.next;
  const parts = Array.from({ length: partitions }, (): Buffer[] => []);
  const numbers = pages.flatMap((_, n) => (groupOf(check, n) === group ? [n] : []));
  await forEachLimited(numbers, filesAtOnce, async (number) => {
    const { entries } = await readPage(files, id, pages[number] ?? '', options);
    const records = Buffer.concat(entries.map((entry, index) => recordsOf(entry, number, index)));
    for (const [partition, its] of partitioned(records, partitions).entries()) parts[partition]?.push(its);
  });
  await forEachLimited([...parts.entries()], filesAtOnce, async ([partition, records]) => {
    await writeRecords(files, id, { group, partition }, Buffer.concat(records), options);
  });
}

/** @returns how many rows are in conflicts. */
async function join(batch: Batch, check: BatchCheck, groups: number, options: CallOptions): Promise<number> {
  const { id, files, request } = batch;
  const partition = check.next;
  const parts: Buffer[] = [];
  for (let group = 0; group < groups; group += 1) {
    parts.push(await readRecords(files, id, { group, partition }, options));
  }
  const byGroup = new Map<number, Conflict[]>();
  let found = 0;
  for (const conflict of findConflicts(Buffer.concat(parts), request.mode)) {
    const group = groupOf(check, conflict.page);
    const conflicts = byGroup.get(group);
    if (conflicts) conflicts.push(conflict);
    else byGroup.set(group, [conflict]);
    found += 1;
  }
  for (const [group, conflicts] of byGroup) await writeConflicts(files, id, { group, partition }, conflicts, options);
  return found;
}

async function writeGroupVerdicts(
  { id, files }: Batch,
  { next: group, found }: BatchCheck,
  pages: readonly string[],
  options: CallOptions,
): Promise<void> {
  if (found === 0) return;
  const verdicts = verdictsOf(await readConflicts(files, id, group, options), pages);
  await forEachLimited([...verdicts], filesAtOnce, async ([page, its]) => {
    await writeVerdicts(files, id, page, its, options);
  });
}
