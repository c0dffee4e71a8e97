import { cancelJob } from '../../copy/cancel.ts';
import { RetryLater } from '../../copy/model/errors.ts';
import { forEachLimited } from '../../copy/model/for-each-limited.ts';
import { isFinal } from '../../copy/model/job.ts';
import type { CallOptions, Invocation } from '../../copy/model/ports.ts';
import type { BatchTask } from '../../copy/model/task.ts';
import { readPage } from '../files/page-file.ts';
import { readPartial } from '../files/partial-file.ts';
import { readResultHeader, resultText, tallyLines } from '../files/result-file.ts';
import type { Tally } from '../model/tally.ts';
import { addTallies, noTally } from '../model/tally.ts';
import { fileOf, namesIn } from '../model/work-files.ts';
import type { BatchWorld } from '../model/world.ts';
import type { Summary } from '../report/summary.ts';
import { summaryOf } from '../report/summary.ts';
import type { Batch } from '../rows/batch-row.ts';
import { changeBatch, findBatch, nextLook } from '../rows/batch-row.ts';
import { endingOnFailure, keptUntil } from '../rows/end.ts';
import { pageIds } from '../rows/pages.ts';
import { lineOfJob } from './copy-entry.ts';
import { jobOf, looksAgain } from './copy-page.ts';

const filesAtOnce = 32;

/**
 * Adds up the results and ends the batch, if none is missing. The sum is taken over what the files say, never over counters,
 * so it is exact however often anything was delivered. A batch that was ended early gets the sum of what was done.
 */
export async function totalUp(
  world: BatchWorld,
  task: Extract<BatchTask, { kind: 'total' }>,
  invocation: Invocation,
): Promise<void> {
  const batch = await findBatch(world, task.batchId);
  if (!batch || batch.job.state === 'planned' || batch.job.state === 'done') return;
  const options = { deadline: invocation.deadline };
  if (isFinal(batch.job.state)) return await sumEnded(world, batch, options);
  await endingOnFailure(world, batch, async () => {
    const finished = await finishedPages(batch, options);
    if (pageIds(batch).some((page) => !finished.has(page))) return;
    const held = await changeBatch(world, batch.id, ({ job }) =>
      job.state === 'copying' ? { state: 'finishing', attentionAt: nextLook(world) } : undefined,
    );
    if (held?.job.state !== 'finishing') return;
    const tally = await sumOf(held, finished, options);
    await writeSummary(held, summaryOf(held, 'done', world.clock.now(), tally), options);
    await changeBatch(world, batch.id, (found) => {
      if (found.job.state !== 'finishing') return undefined;
      const { removeAt } = keptUntil(world, found);
      return {
        state: 'done',
        attentionAt: removeAt,
        // A row with files must not expire before they are removed.
        expiresAt: removeAt === undefined ? world.clock.now() + world.settings.keepMs : undefined,
        batch: { summed: true, paused: undefined, removeAt, live: { ...found.row.live, tally } },
      };
    });
    world.log.info('batch done', { batch: batch.id });
  });
}

async function finishedPages({ id, files }: Batch, options: CallOptions): Promise<Set<string>> {
  const finished = new Set<string>();
  for await (const page of namesIn(files, id, 'results', '', options)) finished.add(page);
  return finished;
}

async function sumOf({ id, files }: Batch, finished: ReadonlySet<string>, options: CallOptions): Promise<Tally> {
  let sum = noTally;
  await forEachLimited([...finished], filesAtOnce, async (page) => {
    const header = await readResultHeader(files, id, page, options);
    if (!header) throw new RetryLater(`The result of page ${page} of batch ${id} is not to be seen.`);
    sum = addTallies(sum, header);
  });
  return sum;
}

async function writeSummary({ id, files }: Batch, summary: Summary, options: CallOptions): Promise<void> {
  await files.write(fileOf.summary(id), `${JSON.stringify(summary, undefined, 2)}\n`, options);
}

/** May come again: a worker that was in the middle of a page when the batch ended tells of what it did. */
async function sumEnded(world: BatchWorld, batch: Batch, options: CallOptions): Promise<void> {
  await closePages(world, batch, options);
  const finished = await finishedPages(batch, options);
  const tally = await sumOf(batch, finished, options);
  const state = batch.job.state === 'failed' ? 'failed' : 'cancelled';
  await writeSummary(batch, summaryOf(batch, state, world.clock.now(), tally), options);
  // Another worker may have added up more than we saw, and we have just overwritten it.
  if ((await finishedPages(batch, options)).size > finished.size) {
    throw new RetryLater(`Batch ${batch.id} was given more results while they were added up.`);
  }
  await changeBatch(world, batch.id, (found) => {
    const { job, row } = found;
    const { removeAt } = keptUntil(world, found);
    // A time that was set meanwhile is that of a worker whose result we may not have seen.
    const attentionAt = job.attentionAt === batch.job.attentionAt ? removeAt : job.attentionAt;
    if (row.summed && row.live.tally.entries === tally.entries && job.attentionAt === attentionAt) return undefined;
    const expiresAt = removeAt === undefined ? job.expiresAt : undefined;
    return { attentionAt, expiresAt, batch: { summed: true, removeAt, live: { ...row.live, tally } } };
  });
}

/** What is known of unfinished pages becomes their result; their large objects' jobs are cancelled. */
async function closePages(world: BatchWorld, batch: Batch, options: CallOptions): Promise<void> {
  const { id, files, request } = batch;
  const finished = await finishedPages(batch, options);
  for await (const page of namesIn(files, id, 'partial', '', options)) {
    if (finished.has(page)) continue;
    const { header, entries } = await readPage(files, id, page, options);
    const { lines, jobs, calls } = await readPartial(files, id, page, options);
    for (const [index, jobId] of jobs) {
      const job = (await jobOf(world, batch, jobId)) && (await cancelJob(world, jobId)).job;
      if (job && !isFinal(job.state)) {
        throw new RetryLater(`Job ${jobId} of batch ${id} is about to be finished.`, { delayMs: 2_000 });
      }
      const entry = entries[index];
      const line = job && entry && lineOfJob(request, entry, job);
      if (line) lines.set(index, line);
    }
    const known = [...lines].sort(([a], [b]) => a - b).map(([, line]) => line);
    const result = { page, ...tallyLines(header, known, calls, looksAgain(world, batch)), stopped: true as const };
    await files.write(fileOf.result(id, page), resultText(result, known), { ...options, ifAbsent: true });
  }
}
