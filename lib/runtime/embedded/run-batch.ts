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

export interface BatchWatch {
  /** Once a second, and when it has ended. */
  onProgress?(view: BatchView): void;
  /** Leaves the batch as it stands, for `resume`. */
  signal?: AbortSignal;
}

export interface BatchDriverParts {
  world: BatchWorld;
  /** Where its tasks are. */
  queues: readonly EmbeddedQueue[];
  processes: ProcessRegistry;
  newInvocation(): Invocation;
  /** How long running tasks may go on after an interruption, milliseconds. */
  graceMs: number;
}

const pollMs = 1_000;
/** How often a stalled batch is checked before `drive` gives up on it; the batch is kept. */
const patience = 5;
const orphansAtOnce = 1_000;

/** Brings a batch to its end in this process, unless another living process is at it: then only watches. */
export async function runBatch(parts: BatchDriverParts, id: string, watch: BatchWatch = {}): Promise<BatchView> {
  const { world } = parts;
  const { onProgress, signal } = watch;
  const stall = { at: '', looks: 0 };
  for (let turn = 0; ; turn += 1) {
    const view = await readBatch(world, id);
    onProgress?.(view);
    if (view.ended) return view;
    if (signal?.aborted) return await interrupt(parts, id);
    if (!view.paused && (await keepGoing(parts, id))) noteStall(stall, view);
    if (turn % 10 === 0) await rescueJobs(parts, id);
    const nap = new AbortController();
    const stop = (): void => nap.abort();
    signal?.addEventListener('abort', stop, { once: true });
    await world.clock.sleep(pollMs, nap.signal);
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
  throw new RetryLater(`Batch ${view.id} makes no progress; it is kept for \`ferry batch resume ${view.id}\`.`);
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

async function interrupt({ world, queues, processes, graceMs }: BatchDriverParts, id: string): Promise<BatchView> {
  await Promise.all(queues.map((queue) => queue.withdraw(id, graceMs)));
  const view = await readBatch(world, id);
  if (view.ended) return view;
  processes.disown(id);
  throw new Interrupted(id);
}
