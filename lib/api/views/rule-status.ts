import type { ObjectRef, StoreAddress } from '../../copy/model/object.ts';

/** How a replication rule stands; times are epoch milliseconds. */
export interface RuleStatus {
  name: string;
  store: StoreAddress;
  /** Bucket, and how the keys of its sources start. */
  source: ObjectRef;
  /** Buckets, and how the keys of replicas start. */
  destinations: ObjectRef[];
  /** Absent where this installation keeps no figures. */
  figures?: RuleFigures;
  /** What keeps the rule from working, as it was seen last. */
  problem?: string;
}

export interface RuleFigures {
  /** When counting began; it goes on over restarts. */
  since: number;
  events: number;
  replicated: number;
  deleted: number;
  /** By reason. */
  skipped: Record<string, number>;
  /** Attempts, by the code of the error. */
  failed: Record<string, number>;
  bytes: number;
  requests: number;
  /** Seconds. */
  lag?: { p50: number; p95: number; p99: number; of: number };
  lastSuccessAt?: number;
  /** Objects that are not replicated yet, once for each destination. */
  backlog: number;
  oldestAt?: number;
  deadLetters: number;
}
