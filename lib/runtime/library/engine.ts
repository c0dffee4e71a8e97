/** The engine in the hands of one caller: state in memory, workers in this process, one store. */
import { randomUUID } from 'node:crypto';
import { cancelJob } from '../../copy/cancel.ts';
import { copyObject } from '../../copy/copy-object.ts';
import { copyParts } from '../../copy/copy-parts.ts';
import { finishJob } from '../../copy/finish.ts';
import { isFinal, type Job } from '../../copy/model/job.ts';
import type { Invocation, Log, ObjectStore, World } from '../../copy/model/ports.ts';
import type { StoreAddress } from '../../copy/model/object.ts';
import type { CopyRequest } from '../../copy/model/request.ts';
import { defaultSettings, type Settings } from '../../copy/model/settings.ts';
import type { Task } from '../../copy/model/task.ts';
import { sweep } from '../../copy/sweep.ts';
import { EmbeddedQueue } from '../../queue/embedded.ts';
import { MemorySharedRecords, MemoryStateTable } from '../../state/memory.ts';
import { openStore } from '../../store/open.ts';
import { Driver, outcomeOf, type RunOutcome, type Watch } from '../embedded/driver.ts';
import { PartGate } from '../embedded/part-gate.ts';
import { PartsUnderWay } from '../embedded/parts-under-way.ts';
import { runCopy } from '../embedded/run-copy.ts';
import { systemClock } from '../shared/system-clock.ts';
import { storeConfigOf, type StoreGiven } from './stores.ts';

export interface EngineOptions {
  /** Knobs of the engine, such as `directMax`; sizes in bytes, times in milliseconds. */
  settings?: Partial<Settings>;
  /** Hears of every request to the store, retries included, by its operation. */
  onRequest?(operation: string): void;
  log?: Log;
}

/** For one object. */
export interface Engine {
  world: World;
  address: StoreAddress;
  run(request: CopyRequest, watch: Watch): Promise<RunOutcome>;
  /** Goes on with a job that another process began. */
  takeUp(job: Job, watch: Watch): Promise<RunOutcome>;
  /** Ends the job after its work was interrupted, and removes its upload. */
  drop(): Promise<void>;
  /** As it stands now; undefined while it has no row. */
  job(): Job | undefined;
  close(): Promise<void>;
}

/** How long one task may run, and how long a running request may go on after an interruption, milliseconds. */
const invocationMs = 900_000;
const graceMs = 10_000;

const silent = (): void => {};
const noLog: Log = { debug: silent, info: silent, warn: silent, error: silent };

/** @throws GiveUp BadRequest for a store that cannot be used. */
export async function openEngine(given: StoreGiven, options: EngineOptions = {}): Promise<Engine> {
  const { log = noLog, onRequest } = options;
  const settings = { ...defaultSettings, ...options.settings };
  const clock = systemClock;
  const random = Math.random;
  const config = await storeConfigOf(given);
  const client = openStore({ ...config, clock, random, log, onRequest: ({ operation }) => onRequest?.(operation) });
  const table = new MemoryStateTable(clock);
  const token = randomUUID();
  let invocations = 0;
  const newInvocation = (attempt = 1): Invocation => ({
    id: `${token}/${++invocations}`,
    deadline: clock.now() + invocationMs,
    attempt,
  });

  const partsUnderWay = new PartsUnderWay();
  const gate = new PartGate(settings.concurrency);
  const queue = new EmbeddedQueue({
    ...{ clock, random, log, invocationMs, maxAttempts: settings.maxAttempts, holder: token },
    capacity: () => 2 * gate.width,
    weigh: (task) => (task.kind === 'parts' ? task.count : 1),
    minTasks: 2,
    handle,
    onSettled: (task, error) => driver.settled(task, error),
  });
  const world: World = {
    store: () => client,
    ...{ state: table, shared: new MemorySharedRecords(clock), queue, clock, random, log, settings },
  };
  /** Jobs that another process began, until this one takes them up. */
  const foreign = new Set<string>();
  const driver = new Driver({
    ...{ world, queue, newInvocation, graceMs, partsUnderWay },
    processes: {
      mine: (ids) => new Set(ids.filter((id) => !foreign.has(id))),
      claim: (id) => foreign.delete(id) || true,
      disown: () => {},
    },
  });

  async function handle(task: Task, invocation: Invocation): Promise<void> {
    switch (task.kind) {
      case 'copy':
        return await copyObject(world, task, invocation);
      case 'finish':
        await finishJob(world, task, invocation);
        return partsUnderWay.forget(task.jobId);
      case 'parts':
        return await handleParts(task, invocation);
      default:
        throw new Error(`the library runs no task of kind ${task.kind}`);
    }
  }

  async function handleParts(task: Extract<Task, { kind: 'parts' }>, invocation: Invocation): Promise<void> {
    const { concurrency = settings.concurrency } = task;
    const takeBack = gate.wish(concurrency);
    queue.wake();
    try {
      const onPart = (number: number): void => partsUnderWay.note(task.jobId, number);
      const guarded: ObjectStore = gate.guard(client, concurrency, onPart);
      await copyParts({ ...world, store: () => guarded }, task, invocation);
      partsUnderWay.counted(task.jobId, task);
    } finally {
      takeBack();
    }
  }

  return {
    ...{ world, address: config.address },
    run: (request, watch) => runCopy({ world, driver, newInvocation, graceMs }, request, watch),
    async takeUp(job, watch) {
      const { landed } = await table.create(job);
      if (landed && !isFinal(job.state)) foreign.add(job.id);
      return outcomeOf(await driver.drive(job.id, watch));
    },
    async drop() {
      const row = table.first();
      if (!row) return;
      const { landed, job } = await cancelJob(world, row.id);
      // Its Complete, or what its copy took away, is under way: only the end is safe.
      if (!landed && job && !isFinal(job.state)) await driver.drive(row.id).catch(() => {});
      await sweep(world, newInvocation(), { before: Infinity });
    },
    job: () => table.first(),
    async close() {
      await queue.stop(graceMs);
      await client.close();
    },
  };
}
