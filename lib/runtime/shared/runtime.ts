import type { ApiRuntime } from '../../api/run-message.ts';
import type { BatchWorld } from '../../batch/index.ts';
import type { Invocation, World } from '../../copy/model/ports.ts';
import type { Task } from '../../copy/model/task.ts';
import type { RuleWatch } from '../../replicate/one/context.ts';
import type { RuleSet } from '../../replicate/rules/rules.ts';

/** What the functions need of the platform they run on. Built once per process; holds no request (I12). */
export interface Runtime {
  world: World;
  rules: RuleSet;
  /** Hears what becomes of events. Absent: nothing is counted by rule. */
  watch?: RuleWatch & {
    /** Runs a task in a world whose requests are counted for the rule of its job. */
    duringTask?(world: World, task: Task, run: (world: World) => Promise<void>): Promise<void>;
  };
  /** For the tasks of batches. Absent: there are none here. */
  batches?: BatchWorld;
  /** Absent where no callers are configured: there is then no HTTP API, and there are no callbacks. */
  api?: ApiRuntime;
  /**
   * Lets a message that is reported as failed come again soon, but not before `delayMs`, where the queue can. Absent: it
   * comes again when the queue sees fit.
   */
  postpone?(message: QueueMessage, delayMs: number): Promise<void>;
  /** Deletes rows that have expired, where the table does not do that by itself. Returns how many. */
  purge?(): Promise<number>;
  /** Where each message is an invocation of its own, as on Function Compute. Absent: an invocation that fails is repeated as it is. */
  direct?: DirectMessages;
}

/** Messages that come as invocations, and go back as such. */
export interface DirectMessages {
  /** How often the platform repeats an invocation that failed, before it keeps it as a dead letter. */
  repeats: number;
  /** What this invocation was sent; it may be an event that no function of ours sent. */
  read(event: unknown): DirectMessage;
  /**
   * Waits for a message that came before its time, or sends it again for later.
   * @returns whether it was sent again: this invocation has nothing to do.
   * @throws RetryLater when it cannot be sent: the platform repeats this invocation.
   */
  holdBack(message: DirectMessage, invocation: Invocation): Promise<boolean>;
  /**
   * Sends it to the same function once more, not before `delayMs`.
   * @returns false when it was delivered often enough: the platform repeats this invocation, then keeps it as a dead letter.
   * @throws RetryLater when it cannot be sent: the platform repeats this invocation.
   */
  sendAgain(message: DirectMessage, delayMs: number): Promise<boolean>;
}

export interface DirectMessage {
  /** Bytes, text or an object. */
  input: unknown;
  /** Deliveries before this one, not counting those that the platform repeated by itself. */
  earlier: number;
  /** Epoch milliseconds before which it must not be worked on. */
  notBefore?: number;
  /** When the platform was asked to deliver it; earlier than `notBefore` where that is too far away for one delay. */
  due?: number;
}

/** A message as SQS hands it to a function; only what we use. */
export interface QueueMessage {
  messageId: string;
  receiptHandle?: string;
  body: string;
  attributes?: { ApproximateReceiveCount?: string };
  eventSourceARN?: string;
}
