/** Shared records: small values with compare-and-set and a time to live. */
import type { SharedRecord, SharedRecords } from '../../../lib/copy/model/ports.ts';

export class ModelShared {
  readonly records = new Map<string, SharedRecord & { expiresAt: number }>();
  readonly #clock: () => number;
  #revisions = 0;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  get(id: string): SharedRecord | undefined {
    const record = this.records.get(id);
    if (!record || record.expiresAt <= this.#clock()) return undefined;
    return structuredClone({ revision: record.revision, value: record.value });
  }

  compareAndSet(id: string, found: SharedRecord | undefined, value: object, expiresAt: number): boolean {
    if (this.get(id)?.revision !== found?.revision) return false;
    this.records.set(id, { revision: ++this.#revisions, value: structuredClone(value), expiresAt });
    return true;
  }

  /** The port, each of whose calls takes effect at once. */
  port(): SharedRecords {
    return {
      get: async (id) => this.get(id),
      compareAndSet: async (id, found, value, expiresAt) => this.compareAndSet(id, found, value, expiresAt),
    };
  }
}
