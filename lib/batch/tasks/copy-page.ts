import { CopyError, gaveUp } from '../../copy/model/errors.ts';
import { takesTurns } from '../../copy/plan/overwrite.ts';
import type { Job } from '../../copy/model/job.ts';
import { isFinal, requestOf } from '../../copy/model/job.ts';
import type { Invocation } from '../../copy/model/ports.ts';
import type { BatchTask } from '../../copy/model/task.ts';
import { startCopy } from '../../copy/start.ts';
import { isReleased } from '../conflicts/check.ts';
import { readVerdicts } from '../conflicts/files.ts';
import { lineOfVerdict } from '../conflicts/verdict.ts';
import type { PageEntry, PageHeader } from '../files/page-file.ts';
import { readPage } from '../files/page-file.ts';
import type { Known } from '../files/partial-file.ts';
import { readPartial, savePartial } from '../files/partial-file.ts';
import type { ResultLine } from '../files/result-file.ts';
import { readResultHeader, resultText, tallyLines } from '../files/result-file.ts';
import type { Tally } from '../model/tally.ts';
import { addRecords, addTallies } from '../model/tally.ts';
import { fileOf } from '../model/work-files.ts';
import type { BatchWorld } from '../model/world.ts';
import type { Batch } from '../rows/batch-row.ts';
import { addLive, changeBatch, findBatch, isAtWork, nextLook } from '../rows/batch-row.ts';
import { openPaced } from '../rows/pace.ts';
import { standBackMs } from '../rows/priority.ts';
import { taskOf } from '../rows/tasks.ts';
import { copyEntries } from './copy-entries.ts';
import { lineOfJob } from './copy-entry.ts';
import { totalIfDone } from './read-range.ts';

type PageTask = Extract<BatchTask, { kind: 'page' }>;

/** A page that waits for its large objects, or for a store in trouble, is looked at again after this, at first and at most. */
const waitMs = { first: 1_000, most: 30_000 };

/**
 * Copies the objects of one page, and writes what became of them, once. A page that has its results is finished, however
 * often it is delivered. What cannot be finished now (a large object's job, a store that is down, no time left) is kept, and
 * the task is sent anew instead of being refused, so that waiting uses up no deliveries.
 */
export async function copyPage(world: BatchWorld, task: PageTask, invocation: Invocation): Promise<void> {
  const batch = await findBatch(world, task.batchId);
  if (!batch) return;
  // The worker that had this task before may have died right after it wrote a result.
  if (!isAtWork(batch)) return invocation.attempt > 1 ? await tellStopped(world, batch) : undefined;
  // A task of before the check. The check sends another.
  if (!isReleased(batch, task.page)) return;
  const delayMs = await standBackMs(world, batch);
  if (delayMs > 0) return await world.queue.send([task], { delayMs });
  const options = { deadline: invocation.deadline };
  if ((await readResultHeader(batch.files, batch.id, task.page, options)) !== undefined) {
    return await countPage(world, batch);
  }
  const { header, entries } = await readPage(batch.files, batch.id, task.page, options);
  const known = await readPartial(batch.files, batch.id, task.page, options);
  const before = known.lines.size;
  await takeVerdicts(batch, task.page, entries, known, options);
  await lookAtJobs(world, batch, entries, known, invocation);
  world.onPage?.(batch.id, task.page, known);
  const paced = openPaced(world, batch);
  const stopped = await copyEntries(world, paced.store, { batch, page: task.page, entries, known, invocation });
  const throttled = await paced.end();
  if (known.lines.size === entries.length) {
    const tally = await writeResult(world, batch, header, known, paced.calls, options);
    await countPage(world, batch, tally, throttled);
    return world.onPage?.(batch.id, task.page, undefined);
  }
  known.waits = known.lines.size > before ? 0 : known.waits + 1;
  await savePartial(batch.files, batch.id, task.page, known, paced.calls, options);
  if (stopped === 'batch') {
    world.onPage?.(batch.id, task.page, undefined);
    return await tellStopped(world, await findBatch(world, batch.id));
  }
  if (stopped === 'time') return await world.queue.send([task]);
  await world.queue.send([task], { delayMs: Math.min(waitMs.most, waitMs.first * 2 ** known.waits) });
}

/** A job of this batch. A file may name the id of a job that belongs to another batch: that one is not returned. */
export async function jobOf(world: BatchWorld, { id }: Batch, jobId: string): Promise<Job | undefined> {
  const job = await world.state.get(jobId);
  return job?.labels?.['batch'] === id ? job : undefined;
}

/** Rows that the check has stopped are not done. */
async function takeVerdicts(
  { id, files, row, request }: Batch,
  page: string,
  entries: PageEntry[],
  known: Known,
  options: { deadline: number },
): Promise<void> {
  if (!row.check?.found) return;
  for (const verdict of await readVerdicts(files, id, page, options)) {
    const entry = entries[verdict.index];
    if (entry) known.lines.set(verdict.index, lineOfVerdict(request, entry, verdict));
  }
}

/** Large objects whose jobs have ended meanwhile. */
async function lookAtJobs(
  world: BatchWorld,
  batch: Batch,
  entries: PageEntry[],
  known: Known,
  invocation: Invocation,
): Promise<void> {
  for (const [index, id] of known.jobs) {
    const entry = entries[index];
    const found = await jobOf(world, batch, id);
    const job = found && (await goOnWhenRestored(world, found, invocation));
    const line = entry && job && lineOfJob(batch.request, entry, job);
    if (line) known.lines.set(index, line);
    // Without a row the outcome is unknown, so the object is started again; and so it is when its backup is there.
    if (line || !job || isFinal(job.state)) known.jobs.delete(index);
  }
}

/**
 * A job that waits for the restore of its source has no task under way: a page looks after its own, for a sweep that looks at
 * every job of a large batch would be late.
 */
async function goOnWhenRestored(world: BatchWorld, job: Job, invocation: Invocation): Promise<Job | undefined> {
  const isDue = job.restoringSince !== undefined && (job.attentionAt ?? 0) <= world.clock.now();
  if (isFinal(job.state) || !isDue) return job;
  try {
    await startCopy(world, requestOf(job), invocation, job.id);
  } catch (error) {
    // What ended the job stands in its row; what may pass is tried again when the page comes back.
    if (!(error instanceof CopyError) || gaveUp(error, 'StateUnusable')) throw error;
  }
  return await world.state.get(job.id);
}

/** Undefined when another worker has written the result first: that one counts. */
async function writeResult(
  world: BatchWorld,
  batch: Batch,
  header: PageHeader,
  known: Known,
  calls: Record<string, number>,
  options: { deadline: number },
): Promise<Tally | undefined> {
  const lines = [...known.lines].sort(([a], [b]) => a - b).map(([, line]): ResultLine => line);
  const tally = tallyLines(header, lines, addRecords(known.calls, calls), looksAgain(world, batch));
  const text = resultText({ page: header.page, ...tally }, lines);
  const name = fileOf.result(batch.id, header.page);
  return (await batch.files.write(name, text, { ...options, ifAbsent: true })) ? tally : undefined;
}

/** A page cannot tell how a manifest's own options differ from the request's; they are rare, and the call is one of six. */
export function looksAgain(world: BatchWorld, { request: { mode, options, store } }: Batch): boolean {
  return mode === 'rename' && takesTurns({ mode, options }, world.store(store).facts);
}

/** After the result is there, however it came there: the counter may run ahead, but must not stay behind. */
async function countPage(world: BatchWorld, { id }: Batch, tally?: Tally, throttled = 0): Promise<void> {
  await world.state.count(id, 1, nextLook(world));
  const batch = await findBatch(world, id);
  if (!batch) return;
  if (batch.job.state === 'copying') await totalIfDone(world, batch);
  await tellStopped(world, batch);
  // The row of one that has ended holds the sum.
  if (!tally || isFinal(batch.job.state)) return;
  await addLive(world, batch, (live) => ({
    ...live,
    tally: addTallies(live.tally, tally),
    throttled: live.throttled + throttled,
  }));
}

/** A batch that was ended while we worked: its summary is to have what we know. */
async function tellStopped(world: BatchWorld, batch: Batch | undefined): Promise<void> {
  if (!batch || !isFinal(batch.job.state) || batch.job.state === 'done') return;
  // The sweep sends the task once more if this one is lost.
  await changeBatch(world, batch.id, () => ({ attentionAt: nextLook(world) }), batch);
  await world.queue.send([taskOf(batch, { kind: 'total' })]);
}
