/** What every call needs; built once per client. */
import type { Clock, Log } from '../../copy/model/ports.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { CredentialsProvider } from '../sign/credentials.ts';
import type { AdaptiveLimiter } from './adaptive.ts';
import type { CustomerKeys } from './customer-keys.ts';
import type { Routes } from './routes.ts';
import type { Transport } from './transport.ts';

/** Times in milliseconds. */
export interface RetrySettings {
  /** Requests per call at most, the first included. */
  attempts: number;
  /** The first wait is a random part of this; it doubles with every attempt. */
  base: number;
  /** As `base`, after the store said that we are too fast. */
  throttledBase: number;
  /** Longest wait inside a call. Longer waits are returned as `RetryLater.delayMs` instead of slept. */
  cap: number;
  /** Longest single request: of a call that moves data, of any other. */
  slowTimeout: number;
  timeout: number;
  /** Longest call altogether, where the caller sets no deadline. */
  slowTotal: number;
  total: number;
}

export const defaultRetry: RetrySettings = {
  attempts: 5,
  base: 100,
  throttledBase: 500,
  cap: 20_000,
  slowTimeout: 300_000,
  timeout: 60_000,
  slowTotal: 900_000,
  total: 180_000,
};

export interface Caller {
  partSources: PartSources;
  /** Where the store has shown that it knows no tokens, and no `start-after`. */
  listing: { byMarker?: boolean };
  dialect: Dialect;
  /** Go with every request; lower-case names. */
  always: Readonly<Record<string, string>>;
  customerKeys: CustomerKeys;
  routes: Routes;
  credentials: CredentialsProvider;
  transport: Transport;
  limiter: AdaptiveLimiter;
  clock: Clock;
  random: () => number;
  retry: RetrySettings;
  log?: Log;
  /** What is to be added to our clock to get the store's, milliseconds. */
  skew: { offset: number };
  /** Buckets that have answered: they need not be asked for again when a key is missing. */
  knownBuckets: Set<string>;
}

/** What is known of the way in which the store reads the source of a part. */
export interface PartSources {
  /** The store might decode twice; false for the vendors' own. */
  suspect: boolean;
  /** Whether it does; absent until it has been asked. */
  twice?: boolean;
  asking?: Promise<boolean | undefined>;
}
