import type { CopyRequest } from './request.ts';

/** A message that asks a worker to do one bounded thing. Tasks may arrive twice, late and in any order. */
export type Task = (JobTask | BatchTask) & {
  /** Set by the sweep: the task was sent before, and a worker may have died with it. */
  again?: true;
};

/** About one object; the engine does these. */
export type JobTask =
  | {
      kind: 'copy';
      request: CopyRequest;
      /** The planned row that this continues. */
      jobId?: string;
    }
  | {
      kind: 'parts';
      jobId: string;
      /** Fence: a task of another upload than the row's is dropped. */
      uploadId: string;
      /** First part number, from 1. */
      from: number;
      /** How many consecutive parts. */
      count: number;
      /** Part copies of the job in flight at once, where the request says; absent: the setting of the process. */
      concurrency?: number;
      /** Set by the sweep: try to finish afterwards whatever the counter says, for earlier reports may be lost. */
      thenFinish?: boolean;
    }
  | { kind: 'finish'; jobId: string };

/** About one request for many objects; `lib/batch` does these. */
export type BatchTask = BatchStep & {
  batchId: string;
  /** Who asked for the batch: a queue gives callers turns. Absent: the batch did not come by way of the API. */
  caller?: string;
};

export type BatchStep =
  /** Read one range of the source into pages. */
  | { kind: 'read'; range: string }
  /** Copy the objects of one page. */
  | { kind: 'page'; page: string }
  /** See whether rows get in each other's way, and release the pages. */
  | { kind: 'check' }
  /** Add up the results, and end the batch if none is missing. */
  | { kind: 'total' };

export type TaskKind = Task['kind'];
