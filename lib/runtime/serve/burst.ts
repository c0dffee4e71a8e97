import type { Clock } from '../../copy/model/ports.ts';

/** Arrivals within a window that make a burst of it. */
const many = 50;
const windowMs = 100;
/** Work steps back for so long at a time, and then gets at least as long: a steady stream must not starve it. */
const longestMs = 5_000;

/**
 * Detects event bursts. During one, workers yield, so that events are acknowledged before the sender times out; tasks on the
 * disk can wait.
 */
export class Burst {
  readonly #clock: Clock;
  #windowAt = -Infinity;
  #arrivals = 0;
  /** The latest window with many arrivals, and the first of the windows in a row. */
  #lastAt = -Infinity;
  #firstAt = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** To be called for every event. */
  arrived(): void {
    const now = this.#clock.now();
    if (now - this.#windowAt >= windowMs) {
      this.#windowAt = now;
      this.#arrivals = 0;
    }
    this.#arrivals += 1;
    if (this.#arrivals !== many) return;
    const isNew = now - this.#lastAt > 2 * windowMs || now - this.#firstAt >= 2 * longestMs;
    if (isNew) this.#firstAt = now;
    this.#lastAt = now;
  }

  isOn(): boolean {
    const now = this.#clock.now();
    return now - this.#lastAt <= 2 * windowMs && now - this.#firstAt < longestMs;
  }
}
