/** What people and machines read about one object: pure functions from results and errors to text. */
import { CopyError, gaveUp } from '../../copy/model/errors.ts';
import { describe, type ObjectRef, type StoreAddress } from '../../copy/model/object.ts';
import type { CopyRequest, Mode } from '../../copy/model/request.ts';
import type { CopyResult, FidelityLoss } from '../../copy/model/result.ts';
import { Interrupted, UsageError } from '../process/exit.ts';
import type { Io } from '../process/io.ts';
import { formatBytes, formatDuration, formatRate, plural, printable } from '../text/format.ts';
import { wrapWords } from '../text/labelled-values.ts';
import type { Paint } from '../text/paint.ts';
import { paintFor } from '../text/paint.ts';

/** The part of a request or a job that says which object goes where. */
export type Subject = Pick<CopyRequest, 'mode' | 'store' | 'source' | 'destination'>;

const done: Record<Mode, string> = { copy: 'copied', replicate: 'replicated', rename: 'moved', metadata: 'changed' };

const proof: Record<CopyResult['verifiedBy'], string> = {
  crc64: 'CRC-64 equal',
  checksum: 'checksum equal',
  etag: 'ETag equal',
  'part-etags': 'ETag as its parts make it',
  size: 'size equal',
  store: 'one call of the store',
};

function url(store: Pick<StoreAddress, 'scheme'>, ref: ObjectRef): string {
  return printable(describe(store, ref));
}

/** `oss://a/x -> oss://b/y`; only the one name where both are the same object. */
export function subjectText({ mode, store, source, destination }: Subject): string {
  return mode === 'metadata' ? url(store, source) : `${url(store, source)} -> ${url(store, destination)}`;
}

/** One line: what happened to which object, how large, how, proved by what, how long. */
export function resultLine(subject: Subject, result: CopyResult, seconds: number, paint: Paint): string {
  if (result.way === 'unchanged' && result.sourceRemoved) {
    return `${paint('green', '✓')} moved ${subjectText(subject)} ${paint('dim', '(the destination was equal already)')}`;
  }
  if (result.way === 'unchanged') {
    return `${paint('dim', '=')} unchanged ${subjectText(subject)} ${paint('dim', '(already as asked; nothing was written)')}`;
  }
  const facts = [formatBytes(result.size)];
  if (result.way === 'parts') facts.push(plural(result.parts ?? 0, 'part'));
  if (result.way === 'attributes-only') facts.push('no copy needed');
  else facts.push(proof[result.verifiedBy]);
  facts.push(formatDuration(seconds));
  if (result.way === 'parts') facts.push(formatRate(result.size, seconds));
  if (result.transfer) facts.push(`from ${result.transfer.from} to ${result.transfer.to}`);
  if (result.notKept) facts.push(leftOutText(result.notKept));
  return `${paint('green', '✓')} ${done[subject.mode]} ${subjectText(subject)} ${paint('dim', `(${facts.join(', ')})`)}`;
}

/** For an object that `--overwrite never` left alone. */
export function skippedLine(subject: Subject, paint: Paint): string {
  return `${paint('dim', '-')} skipped 1 object: ${url(subject.store, subject.destination)} is there already ${paint('dim', '(--overwrite never)')}`;
}

export function skippedDocument(subject: Subject): Record<string, unknown> {
  return { status: 'skipped', ...subjectDocument(subject), reason: 'DestinationExists' };
}

/** One line per thing that did not arrive as it was at the source. */
export function lossLines(losses: readonly FidelityLoss[], paint: Paint): string[] {
  return losses.map((loss) => `${paint('yellow', '!')} not kept: ${lossText(loss)}`);
}

export function lossText({ what, wanted, got, why }: FidelityLoss): string {
  const values = [wanted && `wanted ${printable(wanted)}`, got && `got ${printable(got)}`].filter(Boolean).join(', ');
  return [what + (values ? ` (${values})` : ''), why && printable(why)].filter(Boolean).join(': ');
}

/** What a copy leaves out by default: `acl not carried (--acl keep does)`. */
export function leftOutText(notKept: readonly string[]): string {
  return notKept.map((what) => `${what} not carried (--${what} keep does)`).join(', ');
}

/**
 * The message, then on a line of its own what the store said, for looking it up. Broken at words where `width`
 * is given.
 */
export function errorLines(error: unknown, paint: Paint, width = Infinity): string[] {
  const message = printable(messageOf(error));
  // The store's words stand in brackets behind its status.
  const theirs = / \[(\d{3}\b[^\]]*)\]/.exec(message);
  const store = theirs?.[1] ?? answerText(error);
  const mark = error instanceof Interrupted ? paint('yellow', '!') : paint('red', '✗');
  const hints = [...(store ? [`store: ${store}`] : []), ...(isUnexplained(error) ? [unexplainedHint] : [])];
  const [first = '', ...rest] = wrapWords(theirs ? message.replace(theirs[0], '') : message, width - 2);
  return [
    `${mark} ${first}`,
    ...rest.map((line) => `  ${line}`),
    ...(error instanceof Interrupted ? error.hints.map((hint) => `  ${printable(hint)}`) : []),
    ...hints.flatMap((hint) => wrapWords(hint, width - 2)).map((line) => paint('dim', `  ${line}`)),
  ];
}

const unexplainedHint =
  'S3 gives no reason for a refused HEAD: a wrong secret looks the same; ferry doctor tells them apart.';

function isUnexplained(error: unknown): boolean {
  return gaveUp(error, 'AccessDenied') && error.answer?.operation === 'HeadObject' && error.answer.code === undefined;
}

/** For errors whose message does not end in the store's words. */
function answerText(error: unknown): string | undefined {
  if (!(error instanceof CopyError) || error.answer?.status === undefined) return undefined;
  const { operation, status, code, ec, requestId } = error.answer;
  const facts = [operation, status, code, ec, requestId && `request ${requestId}`];
  return printable(facts.filter((fact) => fact !== undefined && fact !== '').join(' '));
}

/** Foreseen errors are written for people; anything else is a bug and says so. */
function messageOf(error: unknown): string {
  if (error instanceof CopyError || error instanceof UsageError || error instanceof Interrupted) return error.message;
  if (!(error instanceof Error)) return String(error);
  return `unexpected: ${error.message}${error.cause instanceof Error ? ` (${error.cause.message})` : ''}`;
}

/** The document of `--json` for one finished object. */
export function resultDocument(
  subject: Subject,
  result: CopyResult,
  seconds: number,
  jobId?: string,
): Record<string, unknown> {
  const { way, size, etag, versionId, parts, verifiedBy, lost, transfer, notKept, sourceRemoved } = result;
  return {
    status: way === 'unchanged' ? 'unchanged' : done[subject.mode],
    ...subjectDocument(subject),
    ...{ way, size, etag, versionId, parts, verifiedBy, lost, transfer, notKept, sourceRemoved },
    seconds: Math.round(seconds * 1000) / 1000,
    job: jobId,
  };
}

/** The document of `--json` for an object that failed. */
export function errorDocument(subject: Subject | undefined, error: unknown): Record<string, unknown> {
  const known = error instanceof CopyError;
  return {
    status: 'failed',
    ...(subject && subjectDocument(subject)),
    error: {
      code: known ? error.code : error instanceof UsageError ? 'Usage' : 'Unexpected',
      decision: known ? error.decision : undefined,
      message: messageOf(error),
      store: known ? error.answer : undefined,
    },
  };
}

function subjectDocument({ mode, store, source, destination }: Subject): Record<string, unknown> {
  return {
    mode,
    source: describe(store, { bucket: source.bucket, key: source.key }),
    sourceVersionId: source.versionId,
    destination: describe(store, { bucket: destination.bucket, key: destination.key }),
  };
}

/** The lines about an error, as stderr can show them. */
export function complaint({ stderr, env }: Io, error: unknown): string[] {
  return errorLines(error, paintFor(stderr, env), stderr.isTTY ? Math.max(40, stderr.columns ?? 80) : Infinity);
}
