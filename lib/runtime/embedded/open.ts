import { statSync } from 'node:fs';
import type { BatchWorld } from '../../batch/index.ts';
import { sweepBatches } from '../../batch/index.ts';
import { cancelJob } from '../../copy/cancel.ts';
import type { Invocation, Log, SendOptions, World } from '../../copy/model/ports.ts';
import { defaultSettings } from '../../copy/model/settings.ts';
import type { Task } from '../../copy/model/task.ts';
import { noLog } from '../../log.ts';
import { diedTooOften, mostDeaths } from '../../queue/deaths.ts';
import { noRules } from '../../replicate/rules/rules.ts';
import { StateDatabase } from '../../state/database.ts';
import { EmbeddedStateTable } from '../../state/embedded.ts';
import { EmbeddedSharedRecords } from '../../state/embedded-shared.ts';
import { ProcessRegistry } from '../../state/processes.ts';
import { EmbeddedRunLog } from '../../state/runs.ts';
import { UnderWay } from '../../state/under-way.ts';
import { batchWorld, workFolderOf } from '../shared/batch-world.ts';
import { endAsDead } from '../shared/end-as-dead.ts';
import { ruleWork } from '../shared/rule-work.ts';
import { runTask } from '../shared/run-task.ts';
import { Stores } from '../shared/stores.ts';
import { systemClock } from '../shared/system-clock.ts';
import { Driver } from './driver.ts';
import type { Embedded, EmbeddedOptions } from './embedded.ts';
import { Heartbeat } from './heartbeat.ts';
import { PagesUnderWay } from './pages-under-way.ts';
import { PartsUnderWay } from './parts-under-way.ts';
import { PartGate } from './part-gate.ts';
import { dueHere, interruptedJobs, resumeJobs, sweepAll } from './resume.ts';
import { runBatch } from './run-batch.ts';
import { runCopy } from './run-copy.ts';
import { invocationMs, startWorkers } from './start-workers.ts';

export type { Embedded, EmbeddedOptions } from './embedded.ts';
export type { BatchWatch } from './run-batch.ts';
export type { Progress, RunOutcome, Watch } from './driver.ts';
export { Interrupted } from './driver.ts';
export type { ResumeOptions, ResumeOutcome } from './resume.ts';

/**
 * Opens the state in `home` and wires the engine to it. Several processes may have the same home open.
 *
 * @throws GiveUp StateUnusable when the state cannot be used.
 */
export async function openEmbedded(options: EmbeddedOptions = {}): Promise<Embedded> {
  const { home = '.ferry', log = noLog, clock = systemClock, random = Math.random, graceMs = 10_000 } = options;
  const { rules = noRules, run = runTask } = options;
  const settings = { ...defaultSettings, ...options.settings };
  const database = options.looks ? StateDatabase.openToLook(home) : StateDatabase.openIn(home);
  warnOfOpenFolder(home, log);
  const processes = new ProcessRegistry(database, { clock });
  const { token } = processes;
  const table = new EmbeddedStateTable(database, { clock, owner: token });
  const state = options.observe?.(table) ?? table;
  const shared = new EmbeddedSharedRecords(database, clock);
  const runs = new EmbeddedRunLog(database, processes, clock);
  const underWay = new UnderWay(database, token);
  const stores = new Stores({ ...options, clock, random, log, concurrency: settings.concurrency });
  const heartbeat = new Heartbeat(processes, clock, log);

  let invocations = 0;
  const newInvocation = (attempt = 1): Invocation => ({
    id: `${token}/run/${++invocations}`,
    deadline: clock.now() + invocationMs,
    attempt,
  });

  const watchers = new Map<string, Set<() => void>>();
  const partsUnderWay = new PartsUnderWay();
  const stopping = new Set<string>();
  const workers = startWorkers({
    ...{ database, underWay, partsUnderWay, token, settings, clock, random, log, setAside },
    store: (address) => stores.get(address),
    run: (task, invocation, store) => run({ ...world, store }, rules, batches, task, invocation),
    onSettled(task, error) {
      driver.settled(task, error);
      if ('batchId' in task) watchers.get(task.batchId)?.forEach((wake) => wake());
    },
  });
  const { inbox } = workers;
  const world: World = {
    store: (address) => stores.get(address),
    ...{ state, shared, queue: { send }, clock, random, log, settings },
    requestsOf: options.requestsOf,
  };
  const objects = new PartGate(Infinity);
  const progress = new PagesUnderWay(partsUnderWay);
  const batches: BatchWorld = {
    ...batchWorld(world, {
      client: (address) => stores.get(address),
      workPlace: workFolderOf(home),
      localFiles: true,
    }),
    byRule: ruleWork(rules),
    inTurn: (batch, limit, work) => objects.during(batch, limit, work),
    isStopping: (batch) => stopping.has(batch),
    onPage: (batch, page, known) => progress.note(batch, page, known),
  };
  const common = { processes, newInvocation, graceMs };
  const driver = new Driver({ ...common, world, queue: workers.jobs, partsUnderWay });
  const batchParts = { ...common, world: batches, queues: workers.batches, progress, watchers, stopping };

  /** A batch that was interrupted here begins nothing more; `resume` sends what it lacks. */
  async function send(tasks: Task[], sendOptions?: SendOptions): Promise<void> {
    const wanted = tasks.filter((task) => !('batchId' in task && stopping.has(task.batchId)));
    await workers.tasks.send(wanted, sendOptions);
  }

  /** What the task was is kept. */
  async function setAside(task: Task, reason: string): Promise<void> {
    await inbox.keepDead([task], mostDeaths, reason);
    await endAsDead(world, batches, task, reason);
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

  underWay.reclaim(processes.living());

  let stopBeating = (): void => {};
  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    const ended = await workers.stop(graceMs);
    stopBeating();
    inbox.release();
    underWay.release();
    processes.leave();
    database.close();
    await stores.close(!ended);
  }

  return {
    ...{ world, batches, runs, inbox, processes, database },
    store: (address) => stores.get(address),
    run: (request, watch) => heartbeat.during(() => runCopy({ ...common, world, driver }, request, watch)),
    runBatch: (id, watch) => heartbeat.during(() => runBatch(batchParts, id, watch)),
    interrupted: () => interruptedJobs({ world, processes }),
    resume: (resumeOptions = {}) =>
      heartbeat.during(async () => {
        purge();
        const outcomes = await resumeJobs(
          { world, driver, processes, runBatch: (id, watch) => runBatch(batchParts, id, watch) },
          resumeOptions,
        );
        await workers.drained(resumeOptions.signal);
        return outcomes;
      }),
    sweep: ({ wait = true, signal } = {}) =>
      heartbeat.during(async () => {
        purge();
        const report = await sweepAll({ world, processes }, newInvocation());
        report.revived += await sweepBatches({ ...batches, state: dueHere({ world, processes }) }, newInvocation());
        if (wait) await workers.drained(signal);
        return report;
      }),
    cancel: (id) => cancelJob(world, id),
    jobs: (query) => state.list(query),
    job: (id) => state.get(id),
    openReplicas: () => table.openReplicas(),
    startInbox: () => {
      stopBeating = heartbeat.hold();
      reclaim();
      workers.startInbox();
    },
    close: () => (closing ??= close()),
  };
}

/** Our own files are closed to other users; who can write to the folder can still put others in their place. */
function warnOfOpenFolder(home: string, log: Log): void {
  const mode = modeOf(home);
  if ((mode & 0o022) === 0) return;
  log.warn('other users can write to the state folder, and so put another state in its place; close it', {
    folder: home,
    mode: (mode & 0o7777).toString(8),
    command: `chmod go-w ${home}`,
  });
}

/** 0 where it cannot be told: a command that only reads a store needs no folder, and may lie in one that is closed to it. */
function modeOf(path: string): number {
  try {
    return statSync(path).mode;
  } catch {
    return 0;
  }
}
