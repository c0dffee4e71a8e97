import type { Clock } from '../copy/ports.ts';
import type { Task } from '../copy/task.ts';
import type { Delivery, Inbox } from './inbox.ts';

interface Waiting extends Delivery {
  /** Epoch milliseconds. */
  readyAt: number;
}

/** Tasks in memory: ready ones in the order they became so, delayed ones by their time. */
export class MemoryInbox implements Inbox {
  readonly #clock: Clock;
  /** A Map keeps the order and gives up its first entry cheaply, also at 100,000 tasks. */
  readonly #ready = new Map<number, Delivery>();
  /** Latest first, so that the next one is popped from the end. */
  readonly #delayed: Waiting[] = [];
  #lastId = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#ready.size + this.#delayed.length;
  }

  add(tasks: readonly Task[], delayMs = 0): void {
    for (const task of tasks) this.#put({ id: ++this.#lastId, task, attempt: 1 }, delayMs);
  }

  #put(delivery: Delivery, delayMs: number): void {
    if (delayMs <= 0) {
      this.#ready.set(delivery.id, delivery);
      return;
    }
    const waiting = { ...delivery, readyAt: this.#clock.now() + delayMs };
    let [low, high] = [0, this.#delayed.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#delayed[middle] as Waiting).readyAt > waiting.readyAt) low = middle + 1;
      else high = middle;
    }
    this.#delayed.splice(low, 0, waiting);
  }

  async receive(limit: number): Promise<Delivery[]> {
    const now = this.#clock.now();
    for (let next = this.#delayed.at(-1); next && next.readyAt <= now; next = this.#delayed.at(-1)) {
      this.#delayed.pop();
      this.#ready.set(next.id, { id: next.id, task: next.task, attempt: next.attempt });
    }
    const taken: Delivery[] = [];
    for (const [id, delivery] of this.#ready) {
      if (taken.length >= limit) break;
      this.#ready.delete(id);
      taken.push(delivery);
    }
    return taken;
  }

  async ack(): Promise<void> {}

  async retry(delivery: Delivery, delayMs: number): Promise<void> {
    this.#put({ ...delivery, attempt: delivery.attempt + 1 }, delayMs);
  }

  /** Its job stays in the state table, where the sweep finds it. */
  async bury(): Promise<void> {}

  async nextAt(): Promise<number | undefined> {
    return this.#ready.size > 0 ? this.#clock.now() : this.#delayed.at(-1)?.readyAt;
  }

  /** Whether a waiting task meets the condition. */
  some(condition: (task: Task) => boolean): boolean {
    for (const { task } of this.#ready.values()) if (condition(task)) return true;
    return this.#delayed.some(({ task }) => condition(task));
  }

  /** Removes the waiting tasks that meet the condition. */
  remove(condition: (task: Task) => boolean): void {
    for (const [id, { task }] of this.#ready) if (condition(task)) this.#ready.delete(id);
    const kept = this.#delayed.filter(({ task }) => !condition(task));
    this.#delayed.splice(0, this.#delayed.length, ...kept);
  }
}
