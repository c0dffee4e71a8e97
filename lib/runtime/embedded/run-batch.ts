import { revive } from '../../batch/control/sweep.ts';
import type { BatchView, BatchWorld } from '../../batch/index.ts';
import { readBatch } from '../../batch/index.ts';
import { findBatch } from '../../batch/rows/batch-row.ts';
import { RetryLater } from '../../copy/model/errors.ts';
import type { Invocation } from '../../copy/model/ports.ts';
import { lookAt } from '../../copy/sweep.ts';
import type { EmbeddedQueue } from '../../queue/embedded.ts';
import type { ProcessRegistry } from '../../state/processes.ts';
import { Interrupted } from './driver.ts';
import type { PagesUnderWay } from './pages-under-way.ts';

export interface BatchWatch {
  /** Several times a second, after each task of it here, and when it has ended. Counts what is known of pages under way as well. */
  onProgress?(view: BatchView): void | Promise<void>;
  /** Leaves the batch as it stands, for `resume`. */
  signal?: AbortSignal;
}

export interface BatchDriverParts {
  world: BatchWorld;
  /** Where its tasks are. */
  queues: readonly EmbeddedQueue[];
  processes: ProcessRegistry;
  progress: PagesUnderWay;
  /** Who waits for the tasks of a batch, by its id; to be called when one has ended. */
  watchers: Map<string, Set<() => void>>;
  /** Batches that were interrupted here: no further object of them is begun, and their tasks are not sent. */
  stopping: Set<string>;
  newInvocation(): Invocation;
  /** How long running tasks may go on after an interruption, milliseconds. */
  graceMs: number;
}

const pollMs = 1_000;
/** How often objects of pages under way are counted in between, for the progress display. */
const tellMs = 250;
/** How often a stalled batch is checked before `drive` gives up on it; the batch is kept. */
const patience = 5;
const orphansAtOnce = 1_000;

/** Brings a batch to its end in this process, unless another living process is at it: then only watches. */
export async function runBatch(parts: BatchDriverParts, id: string, watch: BatchWatch = {}): Promise<BatchView> {
  const { watchers, progress, stopping } = parts;
  stopping.delete(id);
  let wake = (): void => {};
  const watcher = (): void => wake();
  const its = watchers.get(id) ?? new Set();
  watchers.set(id, its.add(watcher));
  try {
    return await follow(parts, id, watch, (onNews) => (wake = onNews));
  } finally {
    its.delete(watcher);
    if (its.size === 0) watchers.delete(id);
    progress.forget(id);
  }
}

async function follow(
  parts: BatchDriverParts,
  id: string,
  { onProgress, signal }: BatchWatch,
  setWake: (wake: () => void) => void,
): Promise<BatchView> {
  const { world, progress } = parts;
  const stall = { at: '', looks: 0 };
  let lookAt = 0;
  for (let looks = 0; ;) {
    const nap = new AbortController();
    const stop = (): void => nap.abort();
    setWake(stop);
    const view = await readBatch(world, id);
    const tell = async (): Promise<void> => onProgress?.(await progress.addTo(view, world.state, world.clock.now()));
    await tell();
    if (view.ended) return view;
    if (signal?.aborted) {
      const left = await interrupt(parts, id);
      if (left.ended) return left;
      // All objects are done; only the sum is missing, and nothing more is begun for it.
      parts.stopping.delete(id);
      return await follow(parts, id, { onProgress }, setWake);
    }
    if (world.clock.now() >= lookAt) {
      if (!view.paused && (await keepGoing(parts, id))) noteStall(stall, view);
      if (looks++ % 10 === 0) await rescueJobs(parts, id);
      lookAt = world.clock.now() + pollMs;
    }
    signal?.addEventListener('abort', stop, { once: true });
    for (let left = lookAt - world.clock.now(); left > 0 && !nap.signal.aborted; left = lookAt - world.clock.now()) {
      await world.clock.sleep(onProgress ? Math.min(left, tellMs) : left, nap.signal);
      if (!nap.signal.aborted) await tell();
    }
    signal?.removeEventListener('abort', stop);
  }
}

/** Sends the tasks that the batch lacks, unless a worker is processing it. Returns whether it did. */
async function keepGoing({ world, queues, processes }: BatchDriverParts, id: string): Promise<boolean> {
  if (queues.some((queue) => queue.holds(id))) return false;
  const batch = await findBatch(world, id);
  if (!batch || batch.row.summed) return false;
  const isMine = processes.mine([id]).has(id);
  if (!isMine && !processes.claim(id)) return false;
  await revive(world, batch);
  return true;
}

function noteStall(stall: { at: string; looks: number }, view: BatchView): void {
  const at = JSON.stringify([view.state, view.pages, view.counts.entries, view.objectsKnown]);
  stall.looks = at === stall.at ? stall.looks + 1 : 0;
  stall.at = at;
  if (stall.looks < patience) return;
  throw new RetryLater(`Batch ${view.id} makes no progress; it is kept for \`ferry resume ${view.id}\`.`);
}

/** Large objects of the batch whose jobs no process drives, because theirs has died. */
async function rescueJobs({ world, processes, newInvocation }: BatchDriverParts, id: string): Promise<void> {
  for (const jobId of processes.orphans(orphansAtOnce)) {
    const job = await world.state.get(jobId);
    if (job?.labels?.['batch'] !== id || job.many || !processes.claim(jobId)) continue;
    try {
      await lookAt(world, job, newInvocation(), { abandoned: true });
    } catch (error) {
      if (!(error instanceof RetryLater)) throw error;
      world.log.warn('a job of a batch cannot be looked at now', { job: jobId, error: error.message });
    }
  }
}

/** The batch as it is where no object of it is left to do. @throws Interrupted where some are. */
async function interrupt(parts: BatchDriverParts, id: string): Promise<BatchView> {
  const { world, queues, processes, stopping, graceMs } = parts;
  stopping.add(id);
  await Promise.all(queues.map((queue) => queue.withdraw(id, graceMs)));
  const view = await readBatch(world, id);
  const { complete, done, known } = view.pages;
  if (view.ended || (complete && done >= known)) return view;
  processes.disown(id);
  throw new Interrupted(id);
}
