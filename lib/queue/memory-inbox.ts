import type { Clock } from '../copy/model/ports.ts';
import type { Task } from '../copy/model/task.ts';
import type { Delivery, Inbox } from './inbox.ts';

interface Waiting extends Delivery {
  /** Epoch milliseconds. */
  readyAt: number;
}

/**
 * Tasks in memory: ready ones in the order they became so, delayed ones by their time. Each caller has a lane, and the lanes
 * take turns, however many tasks one of them holds.
 */
export class MemoryInbox implements Inbox {
  readonly #clock: Clock;
  /** By lane, in the order of their turns. A Map keeps the order and gives up its first entry cheaply, also at 100,000 tasks. */
  readonly #ready = new Map<string, Map<number, Delivery>>();
  /** Latest first, so that the next one is popped from the end. */
  readonly #delayed: Waiting[] = [];
  #lastId = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return [...this.#ready.values()].reduce((sum, lane) => sum + lane.size, this.#delayed.length);
  }

  add(tasks: readonly Task[], delayMs = 0): void {
    for (const task of tasks) this.#put({ id: ++this.#lastId, task, attempt: 1 }, delayMs);
  }

  #put(delivery: Delivery, delayMs: number): void {
    if (delayMs <= 0) return this.#makeReady(delivery);
    const waiting = { ...delivery, readyAt: this.#clock.now() + delayMs };
    let [low, high] = [0, this.#delayed.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#delayed[middle] as Waiting).readyAt > waiting.readyAt) low = middle + 1;
      else high = middle;
    }
    this.#delayed.splice(low, 0, waiting);
  }

  #makeReady(delivery: Delivery): void {
    const name = laneOf(delivery.task);
    const lane = this.#ready.get(name);
    if (lane) lane.set(delivery.id, delivery);
    else this.#ready.set(name, new Map([[delivery.id, delivery]]));
  }

  async receive(limit: number): Promise<Delivery[]> {
    const now = this.#clock.now();
    for (let next = this.#delayed.at(-1); next && next.readyAt <= now; next = this.#delayed.at(-1)) {
      this.#delayed.pop();
      const { readyAt: _readyAt, ...delivery } = next;
      this.#makeReady(delivery);
    }
    const taken: Delivery[] = [];
    while (taken.length < limit) {
      const [turn] = this.#ready;
      if (!turn) break;
      const [name, lane] = turn;
      const [first] = lane.values();
      if (first) taken.push(first);
      if (first) lane.delete(first.id);
      // To the end of the line.
      this.#ready.delete(name);
      if (lane.size > 0) this.#ready.set(name, lane);
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
    for (const lane of this.#ready.values()) for (const { task } of lane.values()) if (condition(task)) return true;
    return this.#delayed.some(({ task }) => condition(task));
  }

  /** Removes the waiting tasks that meet the condition. */
  remove(condition: (task: Task) => boolean): void {
    for (const [name, lane] of this.#ready) {
      for (const [id, { task }] of lane) if (condition(task)) lane.delete(id);
      if (lane.size === 0) this.#ready.delete(name);
    }
    const kept = this.#delayed.filter(({ task }) => !condition(task));
    this.#delayed.splice(0, this.#delayed.length, ...kept);
  }
}

/** Tasks about one object share a lane. */
function laneOf(task: Task): string {
  return ('batchId' in task ? task.caller : undefined) ?? '';
}
