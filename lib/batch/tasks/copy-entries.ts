import { CopyError, gaveUp, RetryLater } from '../../copy/model/errors.ts';
import { forEachLimited } from '../../copy/model/for-each-limited.ts';
import type { Invocation, World } from '../../copy/model/ports.ts';
import type { PageEntry } from '../files/page-file.ts';
import { errorFields } from '../files/result-file.ts';
import type { Known } from '../files/partial-file.ts';
import type { BatchWorld } from '../model/world.ts';
import { defaultConcurrency } from '../request/request.ts';
import type { Batch } from '../rows/batch-row.ts';
import { findBatch, isAtWork } from '../rows/batch-row.ts';
import type { EntryOutcome } from './copy-entry.ts';
import { doEntry, failedLine } from './copy-entry.ts';

/** Tries of one object in one delivery of its page, and rounds of the page, before it counts as failed. */
const triesAtOnce = 3;
const roundsAtMost = 6;
const firstPauseMs = 250;
/** How often the row is asked whether the batch still wants to be worked on. */
const askEveryMs = 1_000;

/**
 * A page is worked on for so long at a time, milliseconds, then the next one in the queue has its turn: a batch with a slow rate,
 * or a slow store, must not keep the workers from the batches of others.
 */
const sliceMs = 30_000;
/** Objects are begun only so far ahead as the batch's rate lets go on within this time, milliseconds. */
const begunForMs = 5_000;

export interface PageWork {
  batch: Batch;
  page: string;
  entries: PageEntry[];
  known: Known;
  invocation: Invocation;
}

/**
 * Works on the objects of a page of which nothing is known yet, many at once, and writes what becomes of them into `known`.
 *
 * @returns why objects were left unstarted: no time was left, or the batch was paused or ended.
 */
export async function copyEntries(
  world: BatchWorld,
  store: World['store'],
  work: PageWork,
): Promise<'time' | 'batch' | undefined> {
  const { batch, entries, known, invocation } = work;
  const open = entries.map((_, index) => index).filter((index) => !known.lines.has(index) && !known.jobs.has(index));
  const mayBegin = watchStop(world, batch, invocation);
  const paced: BatchWorld = { ...world, store };
  let stopped: 'time' | 'batch' | undefined;
  const troubled = new Map<number, CopyError>();
  const doOne = async (index: number): Promise<void> => {
    stopped ??= await mayBegin();
    if (stopped) return;
    try {
      note(known, index, await tryEntry(paced, work, index));
    } catch (error) {
      if (gaveUp(error, 'StateUnusable')) throw error;
      world.log.warn('an object of a batch is left for later', {
        batch: batch.id,
        page: work.page,
        error: String(error),
      });
      troubled.set(index, asCopyError(error));
    }
  };
  const { objectsAtOnce } = batch.request;
  await forEachLimited(open, concurrencyOf(batch), async (index) => {
    if (objectsAtOnce === undefined || !world.inTurn) await doOne(index);
    else await world.inTurn(batch.id, objectsAtOnce, () => doOne(index));
  });
  if (troubled.size > 0 && !stopped) known.tries += 1;
  if (known.tries < roundsAtMost) return stopped;
  for (const [index, error] of troubled) {
    known.lines.set(index, failedLine(batch.request, entries[index] as PageEntry, errorFields(error)));
  }
  return stopped;
}

function concurrencyOf({ request }: Batch): number {
  const { concurrency = defaultConcurrency, limits = {} } = request;
  const rate = Math.min(limits.requestsPerSecond ?? Infinity, limits.prefixRequestsPerSecond ?? Infinity);
  return Math.max(1, Math.min(concurrency, Math.ceil((rate * begunForMs) / 1000)));
}

function note({ lines, jobs }: Known, index: number, outcome: EntryOutcome): void {
  if ('job' in outcome) jobs.set(index, outcome.job);
  else lines.set(index, outcome.line);
}

async function tryEntry(
  world: BatchWorld,
  { batch, page, entries, known, invocation }: PageWork,
  index: number,
): Promise<EntryOutcome> {
  const { request } = batch;
  const entry = entries[index] as PageEntry;
  const overwrite = entry.options?.overwrite ?? request.options.overwrite;
  // Any page may have been begun before: an equal object at the destination may be our own copy, and an object that lacks its
  // tags one that we have copied onto itself and not yet put right.
  const first = (overwrite === 'never' && request.mode !== 'rename') || request.mode === 'metadata' ? 2 : 1;
  const name = { batch: batch.id, files: batch.files, page, index };
  // A rename and a rule go by what is in the stores, each time anew.
  const isAlwaysFirst = request.mode === 'rename' || request.rule !== undefined;
  const startedAt = world.clock.now();
  for (let n = 0; ; n += 1) {
    try {
      const attempt = isAlwaysFirst ? 1 : first + n + known.tries;
      const outcome = await doEntry(world, request, entry, name, { ...invocation, attempt });
      if ('job' in outcome) return outcome;
      return { line: { ...outcome.line, seconds: (world.clock.now() - startedAt) / 1000 } };
    } catch (error) {
      if (!(error instanceof RetryLater) || n + 1 >= triesAtOnce) throw error;
      const pause = Math.max(error.delayMs, world.random() * firstPauseMs * 2 ** n);
      if (world.clock.now() + pause >= invocation.deadline) throw error;
      await world.clock.sleep(pause);
    }
  }
}

/** A bug in us must not be taken for the object's fault at once, and must not stop the batch for ever. */
function asCopyError(error: unknown): CopyError {
  return error instanceof CopyError ? error : new RetryLater(`An unforeseen error: ${String(error)}`, { cause: error });
}

/** Tells when nothing more is to be begun; asks the row now and then. */
function watchStop(
  world: BatchWorld,
  batch: Batch,
  invocation: Invocation,
): () => Promise<'time' | 'batch' | undefined> {
  const { clock, settings } = world;
  const reserve = Math.min(settings.partReserveMs, (invocation.deadline - clock.now()) / 2);
  let askAt = clock.now() + askEveryMs;
  const until = clock.now() + sliceMs;
  let ended = false;
  return async () => {
    if (ended) return 'batch';
    if (world.isStopping?.(batch.id)) return 'time';
    const now = clock.now();
    if (invocation.deadline - now < reserve || now >= until) return 'time';
    if (now < askAt) return undefined;
    askAt = now + askEveryMs;
    const found = await findBatch(world, batch.id);
    ended = !found || !isAtWork(found);
    return ended ? 'batch' : undefined;
  };
}
