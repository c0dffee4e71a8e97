import type { Dispatcher } from 'undici';
import type { StoreAddress } from '../copy/object.ts';
import type { Clock, Log } from '../copy/ports.ts';
import { AdaptiveLimiter } from './adaptive.ts';
import { resolveAddressing } from './addressing.ts';
import type { AddressingOptions } from './addressing.ts';
import { bucketCalls } from './bucket-calls.ts';
import { knownRegions } from './bucket-region.ts';
import type { Caller, RetrySettings } from './caller.ts';
import { defaultRetry } from './caller.ts';
import { closeAfterBodiless, openAgent } from './connection.ts';
import { copyCalls } from './copy-calls.ts';
import { cached } from './credentials.ts';
import type { CredentialsProvider } from './credentials.ts';
import type { Dialect } from './dialect.ts';
import { oss } from './dialects/oss.ts';
import { s3 } from './dialects/s3.ts';
import { listCalls } from './list-calls.ts';
import { multipartCalls } from './multipart-calls.ts';
import { objectCalls } from './object-calls.ts';
import { streamCalls } from './object-streams.ts';
import { Signer } from './sign.ts';
import type { RequestInfo } from './transport.ts';
import type { StoreClient } from './types.ts';

export type { Pressure } from './adaptive.ts';
export type { Credentials, CredentialsProvider } from './credentials.ts';
export type { RequestInfo } from './transport.ts';
export type * from './types.ts';

export interface StoreConfig extends AddressingOptions {
  address: StoreAddress;
  credentials: CredentialsProvider;
  clock?: Clock;
  /** In [0, 1). */
  random?: () => number;
  retry?: Partial<RetrySettings>;
  /** Requests in flight at most; falls by itself when the store pushes back. */
  maxConcurrency?: number;
  log?: Log;
  /** Told once for every HTTP request sent. */
  onRequest?: (info: RequestInfo) => void;
  /** In place of a pool of its own: a proxy, a mock. It is not closed with the client. */
  dispatcher?: Dispatcher;
}

const dialects: Record<StoreAddress['scheme'], Dialect> = { oss, s3 };

/** An S3 store that is not Amazon's. */
function isForeign({ scheme, endpoint }: StoreAddress): boolean {
  return scheme === 's3' && endpoint !== undefined && !/\.amazonaws\.com(\.cn)?(?![\w.-])/.test(endpoint);
}

const systemClock: Clock = {
  now: Date.now,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/**
 * A client of one store. Connects to nothing before the first call.
 * @throws GiveUp BadRequest for an address that cannot be used.
 */
export function openStore(config: StoreConfig): StoreClient {
  const dialect = dialects[config.address.scheme];
  const clock = config.clock ?? systemClock;
  const maxConcurrency = config.maxConcurrency ?? 64;
  const addressing = resolveAddressing(config.address, dialect, config);
  const limiter = new AdaptiveLimiter(maxConcurrency);
  const agent = config.dispatcher ?? openAgent(maxConcurrency);
  const caller: Caller = {
    dialect,
    addressing,
    limiter,
    clock,
    signer: new Signer(dialect.signer, addressing.region),
    credentials: cached(config.credentials, clock.now),
    transport: { dispatcher: closeAfterBodiless(agent), dialect, onRequest: config.onRequest },
    random: config.random ?? Math.random,
    retry: { ...defaultRetry, ...config.retry },
    log: config.log,
    skew: { offset: 0 },
    knownBuckets: new Set(),
    partSources: { suspect: isForeign(config.address) },
  };
  return {
    address: config.address,
    facts: { ...dialect.facts, forbidsOverwrite: dialect.facts.forbidsOverwrite && !isForeign(config.address) },
    ...objectCalls(caller),
    ...copyCalls(caller),
    ...multipartCalls(caller),
    ...listCalls(caller),
    ...streamCalls(caller),
    ...bucketCalls(caller),
    ...(dialect.facts.sameRegionOnly && { region: knownRegions(caller) }),
    get pressure() {
      return limiter.pressure;
    },
    close: async () => {
      if (!config.dispatcher) await agent.close();
    },
  };
}
