import type { ObjectRef, StoreAddress } from '../../copy/model/object.ts';
import { withPlainArn } from '../../copy/plan/access-point.ts';
import { UsageError } from '../process/exit.ts';

/** `oss://bucket/key`; the key may be empty (a bucket) or end in a slash (a folder-like prefix). */
export interface StoreUrl {
  scheme: StoreAddress['scheme'];
  bucket: string;
  /** Verbatim: nothing in it is decoded, so `%20` is three characters. */
  key: string;
  /** True for `oss://bucket`, without the slash: a bucket, not everything in it. */
  bare: boolean;
}

/** Looser than either store: old S3 buckets and S3-compatible servers allow upper case, underscores and short names. */
const bucketName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/**
 * Splits a store URL.
 *
 * @throws UsageError for anything but `oss://` and `s3://`, or a name that cannot be a bucket.
 */
export function parseUrl(text: string): StoreUrl {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/]*)(\/?)([^]*)$/.exec(withPlainArn(text));
  if (!match) {
    throw new UsageError(
      `"${text}" is not a store URL: write oss://bucket/key or s3://bucket/key. Objects are copied inside a store; local files are not read or written.`,
    );
  }
  const [, scheme = '', bucket = '', slash = '', key = ''] = match;
  const known = scheme.toLowerCase();
  if (known !== 'oss' && known !== 's3') {
    throw new UsageError(
      `"${scheme}://" is not a store ferry knows (in "${text}"): write oss://bucket/key or s3://bucket/key.`,
    );
  }
  // What is wrong with another ARN the store says, in the same words everywhere.
  if (!bucketName.test(bucket) && !(known === 's3' && bucket.startsWith('arn:'))) {
    throw new UsageError(`"${bucket}" cannot be a bucket name (in "${text}"): write ${known}://bucket/key.`);
  }
  return { scheme: known, bucket, key, bare: slash === '' };
}

/** @throws UsageError when the URL names no object. */
export function parseObjectUrl(text: string): StoreUrl {
  const url = parseUrl(text);
  if (url.key === '')
    throw new UsageError(`"${text}" names a bucket; name one object in it: ${url.scheme}://${url.bucket}/key.`);
  return url;
}

/** A bucket, with or without a slash behind it. @throws UsageError when the URL names an object. */
export function parseBucketUrl(text: string): StoreUrl {
  const url = parseUrl(text);
  if (url.key !== '')
    throw new UsageError(`"${text}" names an object; name the bucket alone: ${url.scheme}://${url.bucket}.`);
  return url;
}

export function formatUrl(url: Pick<StoreUrl, 'scheme' | 'bucket' | 'key'>): string {
  return `${url.scheme}://${url.bucket}/${url.key}`;
}

/** What `cp` and `mv` are asked to do: one object, or everything under a prefix. */
export type Transfer =
  | { kind: 'object'; scheme: StoreAddress['scheme']; source: ObjectRef; destination: ObjectRef }
  | { kind: 'prefix'; scheme: StoreAddress['scheme']; source: Prefix; destination: Prefix };

export interface Prefix {
  bucket: string;
  /** Empty, or ends in a slash. */
  prefix: string;
}

/**
 * Reads SRC and DST of `cp` and `mv`. A source that ends in a slash, or any with `recursive`, is a prefix: names below it
 * are kept. One object into a bucket or a prefix keeps its last name.
 *
 * @throws UsageError when the two are in different stores, are the same, or the destination lies inside the source.
 */
export function parseTransfer(from: string, to: string, flags: { recursive?: boolean; versionId?: string }): Transfer {
  const source = parseUrl(from);
  const destination = parseUrl(to);
  checkSameStore(source, destination);
  const scheme = source.scheme;
  if (flags.recursive || isPrefix(source)) {
    if (flags.versionId)
      throw new UsageError('--version-id names a version of one object; it cannot be used with a prefix.');
    return checkPrefixes(scheme, asPrefix(source), asPrefix(destination));
  }
  if (source.key === '') {
    throw new UsageError(`"${from}" is a whole bucket: write "${from}/" or add --recursive to copy everything in it.`);
  }
  const key =
    isPrefix(destination) || destination.key === '' ? destination.key + lastName(source.key) : destination.key;
  if (source.bucket === destination.bucket && source.key === key) {
    throw new UsageError(
      `source and destination are the same object, ${formatUrl(source)}. To change its metadata, tags or class use: ferry meta ${formatUrl(source)}`,
    );
  }
  const version = flags.versionId ? { versionId: flags.versionId } : {};
  return {
    kind: 'object',
    scheme,
    source: { bucket: source.bucket, key: source.key, ...version },
    destination: { bucket: destination.bucket, key },
  };
}

/**
 * Source with wildcards and destination prefix.
 * @throws UsageError when the two are in different stores.
 */
export function parseMany(
  source: StoreUrl,
  destination: StoreUrl,
): { scheme: StoreAddress['scheme']; destination: Prefix } {
  checkSameStore(source, destination);
  return { scheme: source.scheme, destination: asPrefix(destination) };
}

function checkSameStore(source: StoreUrl, destination: StoreUrl): void {
  if (source.scheme === destination.scheme) return;
  throw new UsageError(
    `cannot copy from ${source.scheme}:// to ${destination.scheme}://: the store copies inside itself, so both must be in the same store.`,
  );
}

/** Everything below a URL, with or without a slash at its end. @throws UsageError. */
export function parsePrefix(text: string): Prefix & { scheme: StoreAddress['scheme'] } {
  const url = parseUrl(text);
  return { scheme: url.scheme, ...asPrefix(url) };
}

function isPrefix(url: StoreUrl): boolean {
  return url.key.endsWith('/') || (url.key === '' && !url.bare);
}

function asPrefix(url: StoreUrl): Prefix {
  const prefix = url.key === '' || url.key.endsWith('/') ? url.key : `${url.key}/`;
  return { bucket: url.bucket, prefix };
}

function checkPrefixes(scheme: StoreAddress['scheme'], source: Prefix, destination: Prefix): Transfer {
  if (source.bucket === destination.bucket) {
    const [from, to] = [source, destination].map((side) => `${scheme}://${side.bucket}/${side.prefix}`);
    if (source.prefix === destination.prefix) throw new UsageError(`source and destination are the same: ${from}.`);
    if (destination.prefix.startsWith(source.prefix)) {
      throw new UsageError(
        `${to} lies inside ${from}: the copy would copy its own results. Choose a destination outside the source.`,
      );
    }
  }
  return { kind: 'prefix', scheme, source, destination };
}

/** The part after the last slash; a key that ends in slashes keeps its last named part. */
function lastName(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}
