import type { StateDatabase } from './database.ts';

/** Turns of the event loop, each well below the time of an fsync, that a write may wait for others. */
const mostTurns = 20;

interface Waiting {
  write: () => unknown;
  relaxed: boolean;
  resolve: (result: never) => void;
  reject: (error: unknown) => void;
}

/**
 * Puts writes that are asked for at the same time into one transaction: one fsync for a burst instead of one each. A write
 * is answered when it is on the disk. When the transaction fails, each write is tried alone, so that a bad one (a message
 * too large for the disk that is left) takes no other with it.
 */
export class GroupCommit {
  readonly #database: StateDatabase;
  #waiting: Waiting[] = [];

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  /**
   * Runs `write`, which must not wait for anything, soon and together with others.
   *
   * @param options.relaxed a power cut may take it back, see `StateDatabase.relaxedTransaction`
   */
  run<Result>(write: () => Result, { relaxed = false } = {}): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      if (this.#waiting.length === 0) this.#commitSoon(1, mostTurns);
      this.#waiting.push({ write, relaxed, resolve, reject });
    });
  }

  /** After the pending I/O, and, where that brought more writes, after that of the next turns of the event loop too. */
  #commitSoon(known: number, turns: number): void {
    setImmediate(() => {
      if (this.#waiting.length > known && turns > 1) this.#commitSoon(this.#waiting.length, turns - 1);
      else this.#commit();
    });
  }

  #commit(): void {
    const group = this.#waiting;
    this.#waiting = [];
    let results: unknown[];
    try {
      const writeAll = (): unknown[] => group.map(({ write }) => write());
      const relaxed = group.every((waiting) => waiting.relaxed);
      results = relaxed ? this.#database.relaxedTransaction(writeAll) : this.#database.transaction(writeAll);
    } catch (error) {
      if (group.length === 1) group[0]?.reject(error);
      else for (const waiting of group) this.#commitAlone(waiting);
      return;
    }
    group.forEach(({ resolve }, n) => resolve(results[n] as never));
  }

  #commitAlone({ write, resolve, reject }: Waiting): void {
    try {
      resolve(this.#database.transaction(write) as never);
    } catch (error) {
      reject(error);
    }
  }
}
