import { createHash } from 'node:crypto';
import type { Pin } from './job.ts';
import type { CopyRequest } from './request.ts';

/**
 * The id of a metadata change in one call that names itself by no key. It does not tell the version: once the object is
 * written it is another one, and the worker that continues must find what the row knows of the old one.
 */
export function inPlaceId({ mode, store, source, destination, options }: CopyRequest): string {
  return digest(['in place', mode, store, source, destination, options]);
}

/**
 * The job's id: from the caller's idempotency key when there is one, else from what would be copied where and how, so that
 * a redelivered trigger finds the row of its first delivery.
 */
export function jobId(request: CopyRequest, pin: Pin): string {
  const { mode, store, source, destination, options } = request;
  const { etag, size, lastModified, versionId, attributes } = pin;
  return (
    keyedJobId(request) ??
    digest([mode, store, source, destination, options, etag, size, lastModified, versionId, attributes])
  );
}

/** The id of a request that names itself; known before the source has been looked at. */
export function keyedJobId({ idempotencyKey }: CopyRequest): string | undefined {
  return idempotencyKey === undefined ? undefined : digest(['key', idempotencyKey]);
}

/** 96 bits: collisions are not a concern. */
function digest(identity: unknown): string {
  return createHash('sha256').update(canonical(identity)).digest('hex').slice(0, 24);
}

/** JSON with sorted object keys and without undefined fields: equal values give equal text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) =>
    field !== null && typeof field === 'object' && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)))
      : field,
  );
}

/**
 * The ETag of an S3 multipart object: md5 over the binary md5s of its parts, `-N`. Undefined when a part's ETag is not a
 * plain md5 (encrypted parts), for then the formula does not hold.
 */
export function compositeEtag(partEtags: readonly string[]): string | undefined {
  if (!partEtags.every((etag) => /^[0-9a-f]{32}$/i.test(etag))) return undefined;
  const hash = createHash('md5');
  for (const etag of partEtags) hash.update(Buffer.from(etag, 'hex'));
  return `${hash.digest('hex')}-${partEtags.length}`;
}
