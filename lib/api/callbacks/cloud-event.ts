import type { BatchWorld } from '../../batch/index.ts';
import type { Job } from '../../copy/model/job.ts';
import type { Stores } from '../callers/object-url.ts';
import type { JobEvent } from '../model/message.ts';
import { viewBatchJob } from '../views/batch.ts';
import { viewJob } from '../views/job.ts';
import { asJob, isPrefixRename } from '../views/prefix-rename.ts';

export const eventContentType = 'application/cloudevents+json';

export interface EventDeps {
  batches: BatchWorld;
  stores: Stores;
  /** URI reference that names this installation. */
  source: string;
}

/**
 * @param id unique within the source
 * @throws CopyError for a batch whose work folder cannot be read.
 */
export async function eventOf({ batches, stores, source }: EventDeps, job: Job, id: string): Promise<JobEvent> {
  const isBatch = job.batch !== undefined && !isPrefixRename(job);
  const seen = await asJob(job, batches);
  return {
    specversion: '1.0',
    id,
    source,
    type: `object-ferry.${isBatch ? 'batch' : 'job'}.${seen.state}`,
    subject: job.id,
    time: new Date(job.updatedAt).toISOString(),
    datacontenttype: 'application/json',
    data: isBatch ? await viewBatchJob(batches, job, stores) : viewJob(seen, stores),
  };
}
