import { gaveUp, GiveUp, RetryLater } from '../../copy/model/errors.ts';
import type { Job, JobState } from '../../copy/model/job.ts';
import { isFinal } from '../../copy/model/job.ts';
import type { Invocation, World } from '../../copy/model/ports.ts';
import type { CopyResult } from '../../copy/model/result.ts';
import type { Task } from '../../copy/model/task.ts';
import { partCount } from '../../copy/plan/plan.ts';
import { errorOf } from '../../copy/row/end.ts';
import type { PartsUnderWay } from './parts-under-way.ts';
import { lookAt } from '../../copy/sweep.ts';
import type { EmbeddedQueue } from '../../queue/embedded.ts';
import type { ProcessRegistry } from '../../state/processes.ts';

/** How far a copy is. Sizes are bytes. */
export interface Progress {
  jobId?: string;
  state: JobState;
  /** Parts in the store, as far as their tasks have counted them or this process has copied them. */
  partsDone: number;
  /** 0 while no layout is known, and for a copy in one call. */
  parts: number;
  bytesDone: number;
  size: number;
  /** The restore of an archived source is waited for. */
  restoring?: boolean;
}

export interface Watch {
  onProgress?(progress: Progress): void;
  /** Leaves the job as it stands, for `resume`. */
  signal?: AbortSignal;
}

export interface RunOutcome {
  result: CopyResult;
  /** Absent for a small copy, which needs no row. */
  job?: Job;
}

/** Stopped by the caller's signal; what was begun is kept and `resume` goes on with it. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly jobId?: string;

  constructor(jobId?: string) {
    super(
      jobId === undefined
        ? 'Interrupted before anything was begun.'
        : `Interrupted; job ${jobId} is kept for \`ferry resume\`.`,
    );
    this.jobId = jobId;
  }
}

export interface DriverParts {
  world: World;
  queue: EmbeddedQueue;
  /** Who drives which job. */
  processes: Pick<ProcessRegistry, 'mine' | 'claim' | 'disown'>;
  newInvocation(): Invocation;
  partsUnderWay: PartsUnderWay;
  /** How long running tasks may go on after an interruption, milliseconds. */
  graceMs: number;
}

/** How often a job is looked at when no task of it ends. */
const pollMs = 1_000;
/** How often its parts are counted in between, for the progress display. */
const tellMs = 200;

/** How often a stalled job is checked before `drive` gives up on it; the job is kept. */
const patience = 3;

interface Watcher {
  wake: () => void;
  /** Of the last task that failed. */
  failure?: unknown;
}

/** Brings jobs of this process to their final state. */
export class Driver {
  readonly #parts: DriverParts;
  readonly #watchers = new Map<string, Set<Watcher>>();

  constructor(parts: DriverParts) {
    this.#parts = parts;
  }

  /** To be told by the queue of every task that ended. */
  settled(task: Task, error: unknown): void {
    if (!('jobId' in task) || task.jobId === undefined) return;
    for (const watcher of this.#watchers.get(task.jobId) ?? []) {
      if (error !== undefined) watcher.failure = error;
      watcher.wake();
    }
  }

  /**
   * Waits until the job is final, and gives it what it needs for that: its missing tasks after its time for attention has
   * come, or at once when its process is dead.
   *
   * @throws Interrupted; RetryLater when the job is stalled; GiveUp StateUnusable.
   */
  async drive(id: string, watch: Watch = {}): Promise<Job> {
    const watcher: Watcher = { wake: () => {} };
    const watchers = this.#watchers.get(id) ?? new Set();
    this.#watchers.set(id, watchers.add(watcher));
    try {
      return await this.#follow(id, watcher, watch);
    } finally {
      watchers.delete(watcher);
      if (watchers.size === 0) this.#watchers.delete(id);
    }
  }

  async #follow(id: string, watcher: Watcher, { onProgress, signal }: Watch): Promise<Job> {
    const { world, partsUnderWay } = this.#parts;
    const stall = { at: '', looks: 0 };
    for (;;) {
      const news = new AbortController();
      watcher.wake = () => news.abort();
      const job = await world.state.get(id);
      if (!job) throw new GiveUp('NotFound', `Job ${id} is gone: its row expired or was deleted.`);
      const tell = (): void => onProgress?.(progressOf(job, partsUnderWay.of(id)));
      tell();
      if (isFinal(job.state)) return job;
      if (gaveUp(watcher.failure, 'StateUnusable')) throw watcher.failure;
      if (signal?.aborted) return await this.#interrupt(job);
      const looked = await this.#keepGoing(job);
      if (looked) this.#count(stall, job, looked.failure ?? watcher.failure);
      const stop = (): void => news.abort();
      signal?.addEventListener('abort', stop, { once: true });
      // A look that failed has not moved the job's time for attention: the pause must.
      const pause = looked?.failure ? Math.max(looked.failure.delayMs, pollMs * 2 ** stall.looks) : pollMs;
      const until = world.clock.now() + pause;
      for (let left = pause; left > 0 && !news.signal.aborted; left = until - world.clock.now()) {
        await world.clock.sleep(onProgress ? Math.min(left, tellMs) : left, news.signal);
        tell();
      }
      signal?.removeEventListener('abort', stop);
    }
  }

  /** Re-sends the missing tasks of a stalled job; undefined where the job is not stalled. */
  async #keepGoing(job: Job): Promise<{ failure?: RetryLater } | undefined> {
    const { world, queue, processes, newInvocation } = this.#parts;
    if (queue.holds(job.id)) return undefined;
    const mine = processes.mine([job.id]).has(job.id);
    if (mine && (job.attentionAt ?? 0) > world.clock.now()) return undefined;
    if (!mine && !processes.claim(job.id)) return undefined;
    try {
      await lookAt(world, job, newInvocation(), { abandoned: !mine });
      return {};
    } catch (error) {
      if (!(error instanceof RetryLater)) throw error;
      world.log.warn('a job cannot be looked at now', { job: job.id, error: error.message });
      return { failure: error };
    }
  }

  #count(stall: { at: string; looks: number }, job: Job, failure: unknown): void {
    const at = `${job.revision}/${job.partsDone}`;
    stall.looks = at === stall.at ? stall.looks + 1 : 1;
    stall.at = at;
    if (stall.looks <= patience) return;
    const why = failure instanceof Error ? `: ${failure.message}` : '.';
    throw new RetryLater(`Job ${job.id} makes no progress; it is kept for \`ferry resume\`${why}`, { cause: failure });
  }

  async #interrupt(job: Job): Promise<Job> {
    const { world, queue, processes, graceMs } = this.#parts;
    await queue.withdraw(job.id, graceMs);
    const row = await world.state.get(job.id);
    if (row && isFinal(row.state)) return row;
    processes.disown(job.id);
    throw new Interrupted(job.id);
  }
}

/** @param uncounted parts that this process has copied and the row does not count yet */
export function progressOf(job: Job, uncounted = 0): Progress {
  const parts = partCount(job.parts ?? []);
  const size = job.pin?.size ?? 0;
  const counted = job.state === 'done' ? parts : Math.min(parts, job.partsDone - (job.partsBase ?? 0) + uncounted);
  const share = job.state === 'done' ? 1 : parts === 0 ? 0 : counted / parts;
  const bytesDone = Math.floor(size * share);
  const restoring = job.restoringSince !== undefined && !isFinal(job.state);
  return {
    jobId: job.id,
    state: job.state,
    partsDone: counted,
    parts,
    bytesDone,
    size,
    ...(restoring && { restoring }),
  };
}

/** @throws CopyError that the job ended in. */
export function outcomeOf(job: Job): RunOutcome {
  if (job.state === 'done' && job.result) return { result: job.result, job };
  throw errorOf(job);
}
