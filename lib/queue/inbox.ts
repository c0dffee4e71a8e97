import type { Task } from '../copy/task.ts';

/** One delivery of a task; the receipt of whoever works on it. */
export interface Delivery {
  id: number;
  task: Task;
  /** 1 on the first delivery. Also the fence: who holds an older delivery of the same task can no longer settle it. */
  attempt: number;
}

/** Where a worker pool takes its tasks from. */
export interface Inbox {
  /** At most `limit` tasks whose time has come, oldest first; they are ours for `leaseMs`. */
  receive(limit: number, leaseMs: number): Promise<Delivery[]>;
  /** Done with it. */
  ack(delivery: Delivery): Promise<void>;
  /** Again, not before `delayMs` from now. */
  retry(delivery: Delivery, delayMs: number): Promise<void>;
  /** Never again, unless somebody redrives it. `reason` is for people. */
  bury(delivery: Delivery, reason: string): Promise<void>;
  /** When the next task becomes ready, epoch milliseconds (may have passed); undefined when none waits. */
  nextAt(): Promise<number | undefined>;
}
