import type { SendOptions, TaskQueue } from '../copy/model/ports.ts';
import type { Task } from '../copy/model/task.ts';
import { MemoryInbox } from './memory-inbox.ts';
import type { WorkerPoolOptions } from './worker-pool.ts';
import { WorkerPool } from './worker-pool.ts';

/**
 * The task queue of one process, in memory, with its workers. Its loss costs nothing: every job is in the state table and
 * every copied part in the store, from which the sweep sends the missing tasks again.
 */
export class EmbeddedQueue implements TaskQueue {
  readonly #inbox: MemoryInbox;
  readonly #pool: WorkerPool;

  constructor(options: Omit<WorkerPoolOptions, 'inbox' | 'pollMs'>) {
    this.#inbox = new MemoryInbox(options.clock);
    this.#pool = new WorkerPool({ ...options, inbox: this.#inbox });
  }

  async send(tasks: Task[], options: SendOptions = {}): Promise<void> {
    // A copy, as of a message that went over a wire: sender and worker share no object.
    this.#inbox.add(structuredClone(tasks), options.delayMs);
    this.#pool.wake();
  }

  /** Says that there is room for more than before. */
  wake(): void {
    this.#pool.wake();
  }

  /** Whether a task of that job or batch waits or runs. */
  holds(jobId: string): boolean {
    const isOfJob = ofJob(jobId);
    return this.#inbox.some(isOfJob) || this.#pool.some(isOfJob);
  }

  /** Drops the waiting tasks of a job or batch and gives the running ones `graceMs` to end. True when they have ended. */
  async withdraw(jobId: string, graceMs: number): Promise<boolean> {
    const isOfJob = ofJob(jobId);
    this.#inbox.remove(isOfJob);
    const ended = await this.#pool.hurry(graceMs, isOfJob);
    // What a running task sent, or got back for another attempt, meanwhile.
    this.#inbox.remove(isOfJob);
    return ended;
  }

  /** Resolves when nothing runs and nothing waits, not even for its time. */
  idle(): Promise<void> {
    return this.#pool.idle();
  }

  /** Takes no further task and waits at most `graceMs` for the running ones. True when they have ended. */
  stop(graceMs?: number): Promise<boolean> {
    return this.#pool.stop(graceMs);
  }
}

function ofJob(jobId: string): (task: Task) => boolean {
  return (task) => ('batchId' in task ? task.batchId : 'jobId' in task && task.jobId) === jobId;
}
