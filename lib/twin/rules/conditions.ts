/** Conditional requests, each store's way. */
import { own, type Call } from '../call.ts';
import { plainEtag } from '../dialect.ts';
import { refuse } from '../errors.ts';
import type { Bucket } from '../model/bucket.ts';
import type { StoredObject } from '../model/object.ts';

interface Conditions {
  match: string | undefined;
  noneMatch: string | undefined;
  modifiedSince: string | undefined;
  unmodifiedSince: string | undefined;
}

type Verdict = 'ok' | 'failed' | 'not modified';

function matches(list: string, object: StoredObject): boolean {
  return list.split(',').some((etag) => etag.trim() === '*' || plainEtag(etag) === object.etag.toLowerCase());
}

/** HTTP dates have no fraction of a second. */
function changedSince(date: string, object: StoredObject): boolean {
  return Math.floor(object.lastModified / 1000) * 1000 > Date.parse(date);
}

/** An ETag condition that holds outweighs the date beside it, as in RFC 9110 and both stores' documents. */
function judge(conditions: Conditions, object: StoredObject): Verdict {
  const { match, noneMatch, modifiedSince, unmodifiedSince } = conditions;
  if (match !== undefined) {
    if (!matches(match, object)) return 'failed';
  } else if (unmodifiedSince !== undefined && changedSince(unmodifiedSince, object)) return 'failed';
  if (noneMatch !== undefined) return matches(noneMatch, object) ? 'not modified' : 'ok';
  const readable = modifiedSince !== undefined && !Number.isNaN(Date.parse(modifiedSince));
  return readable && !changedSince(modifiedSince, object) ? 'not modified' : 'ok';
}

/** If-Match and its kin on GET and HEAD. */
export function checkRead(call: Call, object: StoredObject): void {
  const { headers } = call;
  const verdict = judge(
    {
      match: headers['if-match'],
      noneMatch: headers['if-none-match'],
      modifiedSince: headers['if-modified-since'],
      unmodifiedSince: headers['if-unmodified-since'],
    },
    object,
  );
  if (verdict === 'failed') throw refuse('PreconditionFailed', { fields: { Condition: 'If-Match' } });
  if (verdict === 'not modified') throw refuse('NotModified');
}

/** The four copy-source-if-* headers. */
export function checkCopySource(call: Call, object: StoredObject): void {
  const conditions = {
    match: own(call, 'copy-source-if-match'),
    noneMatch: own(call, 'copy-source-if-none-match'),
    modifiedSince: own(call, 'copy-source-if-modified-since'),
    unmodifiedSince: own(call, 'copy-source-if-unmodified-since'),
  };
  const verdict = judge(conditions, object);
  if (verdict === 'ok') return;
  const condition = verdict === 'failed' ? 'copy-source-if-match' : 'copy-source-if-none-match';
  const fields = { Condition: call.dialect.prefix + condition };
  if (verdict === 'not modified' && call.dialect.copyNotModified === 304) throw refuse('NotModified', { fields });
  throw refuse('PreconditionFailed', { fields });
}

const UNDOCUMENTED = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'];

/**
 * OSS has no conditions on the destination of a write but forbid-overwrite, and refuses the standard headers. S3 knows
 * If-Match and If-None-Match: *.
 */
export function checkWriteHeaders(call: Call): void {
  if (call.dialect.name !== 'oss') return;
  const header = UNDOCUMENTED.find((name) => call.headers[name] !== undefined);
  if (header === undefined) return;
  throw refuse('NotImplemented', {
    status: 400,
    message: 'A header you provided implies functionality that is not implemented.',
    fields: { Header: header.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase()) },
  });
}

/** Refuses to replace what is at the destination, where the request or the bucket says so. */
export function checkOverwrite(call: Call, bucket: Bucket, forbid = forbidsOverwrite(call)): void {
  const current = bucket.current(call.key);
  const there = current && !current.deleteMarker ? current : undefined;
  if (call.dialect.name === 's3') checkS3Write(call, there);
  // OSS ignores the header once versioning has ever been on: nothing is lost by a new version.
  if (there && forbid && !bucket.settings.versioning) throw refuse('FileAlreadyExists', { fields: { Key: call.key } });
  if (there && bucket.settings.immutable) throw refuse('FileImmutable');
}

export function forbidsOverwrite(call: Call): boolean {
  return call.dialect.name === 'oss' && own(call, 'forbid-overwrite') === 'true';
}

function checkS3Write(call: Call, there: StoredObject | undefined): void {
  const noneMatch = call.headers['if-none-match'];
  const match = call.headers['if-match'];
  if (noneMatch !== undefined && noneMatch !== '*') {
    throw refuse('NotImplemented', {
      message: 'If-None-Match on a write takes only *.',
      fields: { Header: 'If-None-Match' },
    });
  }
  if (noneMatch !== undefined && there) throw refuse('PreconditionFailed', { fields: { Condition: 'If-None-Match' } });
  if (match === undefined) return;
  if (!there) throw refuse('NoSuchKey', { fields: { Key: call.key } });
  if (!matches(match, there)) throw refuse('PreconditionFailed', { fields: { Condition: 'If-Match' } });
}
