/** What was asked of the twin: the record tests count on. */
export interface RequestRecord {
  /** Epoch milliseconds at which the request arrived. */
  at: number;
  operation: string;
  dialect: 'oss' | 's3';
  bucket?: string;
  key?: string;
  query: Record<string, string>;
  /** Whose keys signed it; absent for a request without a signature, or with a wrong one. */
  accessKeyId?: string;
  /** What its headers say of the copy's source and its condition, of tags and of the ACL, by name without the store's prefix. */
  carries?: Record<string, string>;
  /** Status answered; 0 when the connection was dropped instead. */
  status: number;
  /** The store's error code. */
  code?: string;
  /** Bytes copied inside the store. */
  copied: number;
  /** Set when a fault replaced or broke the answer. */
  fault?: string;
}

export type RequestFilter = Partial<
  Pick<RequestRecord, 'operation' | 'dialect' | 'bucket' | 'key' | 'status' | 'code'>
>;

/** Older records are dropped beyond this; the counts go on. */
const KEPT = 50_000;

export class RequestLog {
  #records: RequestRecord[] = [];
  #counts: Record<string, number> = {};
  /** Object data received from clients, and sent to them, in bytes. */
  bytesIn = 0;
  bytesOut = 0;

  add(record: RequestRecord): void {
    if (this.#records.length >= KEPT) this.#records = this.#records.slice(KEPT / 2);
    this.#records.push(record);
    this.#counts[record.operation] = (this.#counts[record.operation] ?? 0) + 1;
  }

  /** Answered requests in the order they were answered. */
  all(filter: RequestFilter = {}): RequestRecord[] {
    const wanted = Object.entries(filter);
    return this.#records.filter((record) =>
      wanted.every(([name, value]) => record[name as keyof RequestFilter] === value),
    );
  }

  /** Number of requests per operation. */
  get counts(): Readonly<Record<string, number>> {
    return { ...this.#counts };
  }

  /** All requests, those of one operation, or those that match. */
  count(which?: string | RequestFilter): number {
    if (typeof which === 'object') return this.all(which).length;
    if (which !== undefined) return this.#counts[which] ?? 0;
    return Object.values(this.#counts).reduce((sum, count) => sum + count, 0);
  }

  reset(): void {
    this.#records = [];
    this.#counts = {};
    this.bytesIn = 0;
    this.bytesOut = 0;
  }
}
