import { CopyError } from '../../copy/model/errors.ts';
import type { Job } from '../../copy/model/job.ts';
import { isFinal } from '../../copy/model/job.ts';
import { readPartial } from '../files/partial-file.ts';
import { tallyLines } from '../files/result-file.ts';
import { addTallies } from '../model/tally.ts';
import { namesIn } from '../model/work-files.ts';
import type { BatchWorld } from '../model/world.ts';
import { batchOf } from '../rows/batch-row.ts';

const nothingElse = { page: '', entries: 0, rejected: 0, passedOver: {}, cursor: null };

/**
 * The row of a batch whose live counts include what is known of pages that were interrupted. Costs two listings and one read
 * for each such page. A row whose work folder cannot be read, and any other row, as it is.
 */
export async function withPartialPages(world: BatchWorld, job: Job): Promise<Job> {
  const batch = batchOf(world, job);
  if (!batch || isFinal(job.state)) return job;
  const { id, row, files } = batch;
  let { tally } = row.live;
  try {
    const finished = new Set<string>();
    for await (const page of namesIn(files, id, 'results')) finished.add(page);
    for await (const page of namesIn(files, id, 'partial')) {
      if (finished.has(page)) continue;
      const { lines } = await readPartial(files, id, page);
      tally = addTallies(tally, tallyLines(nothingElse, [...lines.values()], {}));
    }
  } catch (error) {
    if (!(error instanceof CopyError)) throw error;
    return job;
  }
  const entries = Math.max(row.live.entries, tally.entries);
  return { ...job, batch: { ...row, live: { ...row.live, entries, tally } } };
}
