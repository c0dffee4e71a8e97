import type { Job } from '../../copy/model/job.ts';

/** How far the rename of a prefix is; kept in a label of its row. */
export interface PrefixProgress {
  /** Last key of the pages that are done. */
  after?: string;
  /** The page under way: its last key, and how many objects it had. */
  page?: { until: string; size: number };
  moved: number;
  failed: number;
  /** Of the first failure. */
  why?: string;
}

export const progressLabel = 'prefix';

/** Undefined for a job about one object. */
export function readProgress(job: Job): PrefixProgress | undefined {
  const label = job.labels?.[progressLabel];
  return label === undefined ? undefined : (JSON.parse(label) as PrefixProgress);
}
