/** What the embedded runtime is given, and what it offers. */
import type { BatchView, BatchWorld } from '../../batch/index.ts';
import type { Config } from '../../config/env.ts';
import type { Job, JobState } from '../../copy/model/job.ts';
import type { StoreAddress } from '../../copy/model/object.ts';
import type { Clock, JobPage, Landed, Log, StateTable, World } from '../../copy/model/ports.ts';
import type { CopyRequest } from '../../copy/model/request.ts';
import type { Settings } from '../../copy/model/settings.ts';
import type { SweepReport } from '../../copy/sweep.ts';
import type { DurableQueue } from '../../queue/durable.ts';
import type { RuleSet } from '../../replicate/rules/rules.ts';
import type { StateDatabase } from '../../state/database.ts';
import type { ProcessRegistry } from '../../state/processes.ts';
import type { RunLog } from '../../state/runs.ts';
import type { StoreClient } from '../../store/open.ts';
import type { runTask } from '../shared/run-task.ts';
import type { StoresOptions } from '../shared/stores.ts';
import type { RunOutcome, Watch } from './driver.ts';
import type { ResumeOptions, ResumeOutcome } from './resume.ts';
import type { BatchWatch } from './run-batch.ts';

export interface EmbeddedOptions extends Pick<StoresOptions, 'credentials' | 'env' | 'onRequest' | 'open'> {
  /** Folder that keeps state; made when it is not there. Default `.ferry`. */
  home?: string;
  /** The caller only reads stores: a home that is not there, or cannot be written, will do. */
  looks?: boolean;
  config?: Pick<Config, 'stores' | 'named'>;
  settings?: Partial<Settings>;
  /** Decide about replicas that are copied again; default: none. */
  rules?: RuleSet;
  log?: Log;
  clock?: Clock;
  /** In [0, 1). */
  random?: () => number;
  /** Wraps the state table that everything here writes to, to hear of changes. */
  observe?(state: StateTable): StateTable;
  /** Requests that were sent for a job so far: for the line of its end. */
  requestsOf?: World['requestsOf'];
  /** Does one task; default: `runTask`. */
  run?: typeof runTask;
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
  /** Unfinished jobs and batches that no living process works on, as `interruptedJobs` says. */
  interrupted(): Promise<Job[]>;
  /** Resumes and completes jobs abandoned by dead processes. @throws Interrupted. */
  resume(options?: ResumeOptions): Promise<ResumeOutcome[]>;
  /** One sweep over all; waits for the tasks it sent, unless `wait` is false or until the signal aborts. */
  sweep(options?: { wait?: boolean; signal?: AbortSignal }): Promise<SweepReport>;
  cancel(id: string): Promise<Landed>;
  jobs(query: { states?: JobState[]; limit: number; cursor?: string }): Promise<JobPage>;
  job(id: string): Promise<Job | undefined>;
  /** Replicas under way, by rule; not those of batches. */
  openReplicas(): { rule: string; jobs: number; oldestAt: number }[];
  /** Begins to work on the inbox, and says to others that this process lives, until `close`. */
  startInbox(): void;
  /** Lets tasks under way end, within the grace time, and leaves everything else for later. */
  close(): Promise<void>;
}
