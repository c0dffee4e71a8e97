/** Access points of S3: other names of a bucket, as an ARN or as an alias that looks like a bucket's name. */

import type { CopyRequest } from '../model/request.ts';

export interface AccessPoint {
  region: string;
  account: string;
  name: string;
}

/** Inside, a colon stands before the name, so that no bucket holds a slash; AWS writes and takes both. */
const arn =
  /^arn:aws[a-z-]*:s3:(?<region>[a-z0-9-]+):(?<account>\d{12}):accesspoint[:/](?<name>[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9]))$/;

/** Of one region; undefined for a bucket's name, and for what only looks like such an ARN. */
export function readAccessPoint(bucket: string): AccessPoint | undefined {
  return bucket.startsWith('arn:') ? (arn.exec(bucket)?.groups as AccessPoint | undefined) : undefined;
}

/** Whether this may be another name of a bucket that has one of its own. */
export function isAccessPoint(bucket: string): boolean {
  return bucket.startsWith('arn:') || bucket.endsWith('-s3alias');
}

/** A URL, or a bucket, with the slash of an ARN made a colon; anything else as it is. */
export function withPlainArn(text: string): string {
  return text.replace(/^((?:[A-Za-z][A-Za-z0-9+.-]*:\/\/)?arn:[^/]*:accesspoint)\//, '$1:');
}

/** Whether a copy has to look whether its destination is its source. A rename is refused without a look. */
export function mayMeetItself({
  mode,
  source,
  destination,
}: Pick<CopyRequest, 'mode' | 'source' | 'destination'>): boolean {
  return mode === 'copy' && mayBeSame(source, destination);
}

/**
 * Whether two references with other buckets may be one object all the same. Only the account of the access point could tell
 * which bucket is behind it.
 */
export function mayBeSame(a: { bucket: string; key: string }, b: { bucket: string; key: string }): boolean {
  return a.key === b.key && a.bucket !== b.bucket && (isAccessPoint(a.bucket) || isAccessPoint(b.bucket));
}
