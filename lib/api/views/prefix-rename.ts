/** The rename of a prefix is a batch, which callers see as one job. */
import type { BatchWorld, Tally } from '../../batch/index.ts';
import type { Job } from '../../copy/model/job.ts';

/** How far the rename of a prefix is; versions before batches kept it in a label of the row. */
export interface PrefixProgress {
  moved: number;
  failed: number;
  /** Of the first failure. */
  why?: string;
}

export const progressLabel = 'prefix';

/** Marks the row of a batch that was asked for as the rename of a prefix. */
const renameLabel = 'prefixRename';

export const prefixRenameLabels = { [renameLabel]: 'yes' };

export function isPrefixRename({ batch, labels }: Pick<Job, 'batch' | 'labels'>): boolean {
  return batch !== undefined && labels?.[renameLabel] !== undefined;
}

/** Undefined for a job about one object. */
export function readProgress(job: Job): PrefixProgress | undefined {
  const label = job.labels?.[progressLabel];
  return label === undefined ? undefined : (JSON.parse(label) as PrefixProgress);
}

/** What a batch has done, as progress: an object that kept its old name counts as failed. */
export function progressOfTally({ counts, entries }: Pick<Tally, 'counts' | 'entries'>): PrefixProgress {
  const moved = (counts.renamed ?? 0) + (counts.unchanged ?? 0);
  return { moved, failed: entries - moved };
}

export function someFailed({ moved, failed, why }: PrefixProgress): { code: string; message: string } {
  const which = why === undefined ? '' : `; the first: ${why}`;
  const message = `${failed} of ${moved + failed} objects were not renamed and are under their old names${which}`;
  return { code: 'SomeFailed', message };
}

/**
 * The row as the job that callers asked for: it is copied while its batch reads or copies, and it has failed when an object
 * was not renamed. Any other row as it is. With `batches`, the reason names the first failure.
 * @throws CopyError when the work folder cannot be read.
 */
export async function asJob(row: Job, batches?: BatchWorld): Promise<Job> {
  if (!isPrefixRename(row)) return row;
  const { batch: _, ...job } = row;
  const { batchOf, batchRow, resultsAfter } = await import('../../batch/index.ts');
  const tally = batchRow(row)?.live.tally;
  const progress = tally ? progressOfTally(tally) : { moved: 0, failed: 0 };
  const labels = { ...row.labels, [progressLabel]: JSON.stringify(progress) };
  const state = row.state === 'planned' ? 'copying' : row.state;
  if (row.state !== 'done' || progress.failed === 0) return { ...job, state, labels };
  const batch = batches && batchOf(batches, row);
  const failed = batch && (await resultsAfter(batch, { status: 'failed', limit: 1, maxPages: pagesAtMost }));
  const reason = someFailed({ ...progress, why: failed?.lines[0]?.error?.message });
  return { ...job, state: 'failed', labels, reason };
}

/** Pages that are read to find the first failure. */
const pagesAtMost = 20;
