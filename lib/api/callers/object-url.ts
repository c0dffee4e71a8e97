import type { ObjectRef, StoreAddress } from '../../copy/model/object.ts';
import { withPlainArn } from '../../copy/plan/access-point.ts';
import { Problem } from '../http/problem.ts';

/** Name of a store and a bucket, or the ARN of an access point in its place. */
export const storeAndBucket =
  '^[a-z][a-z0-9-]{0,31}://(?:[A-Za-z0-9][A-Za-z0-9._-]{1,62}|arn:[a-z0-9-]+(?::[a-z0-9-]*){3}:accesspoint[:/][a-z0-9.-]{1,63})';

/**
 * How requests name an object: `oss://bucket/key`, `s3://bucket/key`, or the name of another configured store in front.
 * Everything behind the bucket's slash is the key exactly as the store keeps it: nothing is decoded, `%20` is three characters.
 */
export const objectUrlPattern = new RegExp(`${storeAndBucket}/[^]+$`);

/** The same for everything that starts with a prefix; the prefix may be empty. */
export const prefixUrlPattern = new RegExp(`${storeAndBucket}/[^]*$`);

/** The stores that requests may name. Requests never bring an endpoint: that would send our signatures to strangers. */
export type Stores = Readonly<Record<string, StoreAddress>>;

export interface Located {
  /** Name of the store in the configuration. */
  name: string;
  store: StoreAddress;
  bucket: string;
  /** Decoded key, or the prefix. */
  key: string;
}

/** @throws Problem unknown-store. */
export function locate(url: string, stores: Stores): Located {
  const [, name = '', bucket = '', key = ''] = /^([^:]*):\/\/([^/]*)\/([^]*)$/.exec(withPlainArn(url)) ?? [];
  const store = Object.hasOwn(stores, name) ? stores[name] : undefined;
  if (!store) {
    throw new Problem(
      'unknown-store',
      `There is no store "${name}"; this service knows ${Object.keys(stores).join(', ')}.`,
    );
  }
  return { name, store, bucket, key };
}

/** @throws Problem unknown-store, cross-store. */
export function locatePair(from: string, to: string, stores: Stores): [Located, Located] {
  const source = locate(from, stores);
  const destination = locate(to, stores);
  if (source.name !== destination.name) {
    throw new Problem(
      'cross-store',
      `A store copies inside itself: source (${source.name}) and destination (${destination.name}) must be in one store.`,
    );
  }
  return [source, destination];
}

export function refOf(at: Located, versionId?: string): ObjectRef {
  return versionId === undefined ? { bucket: at.bucket, key: at.key } : { bucket: at.bucket, key: at.key, versionId };
}

/** The URL of an object in a job; the store's configured name where there is one. */
export function urlOf(store: StoreAddress, ref: ObjectRef, stores: Stores): string {
  const name = Object.keys(stores).find((candidate) => sameStore(stores[candidate], store)) ?? store.scheme;
  return `${name}://${ref.bucket}/${ref.key}`;
}

/** The store as a request wants it addressed. */
export function paidBy(store: StoreAddress, requestPayer: StoreAddress['requestPayer']): StoreAddress {
  return requestPayer === undefined ? store : { ...store, requestPayer };
}

/** Two names may stand for one store, with or without requester pays. */
export function sameStore(a: StoreAddress | undefined, b: StoreAddress): boolean {
  return (
    a?.scheme === b.scheme &&
    a.endpoint === b.endpoint &&
    a.region === b.region &&
    a.profile === b.profile &&
    a.role === b.role
  );
}
