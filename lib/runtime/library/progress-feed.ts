import type { Progress } from './input.ts';

/** The latest progress, for any number of readers: one that is slow misses what was between, and never the end. */
export class ProgressFeed {
  #latest: Progress | undefined;
  #version = 0;
  #isOver = false;
  #waiting: (() => void)[] = [];

  put(progress: Progress): void {
    this.#latest = progress;
    this.#version += 1;
    this.#wake();
  }

  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  async *read(): AsyncGenerator<Progress, void, undefined> {
    for (let seen = 0; ;) {
      if (this.#latest && this.#version > seen) {
        seen = this.#version;
        yield this.#latest;
      } else if (this.#isOver) return;
      else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
