/** How hard the store may be pressed at the moment. */
export interface Pressure {
  /** Requests allowed in flight. */
  limit: number;
  inFlight: number;
  waiting: number;
  /** Answers so far that said we are too fast. */
  throttled: number;
}

/** A request that was let in; give it back exactly once. */
export interface Permit {
  /** `throttled`: the store said we are too fast. */
  release(outcome: 'served' | 'throttled' | 'failed'): void;
}

/**
 * Additive increase, multiplicative decrease over the requests in flight. The limit halves when the store pushes back,
 * at most once per round trip: requests that were already under way when it was halved say nothing about the new limit.
 * Each full round of served requests adds one again. Waiting requests are let in first come, first served.
 */
export class AdaptiveLimiter {
  readonly #max: number;
  readonly #queue: (() => void)[] = [];
  #limit: number;
  #inFlight = 0;
  #throttled = 0;
  /** Served since the limit last changed. */
  #served = 0;
  /** Counts the halvings; a permit of an earlier epoch cannot halve again. */
  #epoch = 0;

  constructor(max: number) {
    this.#max = max;
    this.#limit = max;
  }

  get pressure(): Pressure {
    return { limit: this.#limit, inFlight: this.#inFlight, waiting: this.#queue.length, throttled: this.#throttled };
  }

  /** Resolves when the request may be sent. */
  async enter(): Promise<Permit> {
    if (this.#inFlight >= this.#limit || this.#queue.length > 0) {
      await new Promise<void>((letIn) => this.#queue.push(letIn));
    } else {
      this.#inFlight += 1;
    }
    const epoch = this.#epoch;
    return { release: (outcome) => this.#release(outcome, epoch) };
  }

  #release(outcome: 'served' | 'throttled' | 'failed', epoch: number): void {
    this.#inFlight -= 1;
    if (outcome === 'throttled') this.#slowDown(epoch);
    else if (outcome === 'served') this.#speedUp();
    while (this.#inFlight < this.#limit) {
      const next = this.#queue.shift();
      if (!next) return;
      this.#inFlight += 1;
      next();
    }
  }

  #slowDown(epoch: number): void {
    this.#throttled += 1;
    if (epoch !== this.#epoch) return;
    this.#epoch += 1;
    this.#served = 0;
    this.#limit = Math.max(1, Math.floor(this.#limit / 2));
  }

  #speedUp(): void {
    this.#served += 1;
    if (this.#limit >= this.#max || this.#served < this.#limit) return;
    this.#served = 0;
    this.#limit += 1;
  }
}
