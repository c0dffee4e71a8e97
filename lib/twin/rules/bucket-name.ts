/** Which names a new bucket may have. */
import { isIP } from 'node:net';
import type { Call } from '../call.ts';
import { refuse } from '../errors.ts';

/** Amazon keeps these for itself. */
const RESERVED_START = /^(xn--|sthree-|amzn-s3-demo-)/;
const RESERVED_END = /(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/;

/**
 * Three to 63 lower-case letters, digits and inner hyphens. On S3 several such labels may be joined by dots, but must not
 * look like an address. Throws InvalidBucketName.
 */
export function checkBucketName({ bucket, dialect }: Call): void {
  const s3 = dialect.name === 's3';
  const labels = s3 ? bucket.split('.') : [bucket];
  const reserved = s3 && (isIP(bucket) !== 0 || RESERVED_START.test(bucket) || RESERVED_END.test(bucket));
  const spelled = labels.every((label) => /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(label));
  if (spelled && !reserved && bucket.length >= 3 && bucket.length <= 63) return;
  throw refuse('InvalidBucketName', { fields: { BucketName: bucket } });
}
