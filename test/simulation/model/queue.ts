/** The queue: at least once, unordered, sometimes late, sometimes twice. */
import type { Task } from '../../../lib/copy/model/task.ts';
import type { ObjectEvent } from '../../../lib/replicate/events/event.ts';
import type { Random } from '../random.ts';

/** What a message asks for: a task of the engine, or to look at what a store has told. */
export type Errand = Task | { kind: 'event'; event: ObjectEvent };

export interface Message {
  id: string;
  task: Errand;
  deliveries: number;
  /** Already acknowledged; late copies of it may still arrive. */
  done: boolean;
}

export interface QueueHost {
  after(delayMs: number, run: () => void): void;
  random: Random;
  /** Chance of a second copy, and of a copy that comes very late. */
  duplicates(): number;
  lateMs: number;
  deliver(message: Message): void;
}

export class ModelQueue {
  readonly waiting = new Map<string, Message>();
  sent = 0;
  private readonly host: QueueHost;

  constructor(host: QueueHost) {
    this.host = host;
  }

  send(tasks: readonly Errand[], delayMs: number): void {
    for (const task of tasks) {
      const message = { id: `m${++this.sent}`, task, deliveries: 0, done: false };
      this.waiting.set(message.id, message);
      const random = this.host.random.fork(message.id);
      const late = random.chance(this.host.duplicates()) ? random.next() * this.host.lateMs : 0;
      this.deliverAfter(message, delayMs + late + random.next() * 50);
      if (random.chance(this.host.duplicates())) this.duplicate(message, delayMs + random.next() * this.host.lateMs);
    }
  }

  /** A second copy of a message, for which no sender waits. */
  duplicate(message: Message, delayMs: number): void {
    const copy = { ...message, id: `${message.id}+`, deliveries: message.deliveries, done: false };
    if (this.waiting.has(copy.id)) return;
    this.waiting.set(copy.id, copy);
    this.deliverAfter(copy, delayMs);
  }

  deliverAfter(message: Message, delayMs: number): void {
    this.host.after(delayMs, () => {
      if (message.done || !this.waiting.has(message.id)) return;
      message.deliveries++;
      this.host.deliver(message);
    });
  }

  acknowledge(message: Message): void {
    message.done = true;
    this.waiting.delete(message.id);
  }

  /** The process that held the queue was lost with everything in it that a row can bring back. */
  forget(canBeRebuilt: (task: Errand) => boolean): void {
    for (const message of [...this.waiting.values()]) if (canBeRebuilt(message.task)) this.acknowledge(message);
  }
}
