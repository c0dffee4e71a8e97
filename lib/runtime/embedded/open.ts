import { once } from 'node:events';
import type { BatchView, BatchWorld } from '../../batch/index.ts';
import { sweepBatches } from '../../batch/index.ts';
import { findBatch } from '../../batch/rows/batch-row.ts';
import { endingOnFailure } from '../../batch/rows/end.ts';
import { workOnBatches } from '../../batch/run-task.ts';
import type { Config } from '../../config/env.ts';
import { cancelJob } from '../../copy/cancel.ts';
import { GiveUp } from '../../copy/model/errors.ts';
import type { Job, JobState } from '../../copy/model/job.ts';
import type { StoreAddress } from '../../copy/model/object.ts';
import type { Clock, Invocation, JobPage, Landed, Log, StateTable, TaskQueue, World } from '../../copy/model/ports.ts';
import type { CopyRequest } from '../../copy/model/request.ts';
import type { Settings } from '../../copy/model/settings.ts';
import { defaultSettings } from '../../copy/model/settings.ts';
import type { Task } from '../../copy/model/task.ts';
import { isBatchTask } from '../../copy/model/task.ts';
import { guarded } from '../../copy/row/end.ts';
import { work } from '../../copy/run-task.ts';
import type { SweepReport } from '../../copy/sweep.ts';
import { noLog } from '../../log.ts';
import { DurableQueue, mostDeaths } from '../../queue/durable.ts';
import { EmbeddedQueue } from '../../queue/embedded.ts';
import { WorkerPool } from '../../queue/worker-pool.ts';
import { StateDatabase } from '../../state/database.ts';
import { EmbeddedStateTable } from '../../state/embedded.ts';
import { EmbeddedSharedRecords } from '../../state/embedded-shared.ts';
import { ProcessRegistry } from '../../state/processes.ts';
import type { RunLog } from '../../state/runs.ts';
import { EmbeddedRunLog } from '../../state/runs.ts';
import { UnderWay } from '../../state/under-way.ts';
import type { StoreClient } from '../../store/open.ts';
import { batchWorld, workFolderOf } from '../shared/batch-world.ts';
import type { StoresOptions } from '../shared/stores.ts';
import { Stores } from '../shared/stores.ts';
import { systemClock } from '../shared/system-clock.ts';
import type { RunOutcome, Watch } from './driver.ts';
import { Driver } from './driver.ts';
import { diedTooOften, Heartbeat } from './heartbeat.ts';
import { lanesByCaller } from './lanes.ts';
import { PartGate } from './part-gate.ts';
import type { ResumeOptions, ResumeOutcome } from './resume.ts';
import { dueHere, resumeJobs, sweepAll } from './resume.ts';
import type { BatchWatch } from './run-batch.ts';
import { runBatch } from './run-batch.ts';
import { runCopy } from './run-copy.ts';
import { withoutSuspects } from './suspects.ts';

export type { BatchWatch } from './run-batch.ts';
export type { Progress, RunOutcome, Watch } from './driver.ts';
export { Interrupted } from './driver.ts';
export type { ResumeOptions, ResumeOutcome } from './resume.ts';

export interface EmbeddedOptions extends Pick<StoresOptions, 'credentials' | 'env' | 'onRequest' | 'open'> {
  /** Folder that keeps state; made when it is not there. Default `.ferry`. */
  home?: string;
  /** The caller only reads stores: a home that is not there, or cannot be written, will do. */
  looks?: boolean;
  config?: Pick<Config, 'stores' | 'named'>;
  settings?: Partial<Settings>;
  log?: Log;
  clock?: Clock;
  /** In [0, 1). */
  random?: () => number;
  /** Wraps the state table that everything here writes to, to hear of changes. */
  observe?(state: StateTable): StateTable;
  /** Does one task; default: the engine's own `work`. */
  work?: typeof work;
  /** How long tasks under way may go on when they are asked to stop, milliseconds. */
  graceMs?: number;
}

/** The whole of object-ferry in one process. */
export interface Embedded {
  readonly world: World;
  /** For `lib/batch`: batches are kept in `home`, and `runBatch` works on them. */
  readonly batches: BatchWorld;
  readonly runs: RunLog;
  /** Durable queue for copies that have no job row and so could not be rebuilt. Drained by `startInbox`, `resume` and `sweep`. */
  readonly inbox: DurableQueue;
  /** This process in the state file. */
  readonly processes: ProcessRegistry;
  readonly database: StateDatabase;
  store(address: StoreAddress): StoreClient;
  /** One copy, to its end. @throws CopyError that ended it; Interrupted when `watch.signal` aborts. */
  run(request: CopyRequest, watch?: Watch): Promise<RunOutcome>;
  /**
   * A batch, new or left by a dead process, to its end; one that another living process works on is only watched.
   * @throws GiveUp NotFound, StateUnusable; Interrupted; RetryLater when it is stalled.
   */
  runBatch(id: string, watch?: BatchWatch): Promise<BatchView>;
  /** Resumes and completes jobs abandoned by dead processes. @throws Interrupted. */
  resume(options?: ResumeOptions): Promise<ResumeOutcome[]>;
  /** One sweep over all; waits for the tasks it sent, unless `wait` is false or until the signal aborts. */
  sweep(options?: { wait?: boolean; signal?: AbortSignal }): Promise<SweepReport>;
  cancel(id: string): Promise<Landed>;
  jobs(query: { states?: JobState[]; limit: number; cursor?: string }): Promise<JobPage>;
  job(id: string): Promise<Job | undefined>;
  /** Begins to work on the inbox, and says to others that this process lives, until `close`. */
  startInbox(): void;
  /** Lets tasks under way end, within the grace time, and leaves everything else for later. */
  close(): Promise<void>;
}

/** One invocation of a worker; long enough for a task of many slow parts. */
const invocationMs = 900_000;

/** Tasks of batches at work at once: ranges being read, pages being copied. */
const readsAtOnce = 4;
const pagesAtOnce = 4;

/**
 * Opens the state in `home` and wires the engine to it. Several processes may have the same home open.
 *
 * @throws GiveUp StateUnusable when the state cannot be used.
 */
export async function openEmbedded(options: EmbeddedOptions = {}): Promise<Embedded> {
  const { home = '.ferry', log = noLog, clock = systemClock, random = Math.random, graceMs = 10_000 } = options;
  const settings = { ...defaultSettings, ...options.settings };
  const database = options.looks ? StateDatabase.openToLook(home) : StateDatabase.openIn(home);
  const processes = new ProcessRegistry(database, { clock });
  const { token } = processes;
  const table = new EmbeddedStateTable(database, { clock, owner: token });
  const state = options.observe?.(table) ?? table;
  const shared = new EmbeddedSharedRecords(database, clock);
  const runs = new EmbeddedRunLog(database, processes, clock);
  const stores = new Stores({ ...options, clock, random, log, concurrency: settings.concurrency });
  const heartbeat = new Heartbeat(processes, clock, log);
  const gate = new PartGate(settings.concurrency);
  const doTask = options.work ?? work;

  let invocations = 0;
  const newInvocation = (attempt = 1): Invocation => ({
    id: `${token}/run/${++invocations}`,
    deadline: clock.now() + invocationMs,
    attempt,
  });
  const poolOptions = { clock, random, log, maxAttempts: settings.maxAttempts, invocationMs, holder: token };

  const underWay = new UnderWay(database, token);
  const handleInMemory = withoutSuspects({ underWay, log, setAside }, handle);
  const queue = new EmbeddedQueue({
    ...poolOptions,
    handle: handleInMemory,
    // Twice the parts that may be in flight: while one task waits for its last part, the next one's fill the gap.
    capacity: () => 2 * gate.width,
    weigh: (task) => (task.kind === 'parts' ? task.count : 1),
    minTasks: 2,
    onSettled: (task, error) => driver.settled(task, error),
  });
  const laneOf = lanesByCaller(state);
  const batchQueue = (width: number): EmbeddedQueue =>
    new EmbeddedQueue({
      ...poolOptions,
      handle: handleInMemory,
      laneOf,
      capacity: () => width,
    });
  // Reading goes on while pages are copied, and neither waits behind the other's tasks.
  const reads = batchQueue(readsAtOnce);
  const pages = batchQueue(pagesAtOnce);
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
    handle,
    capacity: () => settings.concurrency,
    pollMs: 1_000,
  });

  // What has a row is rebuilt from it by the sweep; a copy that has none would be lost with the process.
  const tasks: TaskQueue = {
    send: async (sent, sendOptions) => {
      const rowless = sent.filter((task) => task.kind === 'copy' && task.jobId === undefined);
      if (rowless.length > 0) await inbox.send(rowless, sendOptions);
      const others = sent.filter((task) => !rowless.includes(task));
      const queueOf = ({ kind }: Task): EmbeddedQueue =>
        kind === 'read' || kind === 'check' ? reads : kind === 'page' || kind === 'total' ? pages : queue;
      for (const one of [reads, pages, queue]) {
        const its = others.filter((task) => queueOf(task) === one);
        if (its.length > 0) await one.send(its, sendOptions);
      }
    },
  };
  const world: World = {
    store: (address) => stores.get(address),
    ...{ state, shared, queue: tasks, clock, random, log, settings },
  };
  const batches = batchWorld(world, {
    client: (address) => stores.get(address),
    workPlace: workFolderOf(home),
    localFiles: true,
  });
  const batchParts = {
    world: batches,
    queues: [reads, pages],
    processes,
    newInvocation: () => newInvocation(),
    graceMs,
  };
  const driver = new Driver({ world, queue, processes, newInvocation, graceMs });

  async function handle(task: Task, invocation: Invocation): Promise<void> {
    if (isBatchTask(task)) return await workOnBatches(batches, task, invocation);
    if (task.kind !== 'parts') return await doTask(world, task, invocation);
    const job = await state.get(task.jobId);
    const limit = job?.options.concurrency ?? settings.concurrency;
    const takeBack = gate.wish(limit);
    queue.wake();
    try {
      const gated: World = { ...world, store: (address) => gate.guard(stores.get(address), limit) };
      await doTask(gated, task, invocation);
    } finally {
      takeBack();
    }
  }

  /** The job or batch ends with that reason; what its task was is kept. */
  async function setAside(task: Task, reason: string): Promise<void> {
    await inbox.keepDead([task], mostDeaths, reason);
    const error = new GiveUp('WorkerDied', reason);
    const fail = () => Promise.reject(error);
    if ('batchId' in task) {
      const batch = await findBatch(batches, task.batchId);
      if (batch) await endingOnFailure(batches, batch, fail);
    } else if (task.jobId !== undefined) await guarded(world, task.jobId, fail);
  }

  function purge(): void {
    table.purge();
    shared.purge();
    processes.purge();
    runs.purge(settings.keepMs);
    reclaim();
  }

  function reclaim(): void {
    const living = processes.living();
    underWay.reclaim(living);
    for (const id of inbox.reclaim(living).setAside) log.error(diedTooOften, { letter: `tasks-${id}` });
  }

  async function drained(signal?: AbortSignal): Promise<void> {
    const idle = Promise.all([queue, inboxPool, reads, pages].map((one) => one.idle()));
    if (!signal) await idle;
    else if (!signal.aborted) await Promise.race([idle, once(signal, 'abort')]);
  }

  underWay.reclaim(processes.living());

  let stopBeating = (): void => {};
  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    const ended = await Promise.all([queue, inboxPool, reads, pages].map((one) => one.stop(graceMs)));
    stopBeating();
    inbox.release();
    underWay.release();
    processes.leave();
    database.close();
    await stores.close(!ended.every(Boolean));
  }

  return {
    world,
    batches,
    runs,
    inbox,
    processes,
    database,
    store: (address) => stores.get(address),
    run: (request, watch) => heartbeat.during(() => runCopy({ world, driver, newInvocation, graceMs }, request, watch)),
    runBatch: (id, watch) => heartbeat.during(() => runBatch(batchParts, id, watch)),
    resume: (resumeOptions = {}) =>
      heartbeat.during(async () => {
        purge();
        const outcomes = await resumeJobs(
          { world, driver, processes, runBatch: (id, watch) => runBatch(batchParts, id, watch) },
          resumeOptions,
        );
        await drained(resumeOptions.signal);
        return outcomes;
      }),
    sweep: ({ wait = true, signal } = {}) =>
      heartbeat.during(async () => {
        purge();
        const report = await sweepAll({ world, processes }, newInvocation());
        report.revived += await sweepBatches({ ...batches, state: dueHere({ world, processes }) }, newInvocation());
        if (wait) await drained(signal);
        return report;
      }),
    cancel: (id) => cancelJob(world, id),
    jobs: (query) => state.list(query),
    job: (id) => state.get(id),
    startInbox: () => {
      stopBeating = heartbeat.hold();
      reclaim();
      inboxPool.wake();
    },
    close: () => (closing ??= close()),
  };
}
