import type { ApiRuntime } from '../../api/run-message.ts';
import type { BatchWorld } from '../../batch/index.ts';
import type { World } from '../../copy/model/ports.ts';
import type { RuleSet } from '../../replicate/rules/rules.ts';

/** What the functions need of the platform they run on. Built once per process; holds no request (I12). */
export interface Runtime {
  world: World;
  rules: RuleSet;
  /** For the tasks of batches. Absent: there are none here. */
  batches?: BatchWorld;
  /** Absent where no callers are configured: there is then no HTTP API, and there are no callbacks. */
  api?: ApiRuntime;
  /**
   * Lets a message that is reported as failed come again soon, but not before `delayMs`, where the queue can. Absent: it
   * comes again when the queue sees fit.
   */
  postpone?(message: QueueMessage, delayMs: number): Promise<void>;
}

/** A message as SQS hands it to a function; only what we use. */
export interface QueueMessage {
  messageId: string;
  receiptHandle?: string;
  body: string;
  attributes?: { ApproximateReceiveCount?: string };
  eventSourceARN?: string;
}
