/**
 * Keeps receivers apart. A callback holds a worker until its receiver has answered, so one that never answers could hold all of
 * them, and with them the callbacks and renames of all other callers.
 */

/** Callbacks under way at once in this process: to one host, for one caller, and together; the rest is for other work. */
export interface GateLimits {
  perHost: number;
  perCaller: number;
  together: number;
}

export const gateLimits: GateLimits = { perHost: 2, perCaller: 4, together: 8 };

/** A host that gave no answer is left alone for so long, at first and at most, milliseconds. */
const openMs = { first: 15_000, most: 300_000 };

/** Hosts that are remembered; callers name hosts. */
const mostHosts = 10_000;

interface Trouble {
  /** Epoch milliseconds. */
  until: number;
  failures: number;
}

/** What a callback may do now: go, come again when there is room, or count as failed because its host just failed. */
export type Pass = { kind: 'go'; end(answered: boolean): void } | { kind: 'full' } | { kind: 'broken' };

export class CallbackGate {
  readonly #limits: GateLimits;
  readonly #now: () => number;
  readonly #underWay = new Map<string, number>();
  readonly #troubles = new Map<string, Trouble>();

  constructor(now: () => number, limits: GateLimits = gateLimits) {
    this.#now = now;
    this.#limits = limits;
  }

  /** `end` of the pass must be called when the receiver has answered, or not. */
  enter(host: string, caller: string): Pass {
    const trouble = this.#troubles.get(host);
    if (trouble && trouble.until > this.#now()) return { kind: 'broken' };
    const { perHost, perCaller, together } = this.#limits;
    // Of a host that failed before, one callback tries whether it answers again.
    const places: [string, number][] = [
      [`host ${host}`, trouble ? 1 : perHost],
      [`caller ${caller}`, perCaller],
      ['all', together],
    ];
    if (places.some(([name, limit]) => (this.#underWay.get(name) ?? 0) >= limit)) return { kind: 'full' };
    for (const [name] of places) this.#add(name, 1);
    return {
      kind: 'go',
      end: (answered) => {
        for (const [name] of places) this.#add(name, -1);
        this.#note(host, answered);
      },
    };
  }

  #add(name: string, change: number): void {
    const count = (this.#underWay.get(name) ?? 0) + change;
    if (count > 0) this.#underWay.set(name, count);
    else this.#underWay.delete(name);
  }

  #note(host: string, answered: boolean): void {
    const failures = answered ? 0 : (this.#troubles.get(host)?.failures ?? 0) + 1;
    this.#troubles.delete(host);
    if (failures === 0) return;
    if (this.#troubles.size >= mostHosts) this.#troubles.delete(this.#troubles.keys().next().value ?? '');
    const pause = Math.min(openMs.most, openMs.first * 2 ** Math.min(failures - 1, 10));
    this.#troubles.set(host, { until: this.#now() + pause, failures });
  }
}
