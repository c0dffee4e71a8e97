import { once } from 'node:events';
import type { Clock, Invocation, Log, TaskQueue, World } from '../../copy/model/ports.ts';
import type { Settings } from '../../copy/model/settings.ts';
import type { Task } from '../../copy/model/task.ts';
import { DurableQueue } from '../../queue/durable.ts';
import { EmbeddedQueue } from '../../queue/embedded.ts';
import { WorkerPool } from '../../queue/worker-pool.ts';
import type { StateDatabase } from '../../state/database.ts';
import type { UnderWay } from '../../state/under-way.ts';
import { PartGate } from './part-gate.ts';
import type { PartsUnderWay } from './parts-under-way.ts';
import { withoutSuspects } from './suspects.ts';

export interface WorkerParts {
  database: StateDatabase;
  underWay: UnderWay;
  partsUnderWay: PartsUnderWay;
  /** Names this process. */
  token: string;
  settings: Settings;
  clock: Clock;
  random(): number;
  log: Log;
  store: World['store'];
  /** Does one task on these stores. */
  run(task: Task, invocation: Invocation, store: World['store']): Promise<void>;
  /** Ends the job or batch of a task that is not tried again. */
  setAside(task: Task, reason: string): Promise<void>;
  /** After each delivery of a task that is in memory, with the error it ended in. */
  onSettled(task: Task, error: unknown): void;
}

export interface Workers {
  /** Takes what the engine sends, each task to its queue. */
  readonly tasks: TaskQueue;
  /** Tasks about one object. */
  readonly jobs: EmbeddedQueue;
  /** Tasks of batches. */
  readonly batches: readonly EmbeddedQueue[];
  /** Copies without a row, on the disk. */
  readonly inbox: DurableQueue;
  startInbox(): void;
  /** Resolves when nothing runs and nothing waits, or when the signal aborts. */
  drained(signal?: AbortSignal): Promise<void>;
  /** Takes no further task and waits at most `graceMs` for the running ones. True when they have ended. */
  stop(graceMs: number): Promise<boolean>;
}

/** One invocation of a worker; long enough for a task of many slow parts. */
export const invocationMs = 900_000;

/** Tasks of batches at work at once: ranges being read, pages being copied. */
const readsAtOnce = 4;
const pagesAtOnce = 4;

/** Starts the queues of this process and the workers that take tasks from them. */
export function startWorkers(parts: WorkerParts): Workers {
  const { database, underWay, partsUnderWay, token, settings, clock, random, log, store, setAside, onSettled } = parts;
  const poolOptions = { clock, random, log, maxAttempts: settings.maxAttempts, invocationMs, holder: token };
  const gate = new PartGate(settings.concurrency);
  const inMemory = { ...poolOptions, handle: withoutSuspects({ underWay, log, setAside }, run), onSettled };

  const jobs = new EmbeddedQueue({
    ...inMemory,
    // Twice the parts that may be in flight: while one task waits for its last part, the next one's fill the gap.
    capacity: () => 2 * gate.width,
    weigh: (task) => (task.kind === 'parts' ? task.count : 1),
    minTasks: 2,
  });
  // Reading goes on while pages are copied, and neither waits behind the other's tasks.
  const reads = new EmbeddedQueue({ ...inMemory, capacity: () => readsAtOnce });
  const pages = new EmbeddedQueue({ ...inMemory, capacity: () => pagesAtOnce });
  const inbox: DurableQueue = new DurableQueue(database, {
    name: 'tasks',
    clock,
    token,
    onSent: () => inboxPool.wake(),
  });
  const inboxPool = new WorkerPool<Task>({
    ...poolOptions,
    inbox,
    holder: `${token}/inbox`,
    handle: run,
    capacity: () => settings.concurrency,
    pollMs: 1_000,
  });

  async function run(task: Task, invocation: Invocation): Promise<void> {
    if (task.kind !== 'parts') {
      await parts.run(task, invocation, store);
      if (task.kind === 'finish') partsUnderWay.forget(task.jobId);
      return;
    }
    const { concurrency = settings.concurrency } = task;
    const takeBack = gate.wish(concurrency);
    jobs.wake();
    try {
      const onPart = (number: number): void => partsUnderWay.note(task.jobId, number);
      await parts.run(task, invocation, (address) => gate.guard(store(address), concurrency, onPart));
      partsUnderWay.counted(task.jobId, task);
    } finally {
      takeBack();
    }
  }

  function queueOf(task: Task): TaskQueue {
    switch (task.kind) {
      case 'read':
      case 'check':
        return reads;
      case 'page':
      case 'total':
        return pages;
      case 'copy':
        // What has a row is rebuilt from it by the sweep; a copy that has none would be lost with the process.
        return task.jobId === undefined ? inbox : jobs;
      case 'parts':
      case 'finish':
        return jobs;
    }
  }

  const pools = [jobs, inboxPool, reads, pages];
  return {
    tasks: {
      async send(tasks, options) {
        // First what must be on the disk.
        for (const queue of [inbox, reads, pages, jobs]) {
          const its = tasks.filter((task) => queueOf(task) === queue);
          if (its.length > 0) await queue.send(its, options);
        }
      },
    },
    jobs,
    batches: [reads, pages],
    inbox,
    startInbox: () => inboxPool.wake(),
    async drained(signal) {
      const idle = Promise.all(pools.map((pool) => pool.idle()));
      if (!signal) await idle;
      else if (!signal.aborted) await Promise.race([idle, once(signal, 'abort')]);
    },
    stop: async (graceMs) => (await Promise.all(pools.map((pool) => pool.stop(graceMs)))).every(Boolean),
  };
}
