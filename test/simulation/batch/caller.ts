/** One invocation that works on batches: every call it makes takes time, may fail, may not be answered, may be its last. */
import { RetryLater } from '../../../lib/copy/model/errors.ts';
import type { Random } from '../random.ts';
import type { Scheduler } from '../scheduler.ts';

const faults = [
  'crash-before',
  'crash-after',
  'lost-answer',
  'never-arrived',
  'refused',
  'throttled',
  'sent-twice',
] as const;
export type Fault = (typeof faults)[number];

export interface Weather {
  /** Chance of a fault, per call. */
  rate: number;
  kinds: readonly Fault[];
}

export function drawWeather(random: Random): Weather {
  if (random.chance(0.1)) return { rate: 0, kinds: faults };
  const kinds = faults.filter(() => random.chance(0.5));
  return { rate: random.pick([0.002, 0.01, 0.03]), kinds: kinds.length > 0 ? kinds : faults };
}

/** Calls whose effect is the same when the adapter sends them again by itself; only these fail without being settled. */
export class Caller {
  readonly name: string;
  readonly random: Random;
  alive = true;
  readonly bornAt: number;
  readonly #scheduler: Scheduler;
  readonly #weather: () => Weather | undefined;
  readonly #say: (line: string) => void;
  readonly #struck: (fault: Fault) => void;

  constructor(
    name: string,
    random: Random,
    scheduler: Scheduler,
    weather: () => Weather | undefined,
    say: (line: string) => void,
    struck: (fault: Fault) => void,
  ) {
    this.name = name;
    this.random = random;
    this.#scheduler = scheduler;
    this.#weather = weather;
    this.#say = say;
    this.#struck = struck;
    this.bornAt = scheduler.now;
  }

  now(): number {
    return Math.floor(this.#scheduler.now);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#scheduler.after(ms, () => this.#answer(resolve)));
  }

  /** A dead caller's promise stays open for ever. `isRepeated`: the adapter may send it twice, and passes on the second answer. */
  call<T>(name: string, apply: () => T, { isRepeated = false } = {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (!this.alive) return;
      const weather = this.#weather();
      const fault = weather && this.random.chance(weather.rate) ? this.random.pick(weather.kinds) : undefined;
      if (fault) {
        this.#struck(fault);
        this.#say(`${this.name} ${name}: ${fault}`);
      }
      if (fault === 'crash-before') return void (this.alive = false);
      const fail = (error: unknown): void => this.#answer(() => reject(error));
      this.#scheduler.after(this.random.next() * 40, () => {
        const answer = { operation: name.split(' ')[0] ?? name, status: 503 };
        const later = this.random.next() * 40;
        if (fault === 'refused') return fail(new RetryLater(`${name} failed in the server`, { answer }));
        if (fault === 'throttled') return fail(new RetryLater(`${name}: slow down`, { answer, throttled: true }));
        const silence = new RetryLater(`no answer to ${name}`, { answer, effect: 'unknown' });
        if (fault === 'never-arrived') return fail(silence);
        let result: T;
        try {
          if (fault === 'sent-twice' && isRepeated) apply();
          result = apply();
        } catch (error) {
          this.#say(`${this.name} ${name} -> ${String(error)}`);
          return this.#scheduler.after(later, () => fail(error));
        }
        this.#say(`${this.name} ${name}`);
        if (fault === 'crash-after') return void (this.alive = false);
        this.#scheduler.after(later, () => {
          if (fault === 'lost-answer') fail(silence);
          else this.#answer(() => resolve(result));
        });
      });
    });
  }

  #answer(deliver: () => void): void {
    if (!this.alive) return;
    this.#scheduler.woken = true;
    deliver();
  }
}
