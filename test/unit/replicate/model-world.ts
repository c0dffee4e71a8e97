/** Workers over the model store: events arrive twice, late and in any order, and calls of all workers interleave. */
import { RetryLater } from '../../../lib/copy/model/errors.ts';
import type { ObjectRef } from '../../../lib/copy/model/object.ts';
import type { Invocation, World } from '../../../lib/copy/model/ports.ts';
import { defaultSettings } from '../../../lib/copy/model/settings.ts';
import type { Task } from '../../../lib/copy/model/task.ts';
import type { ObjectEvent } from '../../../lib/replicate/events/event.ts';
import { replicateEvent } from '../../../lib/replicate/replicate.ts';
import type { RuleSet } from '../../../lib/replicate/rules/rules.ts';
import { runTask } from '../../../lib/runtime/shared/run-task.ts';
import { ModelStore, type Change, type Step } from './model-store.ts';

/** A number in [0, 1) for each call. */
export type Dice = () => number;

export interface ModelOptions {
  dice?: Dice;
  /** Chance that an event is delivered once more. */
  duplicates?: number;
  conditionalDelete?: boolean;
}

/** More steps than any finite run here needs: a run that gets there is in a loop. */
const endless = 30_000;

export class ModelWorld {
  readonly store: ModelStore;
  readonly changes: Change[] = [];
  now = Date.UTC(2026, 0, 15);
  readonly #rules: RuleSet;
  readonly #options: Required<ModelOptions>;
  readonly #ready: (() => void)[] = [];
  #failure: unknown;

  constructor(rules: RuleSet, options: ModelOptions = {}) {
    this.#rules = rules;
    this.#options = { dice: () => 0, duplicates: 0, conditionalDelete: false, ...options };
    this.store = new ModelStore(
      () => this.now,
      (change) => this.#changed(change),
    );
  }

  /** Lets a user act some time from now, among everything else. */
  later(act: () => void): void {
    this.#ready.push(act);
  }

  put(ref: ObjectRef, data: string, userMetadata: Record<string, string> = {}): void {
    this.store.put(ref, data, { userMetadata });
  }

  deliver(change: Change): void {
    const { dice } = this.#options;
    const { kind, bucket, key, at } = change;
    const object = this.store.get({ bucket, key });
    const event: ObjectEvent = { kind, scheme: 's3', bucket, key, at, source: 'model', id: `${this.changes.length}` };
    // Some senders tell what was written, some do not.
    if (kind === 'created' && object && dice() < 0.5)
      Object.assign(event, { etag: object.etag, size: object.data.length });
    this.#run((world, invocation) => replicateEvent(world, this.#rules, event, invocation));
  }

  /** A removal as some sender tells it, whatever the store did. */
  removedEvent(ref: ObjectRef, more: Partial<ObjectEvent>): void {
    const event: ObjectEvent = {
      kind: 'removed',
      scheme: 's3',
      ...ref,
      at: this.now,
      source: 'model',
      id: 'r',
      ...more,
    };
    this.#run((world, invocation) => replicateEvent(world, this.#rules, event, invocation));
  }

  /** Until nothing is left to do. @throws when it never ends, or when a worker failed for good. */
  async settle(): Promise<void> {
    await turn();
    for (let steps = 0; this.#ready.length > 0; steps += 1) {
      if (steps > endless) throw new Error('this never settles');
      const [next] = this.#ready.splice(Math.floor(this.#options.dice() * this.#ready.length), 1);
      this.now += Math.floor(this.#options.dice() * 400) + 1;
      next?.();
      await turn();
    }
    if (this.#failure) throw this.#failure;
  }

  /** For callers of their own: calls take effect at once. */
  worldNow(): World {
    return this.#world(async (effect) => effect());
  }

  #changed(change: Change): void {
    this.changes.push(change);
    const copies = this.#options.dice() < this.#options.duplicates ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) this.later(() => this.deliver(change));
  }

  #run(work: (world: World, invocation: Invocation) => Promise<unknown>): void {
    const invocation = { id: 'model', deadline: Infinity, attempt: 1 };
    const step: Step = (effect) =>
      new Promise((resolve, reject) => {
        this.later(() => {
          try {
            resolve(effect());
          } catch (error) {
            reject(error as Error);
          }
        });
      });
    work(this.#world(step), invocation).catch((error: unknown) => {
      if (error instanceof RetryLater) this.later(() => this.#run(work));
      else this.#failure ??= error;
    });
  }

  #world(step: Step): World {
    const store = this.store.port(step, this.#options);
    const quiet = (): void => {};
    const send = (tasks: Task[]): Promise<void> => {
      for (const task of tasks) {
        this.later(() => this.#run((world, invocation) => runTask(world, this.#rules, undefined, task, invocation)));
      }
      return Promise.resolve();
    };
    const noState = (): never => {
      throw new Error('a small replica needs no state');
    };
    return {
      store: () => store,
      state: { create: noState, get: noState, move: noState, count: noState, due: noState, list: noState },
      shared: { get: noState, compareAndSet: noState },
      queue: { send },
      clock: { now: () => this.now, sleep: () => Promise.resolve() },
      random: this.#options.dice,
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
      settings: defaultSettings,
    };
  }
}

/** Every promise that can go on has done so. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
