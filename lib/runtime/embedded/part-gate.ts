import type { ObjectStore } from '../../copy/model/ports.ts';

interface Waiting {
  key: string;
  limit: number;
  letIn: () => void;
}

/**
 * Bounds the part copies in flight: per upload to what its job asks for, over all to the larger of the general setting and
 * the wishes of the jobs at work. First come, first served among those that may pass.
 */
export class PartGate {
  readonly #general: number;
  readonly #inFlight = new Map<string, number>();
  #total = 0;
  #queue: Waiting[] = [];
  /** Wishes of the tasks at work, by task. */
  readonly #wishes = new Map<symbol, number>();

  constructor(general: number) {
    this.#general = general;
  }

  /** Part copies that may be in flight over all at the moment. */
  get width(): number {
    return Math.max(this.#general, ...this.#wishes.values());
  }

  /** Registers a running task's requested concurrency. Returns a function that unregisters it. */
  wish(limit: number): () => void {
    const task = Symbol();
    this.#wishes.set(task, limit);
    return () => {
      this.#wishes.delete(task);
      this.#letIn();
    };
  }

  /** The same store, whose part copies wait here for their turn. @param onPart hears of each that was copied. */
  guard(store: ObjectStore, limit: number, onPart?: (number: number) => void): ObjectStore {
    return {
      ...store,
      uploadPartCopy: async (call, options) => {
        await this.#enter(call.uploadId, limit);
        try {
          const copied = await store.uploadPartCopy(call, options);
          onPart?.(call.partNumber);
          return copied;
        } finally {
          this.#leave(call.uploadId);
        }
      },
    };
  }

  /** Does `work` when fewer than `limit` of the same key are under way. */
  async during(key: string, limit: number, work: () => Promise<void>): Promise<void> {
    await this.#enter(key, limit);
    try {
      await work();
    } finally {
      this.#leave(key);
    }
  }

  async #enter(key: string, limit: number): Promise<void> {
    await new Promise<void>((letIn) => {
      this.#queue.push({ key, limit, letIn });
      this.#letIn();
    });
  }

  #leave(key: string): void {
    const left = (this.#inFlight.get(key) ?? 1) - 1;
    if (left > 0) this.#inFlight.set(key, left);
    else this.#inFlight.delete(key);
    this.#total -= 1;
    this.#letIn();
  }

  #letIn(): void {
    const width = this.width;
    this.#queue = this.#queue.filter(({ key, limit, letIn }) => {
      const ofKey = this.#inFlight.get(key) ?? 0;
      if (this.#total >= width || ofKey >= limit) return true;
      this.#inFlight.set(key, ofKey + 1);
      this.#total += 1;
      letIn();
      return false;
    });
  }
}
