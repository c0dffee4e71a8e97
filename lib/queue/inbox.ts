import type { Task } from '../copy/model/task.ts';

/** One delivery of a task (or another message); the receipt of the worker that holds it. */
export interface Delivery<Message = Task> {
  id: number;
  task: Message;
  /** 1 on the first delivery. Also the fence: a worker that holds an older delivery of the same task can no longer settle it. */
  attempt: number;
}

/** Where a worker pool takes its tasks from. */
export interface Inbox<Message = Task> {
  /** At most `limit` tasks whose time has come, oldest first; they are ours for `leaseMs`. */
  receive(limit: number, leaseMs: number): Promise<Delivery<Message>[]>;
  /** Done with it. */
  ack(delivery: Delivery<Message>): Promise<void>;
  /** Again, not before `delayMs` from now. */
  retry(delivery: Delivery<Message>, delayMs: number): Promise<void>;
  /** Never again, unless an operator redrives it. `reason` is for people. */
  bury(delivery: Delivery<Message>, reason: string): Promise<void>;
  /** When the next task becomes ready, epoch milliseconds (may have passed); undefined when none waits. */
  nextAt(): Promise<number | undefined>;
}
