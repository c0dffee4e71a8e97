import type { CopyError, StoreAnswer } from '../../copy/model/errors.ts';
import { GiveUp, RetryLater, SourceChanged } from '../../copy/model/errors.ts';
import type { Dialect, Meaning } from '../dialects/dialect.ts';
import { vendorHost } from '../dialects/vendor-host.ts';
import { operations } from '../wire/operations.ts';
import type { Element } from '../wire/xml.ts';
import { readAnyXml } from '../wire/xml.ts';
import type { CallSubject, Answer, Failure } from './answer.ts';
import { advise } from './error-text.ts';
import type { AnswerHeaders } from './head.ts';

/** True for a 2xx that carries an error document all the same. */
export function isErrorDocument(body: string): boolean {
  return /^\s*(?:<\?xml[^>]*\?>\s*)?<(?:[\w.-]+:)?Error[\s/>]/.test(body);
}

export interface FailureContext {
  dialect: Dialect;
  /** The region we sign for. */
  region: string;
  /** Epoch milliseconds. */
  now: number;
  /** What we sent that must not be repeated in messages, should the store do so. */
  secrets: readonly string[];
}

export function readFailure(answer: Answer, context: FailureContext): Failure {
  const { dialect, region, now, secrets } = context;
  const { headers } = answer;
  const document = errorDocument(answer, dialect);
  const text = (name: string) => softText(document, name);
  const { errorNumber, requestId, bucketRegion } = dialect.headers;
  const date = Date.parse(headers['date'] ?? '');
  const endpoint = text('Endpoint');
  const told = [
    bucketRegion && headers[bucketRegion],
    text('Region'),
    // Some stores say it in words alone.
    /\bexpecting '([a-z0-9-]+)'/.exec(text('Message') ?? '')?.[1],
    endpoint && vendorHost(dialect, hostName(endpoint))?.region,
  ].find((name) => name && name !== region);
  return {
    status: answer.status,
    code: text('Code'),
    message: secrets.reduce<string | undefined>((words, secret) => words?.replaceAll(secret, '***'), text('Message')),
    ec: text('EC') ?? (errorNumber && headers[errorNumber]),
    requestId: headers[requestId] ?? text('RequestId'),
    delayMs: askedDelay(headers, dialect, Number.isNaN(date) ? now : date),
    date: Number.isNaN(date) ? undefined : date,
    elsewhere: endpoint ?? told,
    ...(told && { region: told }),
    argument: text('ArgumentName'),
    condition: text('Condition'),
    deleteMarker: headers[`${dialect.headers.prefix}delete-marker`] === 'true',
  };
}

/** Of an endpoint as stores write it: with or without a scheme, in front of a port or a path. */
function hostName(endpoint: string): string {
  return endpoint.replace(/^[a-z]+:\/\//i, '').replace(/[:/?#].*$/, '');
}

/** HEAD has no body: OSS puts the document into a header. */
function errorDocument(answer: Answer, dialect: Dialect): Element | undefined {
  const { headError } = dialect.headers;
  const packed = headError && answer.headers[headError];
  const body = answer.body.trim() === '' && packed ? Buffer.from(packed, 'base64').toString('utf8') : answer.body;
  const found = readAnyXml(body);
  return found?.name === 'Error' ? found.element : undefined;
}

/** Errors are read leniently: an odd document still has a status. */
function softText(document: Element | undefined, name: string): string | undefined {
  try {
    return document?.text(name)?.trim() || undefined;
  } catch {
    return undefined;
  }
}

/** OSS tells milliseconds in a header of its own; HTTP knows seconds or a date. */
function askedDelay(headers: AnswerHeaders, dialect: Dialect, now: number): number {
  const own = dialect.headers.retryDelay && headers[dialect.headers.retryDelay];
  if (own && /^\d{1,9}$/.test(own)) return Number(own);
  const standard = headers['retry-after'] ?? '';
  if (/^\d{1,6}$/.test(standard)) return Number(standard) * 1000;
  const date = Date.parse(standard);
  return Number.isNaN(date) ? 0 : Math.max(0, date - now);
}

const byStatus: Record<number, Meaning> = {
  304: 'precondition',
  401: 'InvalidCredentials',
  403: 'AccessDenied',
  404: 'NotFound',
  405: 'Unsupported',
  408: 'busy',
  412: 'precondition',
  413: 'TooLarge',
  416: 'range',
  425: 'busy',
  429: 'throttled',
  501: 'Unsupported',
};

/** Number first, then code and its words, then status. */
export function meaningOf(failure: Failure, subject: CallSubject, dialect: Dialect): Meaning {
  const { byNumber, byCode, byWords } = dialect.meanings;
  const { code, ec, status } = failure;
  const words = `${failure.argument ?? ''} ${failure.message ?? ''}`;
  const told =
    (ec && own(byNumber, ec)) ||
    byWords.find((rule) => rule.code === code && rule.words.test(words))?.meaning ||
    (code && own(byCode, code)) ||
    undefined;
  const meaning = told ?? fromStatus(status);
  if (failure.deleteMarker) return 'NotFound';
  // S3 says no more than this to HEAD, and calls a wrong region a malformed signature elsewhere.
  const namesOnlyRegion = code === undefined || code === 'AuthorizationHeaderMalformed';
  if (failure.elsewhere && namesOnlyRegion && status !== 404) return 'WrongEndpoint';
  if (meaning === 'NotFound' && subject.key === undefined) return 'NoSuchBucket';
  if (meaning === 'NotFound' && operations[subject.operation].onUpload) return 'NoSuchUpload';
  return meaning;
}

function fromStatus(status: number): Meaning {
  const known = byStatus[status];
  if (known) return known;
  if (status >= 500 || status < 300) return 'unsure';
  return status < 400 ? 'WrongEndpoint' : 'BadRequest';
}

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** The error for a failed call. `trust` is false when a 2xx carried the document: the effect is unknown then. */
export function toError(
  failure: Failure,
  subject: CallSubject,
  dialect: Dialect,
  region: string,
  trust = true,
): CopyError {
  const meaning = meaningOf(failure, subject, dialect);
  const answer = answerOf(failure, subject);
  const say = (word: Meaning) => advise(word, failure, subject, dialect, region);
  switch (meaning) {
    case 'throttled':
    case 'busy':
    case 'unsure': {
      const effect = trust && meaning !== 'unsure' ? 'none' : 'unknown';
      // A 503 without a word (HEAD has none) is overload too, though it may come from a proxy that lost the answer.
      const throttled = meaning === 'throttled' || failure.status === 503;
      return new RetryLater(say(meaning), {
        answer,
        delayMs: failure.delayMs,
        throttled,
        effect,
      });
    }
    case 'clock':
    case 'token':
      return new GiveUp('InvalidCredentials', say(meaning), { answer });
    case 'range':
      // A range is cut from the pinned size. That it does not fit means that the source is another one by now.
      return subject.operation === 'UploadPartCopy'
        ? new SourceChanged(say('range'), { answer })
        : new GiveUp('BadRequest', say('range'), { answer });
    case 'precondition':
      return preconditionError(failure, subject, dialect, say);
    default:
      return new GiveUp(meaning, say(meaning), { answer });
  }
}

/** A 412 that may be about the source or about the destination: the store did not say. Never leaves this folder. */
export class Undecided412 extends SourceChanged {}

function preconditionError(
  failure: Failure,
  subject: CallSubject,
  dialect: Dialect,
  say: (word: Meaning) => string,
): CopyError {
  const answer = answerOf(failure, subject);
  const { condition = '' } = failure;
  const mayBeDestination =
    subject.forbidOverwrite && dialect.forbidOverwrite.failsAsPrecondition && !/source/i.test(condition);
  if (mayBeDestination && (!subject.pinned || /none-match/i.test(condition))) {
    return new GiveUp('DestinationExists', say('DestinationExists'), { answer });
  }
  if (mayBeDestination) return new Undecided412(say('precondition'), { answer });
  if (subject.pinned) return new SourceChanged(say('precondition'), { answer });
  return new GiveUp('BadRequest', say('BadRequest'), { answer });
}

function answerOf(failure: Failure, subject: CallSubject): StoreAnswer {
  const { status, code, ec, requestId } = failure;
  return { operation: subject.operation, status, code, ec, requestId };
}
