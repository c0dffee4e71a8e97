import type { CopyRequest } from './request.ts';

/** A message that asks a worker to do one bounded thing. Tasks may arrive twice, late and in any order. */
export type Task =
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
      /** Set by the sweep: try to finish afterwards whatever the counter says, for earlier reports may be lost. */
      thenFinish?: boolean;
    }
  | { kind: 'finish'; jobId: string };

export type TaskKind = Task['kind'];
