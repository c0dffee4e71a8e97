import type { Job } from './job.ts';
import type { CopyResult } from './result.ts';

/** `done`: it is copied (or there was nothing to do). `job`: its tasks are on their way, the row tells how it goes. */
export type StartOutcome = { kind: 'done'; result: CopyResult; job?: Job } | { kind: 'job'; job: Job };
