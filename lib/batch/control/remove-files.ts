/** The files of a batch that has ended go after a while. */
import { CopyError } from '../../copy/model/errors.ts';
import type { JobState } from '../../copy/model/job.ts';
import { isFinal } from '../../copy/model/job.ts';
import type { BatchWorld } from '../model/world.ts';
import type { Batch } from '../rows/batch-row.ts';
import { batchRow, changeBatch } from '../rows/batch-row.ts';

/** A batch that is read by another one is looked at again after this. */
const dayMs = 86_400_000;

const openStates: JobState[] = ['planned', 'copying', 'finishing'];
const rowsAtOnce = 1_000;
const pagesAtMost = 20;

/** Whether the files of this batch are due: it ended and was added up, and it kept them long enough. */
export function mayRemoveFiles(world: BatchWorld, { job, row }: Batch): boolean {
  const { summed, removeAt } = row;
  return isFinal(job.state) && summed === true && removeAt !== undefined && removeAt <= world.clock.now();
}

/**
 * Removes files of a batch that has ended, and lets its row expire with the last one. Files that an unfinished batch reads as its
 * source stay.
 *
 * @param limit files at most.
 * @returns how many were removed.
 */
export async function removeFiles(world: BatchWorld, batch: Batch, limit: number): Promise<number> {
  const { id, files } = batch;
  const now = world.clock.now();
  if (await mayBeRead(world, id)) {
    await world.state.count(id, 0, now + dayMs);
    return 0;
  }
  try {
    const { removed = 0, isGone = true } = (await files.remove?.(`${id}/`, limit)) ?? {};
    if (isGone) {
      await changeBatch(world, id, () => ({ attentionAt: undefined, expiresAt: now, batch: { removeAt: undefined } }));
      world.log.info('the files of a batch that ended were removed', { batch: id });
    }
    return removed;
  } catch (error) {
    if (!(error instanceof CopyError)) throw error;
    world.log.warn('the files of a batch cannot be removed', { batch: id, error: error.message });
    await world.state.count(id, 0, now + dayMs);
    return 0;
  }
}

/** Whether an unfinished batch reads the results of this one; also true where there are too many rows to say. */
async function mayBeRead(world: BatchWorld, id: string): Promise<boolean> {
  let cursor: string | undefined;
  for (let pages = 0; pages < pagesAtMost; pages += 1) {
    const page = await world.state.list({ states: openStates, limit: rowsAtOnce, cursor });
    for (const job of page.jobs) {
      const source = batchRow(job)?.request.source;
      if (source?.kind === 'results' && source.batchId === id) return true;
    }
    cursor = page.cursor;
    if (cursor === undefined) return false;
  }
  return true;
}
