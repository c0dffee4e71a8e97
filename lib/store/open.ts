import type { Dispatcher } from 'undici';
import { GiveUp } from '../copy/model/errors.ts';
import type { StoreAddress } from '../copy/model/object.ts';
import type { Clock, Log } from '../copy/model/ports.ts';
import { annotationCalls } from './calls/annotations.ts';
import { knownRegions } from './calls/bucket-region.ts';
import { bucketCalls, takesLocks } from './calls/buckets.ts';
import type { StoreClient } from './calls/client.ts';
import { copyCalls } from './calls/copies.ts';
import { listCalls } from './calls/lists.ts';
import { multipartCalls } from './calls/multipart.ts';
import { objectCalls } from './calls/objects.ts';
import { restoreObject } from './calls/restore-object.ts';
import { streamCalls } from './calls/streams.ts';
import { versionCalls } from './calls/versions.ts';
import type { Dialect } from './dialects/dialect.ts';
import { oss } from './dialects/oss.ts';
import { s3 } from './dialects/s3.ts';
import { AdaptiveLimiter } from './http/adaptive.ts';
import type { AddressingOptions } from './http/addressing.ts';
import { resolveAddressing } from './http/addressing.ts';
import type { Caller, RetrySettings } from './http/caller.ts';
import { defaultRetry } from './http/caller.ts';
import { closeAfterBodiless, openAgent } from './http/connection.ts';
import type { ReadCustomerKey } from './http/customer-keys.ts';
import { CustomerKeys } from './http/customer-keys.ts';
import { Routes } from './http/routes.ts';
import type { RequestInfo } from './http/transport.ts';
import type { CredentialsProvider } from './sign/credentials.ts';
import { cached } from './sign/credentials.ts';

export type { Pressure } from './http/adaptive.ts';
export type { Credentials, CredentialsProvider } from './sign/credentials.ts';
export type { RequestInfo } from './http/transport.ts';
export type * from './calls/client.ts';

export interface StoreConfig extends AddressingOptions {
  address: StoreAddress;
  credentials: CredentialsProvider;
  /** Reads the keys that `address.customerKeys` names. */
  customerKey?: ReadCustomerKey;
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
  // An S3 store that is not Amazon's.
  const isForeign = dialect.scheme === 's3' && !addressing.checksRegion;
  const limiter = new AdaptiveLimiter(maxConcurrency);
  const agent = config.dispatcher ?? openAgent(maxConcurrency);
  const caller: Caller = {
    dialect,
    always: payerHeader(config.address, dialect),
    customerKeys: new CustomerKeys(config.address, dialect, addressing.target().origin, config.customerKey ?? noKey),
    routes: new Routes(dialect.signer, addressing),
    limiter,
    clock,
    credentials: cached(config.credentials, clock.now),
    transport: { dispatcher: closeAfterBodiless(agent), dialect, onRequest: config.onRequest },
    random: config.random ?? Math.random,
    retry: { ...defaultRetry, ...config.retry },
    log: config.log,
    skew: { offset: 0 },
    knownBuckets: new Set(),
    listing: {},
    partSources: { suspect: isForeign },
  };
  return {
    address: config.address,
    facts: {
      ...dialect.facts,
      forbidsOverwrite: dialect.facts.forbidsOverwrite && !isForeign,
      // Other servers name classes as their operators like.
      storageClasses: isForeign ? undefined : dialect.facts.storageClasses,
      refusedBuckets: addressing.refusedBuckets,
      ...(addressing.oneRegion && { sameRegionOnly: true, regionAdvice: addressing.oneRegion }),
    },
    ...objectCalls(caller),
    ...annotationCalls(caller, isForeign),
    ...copyCalls(caller),
    ...multipartCalls(caller),
    ...listCalls(caller),
    ...versionCalls(caller),
    ...streamCalls(caller),
    ...bucketCalls(caller),
    region: knownRegions(caller),
    ...(dialect.headers.lock && { takesLocks: (bucket, options) => takesLocks(caller, bucket, options) }),
    restore: (ref, wish, archive, options) => restoreObject(caller, ref, wish, archive, options),
    get pressure() {
      return limiter.pressure;
    },
    close: async () => {
      if (!config.dispatcher) await agent.close();
    },
  };
}

function noKey(reference: string): never {
  throw new GiveUp('BadRequest', `Nothing here reads the key that ${reference} names.`);
}

/** Both stores take it with every request; the owner of a bucket who lets the requester pay demands it. */
function payerHeader({ requestPayer }: StoreAddress, { headers: { prefix } }: Dialect): Record<string, string> {
  return requestPayer === undefined ? {} : { [`${prefix}request-payer`]: requestPayer };
}
