/** Where keys live, for telling whether two rules mean the same bucket. */
import type { StoreAddress } from '../../copy/model/object.ts';

/** On the vendors' own endpoints (public, internal, accelerated, S3-compatible) a bucket name means one bucket in the world. */
const vendorHost = /(^|\.)(aliyuncs\.com|amazonaws\.com(\.cn)?)$/;

/**
 * Canonical name of a bucket. Equal names are certainly one bucket; different names may still be one, when a private store
 * is reached by two addresses, so what must be safe against that (loops) goes by the bucket's name alone.
 */
export function placeOf(store: StoreAddress, bucket: string): string {
  if (!store.endpoint) return bucket;
  const { host, hostname } = new URL(store.endpoint);
  return vendorHost.test(hostname) ? bucket : `${host}/${bucket}`;
}
