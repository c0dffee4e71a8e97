const MiB = 1024 * 1024;
const GB = 1000 ** 3;

/** Knobs of the engine. Sizes in bytes, times in milliseconds. */
export interface Settings {
  /** Part copies in flight for one job, over all workers. */
  concurrency: number;
  /** Above this size parts are used even where one CopyObject would be allowed: one large call is slower than many. */
  directMax: number;
  /** Configured ceiling of a CopyObject into another bucket; the documented maximum is 5 GB, the safe value 1 GB. */
  directOtherBucketMax: number;
  /** A CopyObject that takes longer than this is given up for parts. */
  directTimeoutMs: number;
  partSizeMin: number;
  partSizeMax: number;
  /** Part tasks wanted per unit of concurrency: more balances better, fewer costs fewer writes and invocations. */
  tasksPerWorker: number;
  /** Most parts one task may carry. */
  partsPerTaskMax: number;
  /** The sweep checks a job whose row was not written for this long. */
  staleMs: number;
  /** Longest lease a finisher takes; Complete of 10,000 parts may run for minutes. */
  leaseMs: number;
  /** A worker starts no further part when less than this is left of its invocation, and sends the rest as a new task. */
  partReserveMs: number;
  /** How often a job whose upload vanished begins again. */
  maxRestarts: number;
  /** An upload of an unanswered Initiate is only removed when it has stood this long. */
  orphanGraceMs: number;
  /** Deliveries of one task before it is left to the sweep or, where the job has no row, to the dead letters. */
  maxAttempts: number;
  /** A job that waits for the restore of its source looks at it after this, and less often the longer it waits. */
  restoreLookMs: number;
  /** And fails when the source is not readable after this. */
  restoreWaitMs: number;
  /** Finished rows are kept this long. */
  keepMs: number;
  /** Store requests a second over all batches and workers; 0: as fast as the stores allow. */
  batchRequestsPerSecond: number;
  /** Rows of a batch that are in memory at once while they are compared with each other, about 1 kB each at worst. */
  batchCheckRows: number;
}

export const defaultSettings: Settings = {
  concurrency: 16,
  directMax: 256 * MiB,
  directOtherBucketMax: GB,
  directTimeoutMs: 30_000,
  partSizeMin: 16 * MiB,
  partSizeMax: 512 * MiB,
  tasksPerWorker: 4,
  partsPerTaskMax: 100,
  staleMs: 120_000,
  leaseMs: 300_000,
  partReserveMs: 60_000,
  maxRestarts: 3,
  orphanGraceMs: 3_600_000,
  maxAttempts: 8,
  restoreLookMs: 60_000,
  // The slowest tiers take 48 hours.
  restoreWaitMs: 5 * 86_400_000,
  keepMs: 7 * 86_400_000,
  batchRequestsPerSecond: 0,
  batchCheckRows: 100_000,
};
