import type { Job } from '../copy/job.ts';
import type { Stores } from './object-url.ts';
import type { JobView } from './views.ts';
import { viewJob } from './views.ts';

/** CloudEvents 1.0, structured mode: what callbacks and the lifecycle webhook carry. */
export interface JobEvent {
  specversion: '1.0';
  /** The same over all deliveries of one event. */
  id: string;
  source: string;
  /** `object-ferry.job.` and the state. */
  type: string;
  /** The job's id. */
  subject: string;
  time: string;
  datacontenttype: 'application/json';
  data: JobView;
}

export const eventContentType = 'application/cloudevents+json';

/**
 * @param source URI reference that names this installation
 * @param id unique within the source
 */
export function jobEvent(job: Job, id: string, source: string, stores: Stores): JobEvent {
  return {
    specversion: '1.0',
    id,
    source,
    type: `object-ferry.job.${job.state}`,
    subject: job.id,
    time: new Date(job.updatedAt).toISOString(),
    datacontenttype: 'application/json',
    data: viewJob(job, stores),
  };
}
