import type { FaultCode } from './refusal.ts';

export interface Fault {
  /** Only this operation, e.g. `UpdateRow`. */
  operation?: string;
  /**
   * An error code to answer without doing anything; `lost-request`: the connection ends before anything was done;
   * `lost-answer`: it ends when all was done; `late`: it ends, and the write is done after the next request was answered.
   */
  what: FaultCode | 'lost-request' | 'lost-answer' | 'late';
  /** Strikes no UpdateRow that increments: a counter cannot tell a repeated request from another one. */
  sparesCounters?: boolean;
  /** How often one request is struck, however often it is sent again; the twin knows it by its bytes. */
  perRequest?: number;
  /** How often; always unless said otherwise. */
  times?: number;
  /** Strikes this share of the requests that it could, in [0, 1], drawn from the twin's seed. */
  share?: number;
}

/** Faults that were asked for, in their order; the first that strikes wins. */
export class Faults {
  readonly #faults: { fault: Fault; left: number; struck: Map<string, number> }[] = [];
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  add(fault: Fault): void {
    this.#faults.push({ fault, left: fault.times ?? Infinity, struck: new Map() });
  }

  clear(): void {
    this.#faults.length = 0;
  }

  /** @param counts whether the request increments a column */
  strike(operation: string, body: Buffer, counts: boolean): Fault['what'] | undefined {
    const request = `${operation} ${body.toString('base64')}`;
    for (const entry of this.#faults) {
      const { fault } = entry;
      if (entry.left === 0 || (fault.operation !== undefined && fault.operation !== operation)) continue;
      if (fault.sparesCounters && counts) continue;
      if (fault.share !== undefined && this.#random() >= fault.share) continue;
      const struck = entry.struck.get(request) ?? 0;
      if (struck >= (fault.perRequest ?? Infinity)) continue;
      entry.struck.set(request, struck + 1);
      entry.left -= 1;
      return fault.what;
    }
    return undefined;
  }
}
