import type { SendOptions } from '../../copy/model/ports.ts';
import type { BatchView } from '../views/batch.ts';
import type { JobView } from '../views/job.ts';

/** Tasks of this kind go beside the engine's own; `attempt` counts from 1. */
export type CallbackMessage = ({ kind: 'callback'; jobId: string } | { kind: 'event'; event: JobEvent }) & {
  attempt: number;
  /** Epoch milliseconds, by the clock of the process that sent the message at `sentAt`. */
  notBefore?: number;
  sentAt?: number;
};

/** How often the message behind a running job looks; under the longest delay that queues of the clouds allow (15 minutes). */
export const guardMs = 600_000;

/** CloudEvents 1.0, structured mode: what callbacks and the lifecycle webhook carry. */
export interface JobEvent {
  specversion: '1.0';
  /** The same over all deliveries of one event. */
  id: string;
  source: string;
  /** `object-ferry.job.` or `object-ferry.batch.`, and the state. */
  type: string;
  /** The id of the job or batch. */
  subject: string;
  time: string;
  datacontenttype: 'application/json';
  data: JobView | BatchView;
}

export interface RenamePrefixMessage {
  kind: 'rename-prefix';
  jobId: string;
}

/** What the API sends besides the engine's tasks; told from those by its `kind`. */
export type ApiMessage = CallbackMessage | RenamePrefixMessage;

/** At-least-once, unordered, and durable: nothing else could rebuild what is lost here. */
export interface MessageQueue {
  send(messages: ApiMessage[], options?: SendOptions): Promise<void>;
}
