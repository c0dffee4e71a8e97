import type { JobState, Reason } from '../../copy/model/job.ts';
import { isFinal } from '../../copy/model/job.ts';
import type { CallOptions } from '../../copy/model/ports.ts';
import type { Tally } from '../model/tally.ts';
import { fileOf } from '../model/work-files.ts';
import type { BatchWorld } from '../model/world.ts';
import type { BatchRequest } from '../request/request.ts';
import type { Batch } from '../rows/batch-row.ts';
import { batchOf, openBatch } from '../rows/batch-row.ts';
import { scopesOf } from '../rows/pace.ts';
import { ceilingOf } from '../rows/pace-row.ts';
import { openRanges, pagesOf } from '../rows/pages.ts';
import type { Summary } from './summary.ts';

/** A batch, for people. Times are epoch milliseconds, sizes bytes. */
export interface BatchView {
  id: string;
  /** `planned` while it is read, `copying` when all is read. */
  state: JobState;
  paused: boolean;
  request: BatchRequest;
  priority: number;
  /** Best effort while it runs: what is certain is the summary. */
  counts: Tally;
  pages: {
    /** A page that was delivered twice may count twice. */
    done: number;
    /** Read so far. */
    known: number;
    /** Nothing is left to read. */
    complete: boolean;
  };
  /** Objects read so far; those not yet counted are still to be copied. */
  objectsKnown: number;
  /** Rows passed over so far. */
  passedOverKnown?: number;
  /** Their sizes, as far as the source tells. */
  bytesKnown?: number;
  throttled: number;
  /** Requests a second that limits and throttling allow at the moment; absent: any. */
  pace?: number;
  /** Objects a second since the start, pauses included. */
  rate: number;
  startedAt: number;
  updatedAt: number;
  /** Seconds to the end at this rate; only when all is read. */
  etaSeconds?: number | undefined;
  reason?: Reason;
  /** The state is final and the summary is written. */
  ended: boolean;
  summary?: Summary;
}

/** @throws GiveUp NotFound. */
export async function viewBatch(world: BatchWorld, id: string, options: CallOptions = {}): Promise<BatchView> {
  return await viewOf(world, await openBatch(world, id), options);
}

/** @param options `summary: false` looks at the row alone, which holds the counts of a batch that has ended. */
export async function viewOf(
  world: BatchWorld,
  batch: Batch,
  { summary: wantsSummary = true, ...options }: CallOptions & { summary?: boolean } = {},
): Promise<BatchView> {
  const { id, job, row, request, files } = batch;
  const text = row.summed && wantsSummary ? await files.read(fileOf.summary(id), options) : undefined;
  const summary = text === undefined ? undefined : (JSON.parse(text) as Summary);
  const counts = summary ?? row.live.tally;
  const complete = openRanges(batch).length === 0;
  const known = complete ? pagesOf(batch) : row.live.pages;
  const objectsKnown = Math.max(counts.entries, row.live.entries);
  const until = isFinal(job.state) ? job.updatedAt : world.clock.now();
  const rate = summary?.objectsPerSecond ?? (1000 * counts.entries) / Math.max(1, until - job.createdAt);
  const left = objectsKnown - counts.entries;
  const pace = isFinal(job.state) ? undefined : await paceOf(world, batch);
  return {
    id,
    state: job.state,
    paused: row.paused === true,
    request,
    priority: request.priority ?? 0,
    counts,
    pages: { done: Math.min(known, job.partsDone), known, complete },
    objectsKnown,
    ...(row.live.passedOver !== undefined && { passedOverKnown: row.live.passedOver }),
    ...(row.live.bytes !== undefined && { bytesKnown: row.live.bytes }),
    throttled: row.live.throttled,
    ...(pace !== undefined && { pace }),
    rate,
    startedAt: job.createdAt,
    updatedAt: job.updatedAt,
    ...(complete && rate > 0 && !isFinal(job.state) && { etaSeconds: left / rate }),
    ...(job.reason && { reason: job.reason }),
    ended: row.summed === true,
    ...(summary && { summary }),
  };
}

async function paceOf(world: BatchWorld, batch: Batch): Promise<number | undefined> {
  const scopes = scopesOf(world, batch);
  const learnt = await Promise.all(scopes.map(({ id }) => ceilingOf(world, id)));
  const rates = [...scopes.map(({ limit }) => limit), ...learnt].filter((rate) => rate !== undefined);
  return rates.length > 0 ? Math.min(...rates) : undefined;
}

/** The newest first. */
export async function listBatches(
  world: BatchWorld,
  { limit = 20, states }: { limit?: number; states?: JobState[] } = {},
): Promise<BatchView[]> {
  const views: BatchView[] = [];
  let cursor: string | undefined;
  do {
    const page = await world.state.list({ limit: 200, cursor, states });
    for (const job of page.jobs) {
      const batch = batchOf(world, job);
      if (batch && views.length < limit) views.push(await viewOf(world, batch));
    }
    cursor = page.cursor;
  } while (cursor !== undefined && views.length < limit);
  return views;
}
