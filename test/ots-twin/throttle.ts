/** Admits so many requests in each second of a clock. */
export class Throttle {
  readonly #perSecond: number;
  readonly #now: () => number;
  #second = -1;
  #used = 0;

  constructor(perSecond: number, now: () => number) {
    this.#perSecond = perSecond;
    this.#now = now;
  }

  admit(): boolean {
    const second = Math.floor(this.#now() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#used = 0;
    }
    this.#used += 1;
    return this.#used <= this.#perSecond;
  }
}
