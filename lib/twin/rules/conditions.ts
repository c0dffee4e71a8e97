/** Conditional requests, each store's way. */
import { httpDate, own, type Call } from '../call.ts';
import { plainEtag, quoteEtag } from '../dialect.ts';
import { refuse } from '../errors.ts';
import type { Bucket } from '../model/bucket.ts';
import type { StoredObject } from '../model/object.ts';

/** The four conditions, by the standard name of each. */
type Conditions = Readonly<Partial<Record<(typeof STANDARD)[number], string>>>;

const STANDARD = ['If-Match', 'If-None-Match', 'If-Modified-Since', 'If-Unmodified-Since'] as const;

interface Verdict {
  kind: 'failed' | 'not modified';
  /** The condition that decided, by its standard name. */
  by: (typeof STANDARD)[number];
}

function conditionsIn(headers: Readonly<Record<string, string>>, prefix = ''): Conditions {
  const sent = STANDARD.map((name) => [name, headers[prefix + name.toLowerCase()]] as const);
  return Object.fromEntries(sent.filter(([, value]) => value !== undefined));
}

function matches(list: string, object: StoredObject): boolean {
  return list.split(',').some((etag) => etag.trim() === '*' || plainEtag(etag) === object.etag.toLowerCase());
}

/** HTTP dates have no fraction of a second. */
function changedSince(date: string, object: StoredObject): boolean {
  return Math.floor(object.lastModified / 1000) * 1000 > Date.parse(date);
}

/**
 * Undefined when all hold. An ETag condition that holds outweighs the date beside it, as in RFC 9110 and both stores'
 * documents.
 */
function judge(conditions: Conditions, object: StoredObject): Verdict | undefined {
  const { 'If-Match': match, 'If-None-Match': noneMatch } = conditions;
  const { 'If-Modified-Since': modifiedSince, 'If-Unmodified-Since': unmodifiedSince } = conditions;
  if (match !== undefined) {
    if (!matches(match, object)) return { kind: 'failed', by: 'If-Match' };
  } else if (unmodifiedSince !== undefined && changedSince(unmodifiedSince, object)) {
    return { kind: 'failed', by: 'If-Unmodified-Since' };
  }
  if (noneMatch !== undefined) {
    return matches(noneMatch, object) ? { kind: 'not modified', by: 'If-None-Match' } : undefined;
  }
  const readable = modifiedSince !== undefined && !Number.isNaN(Date.parse(modifiedSince));
  return readable && !changedSince(modifiedSince, object)
    ? { kind: 'not modified', by: 'If-Modified-Since' }
    : undefined;
}

/** OSS ends the sentence with a full stop; S3 does not. */
function preconditionFailed({ dialect }: Call, condition: string): Error {
  const message = `At least one of the pre-conditions you specified did not hold${dialect.name === 'oss' ? '.' : ''}`;
  return refuse('PreconditionFailed', { message, fields: { Condition: condition } });
}

/** If-Match and its kin on GET and HEAD. */
export function checkRead(call: Call, object: StoredObject): void {
  const verdict = judge(conditionsIn(call.headers), object);
  if (verdict?.kind === 'failed') throw preconditionFailed(call, verdict.by);
  if (verdict) {
    // RFC 9110 15.4.5: what a 200 would tell about the version that the client has.
    const known = { etag: quoteEtag(call.dialect, object.etag), 'last-modified': httpDate(object.lastModified) };
    throw refuse('NotModified', { headers: known });
  }
}

/**
 * The four copy-source-if-* headers. OSS's CopyObject takes the standard headers for conditions on the source as well, and
 * names those when they fail: ali-oss sends both, and its tests expect it so.
 */
export function checkCopySource(call: Call, object: StoredObject): void {
  const { headers, dialect } = call;
  const start = `${dialect.prefix}copy-source-`;
  const alsoStandard = dialect.name === 'oss' && call.operation === 'CopyObject';
  for (const prefix of alsoStandard ? ['', start] : [start]) {
    const verdict = judge(conditionsIn(headers, prefix), object);
    if (!verdict) continue;
    if (verdict.kind === 'not modified' && dialect.copyNotModified === 304) throw refuse('NotModified');
    throw preconditionFailed(call, prefix === '' ? verdict.by : prefix + verdict.by.toLowerCase());
  }
}

/**
 * OSS has no conditions on the destination of a write but forbid-overwrite, and refuses the standard headers. S3 knows
 * If-Match and If-None-Match: *.
 */
export function checkWriteHeaders(call: Call): void {
  if (call.dialect.name !== 'oss') return;
  const [header] = Object.keys(conditionsIn(call.headers));
  if (header === undefined) return;
  throw refuse('NotImplemented', {
    status: 400,
    message: 'A header you provided implies functionality that is not implemented.',
    fields: { Header: header },
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
  const quirk = call.operation === 'CopyObject' ? call.world.quirks.copyIfNoneMatch : undefined;
  const noneMatch = quirk === 'ignored' ? undefined : call.headers['if-none-match'];
  const match = call.headers['if-match'];
  if (noneMatch !== undefined && quirk === 'refused') {
    throw refuse('NotImplemented', { message: 'Conditional object PUTs are not supported.' });
  }
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
