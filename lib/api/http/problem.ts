import type { GiveUpCode, StoreAnswer } from '../../copy/model/errors.ts';
import { CopyError, gaveUp, GiveUp, RetryLater } from '../../copy/model/errors.ts';
import type { Log, LogFields } from '../../copy/model/ports.ts';
import type { ApiResponse } from './http.ts';
import { jsonResponse } from './http.ts';

interface Kind {
  status: number;
  title: string;
}

/** Every problem this API answers with; the name is the last segment of its `type`, and never changes its meaning. */
export const problemKinds = {
  'bad-request': { status: 400, title: 'The request is not well formed' },
  'bad-json': { status: 400, title: 'The body is not JSON' },
  unauthorized: { status: 401, title: 'The caller could not be identified' },
  'stale-timestamp': { status: 401, title: 'The signature is too old or from the future' },
  forbidden: { status: 403, title: 'The caller may not touch this object' },
  'callback-forbidden': { status: 403, title: 'The caller may not be called back there' },
  'not-found': { status: 404, title: 'There is nothing at this address' },
  'object-not-found': { status: 404, title: 'The object does not exist' },
  'no-such-bucket': { status: 404, title: 'The bucket does not exist' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  'already-final': { status: 409, title: 'The job cannot be cancelled any more' },
  'destination-exists': { status: 409, title: 'The destination exists' },
  'source-changed': { status: 409, title: 'The source changed while it was copied' },
  superseded: { status: 409, title: 'Newer work has taken over' },
  cancelled: { status: 409, title: 'The job was cancelled' },
  'not-copyable': { status: 409, title: 'The store cannot copy the object as it is' },
  'would-lose': { status: 409, title: 'Something of the object would be lost' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'url-too-long': { status: 414, title: 'The URL is too long' },
  'unsupported-media-type': { status: 415, title: 'The body must be JSON' },
  invalid: { status: 422, title: 'The request asks for something that cannot be done' },
  'unknown-store': { status: 422, title: 'No store of this name is configured' },
  'cross-store': { status: 422, title: 'Source and destination are in different stores' },
  'cross-region': { status: 422, title: 'Source and destination are in different regions' },
  'same-object': { status: 422, title: 'Source and destination are the same object' },
  'key-too-long': { status: 422, title: 'The key is too long' },
  'too-large': { status: 422, title: 'The object is too large' },
  'idempotency-mismatch': { status: 422, title: 'The idempotency key was used for another request' },
  internal: { status: 500, title: 'Something went wrong here' },
  'store-refused': { status: 502, title: 'The store refused our request' },
  'verification-failed': { status: 502, title: 'The copy differs from its source' },
  'retry-later': { status: 503, title: 'Not now; try again later' },
} as const satisfies Record<string, Kind>;

export type ProblemKind = keyof typeof problemKinds;

/** One fault in a body or query: where (JSON Pointer, RFC 6901) and what. */
export interface Fault {
  pointer: string;
  detail: string;
}

export interface ProblemOptions {
  headers?: Record<string, string>;
  errors?: Fault[];
  store?: StoreAnswer;
  /** Stable word of `errors.ts`, for errors of the engine. */
  code?: string;
}

/** Thrown anywhere below the API; becomes an RFC 9457 document. The detail is shown to the caller. */
export class Problem extends Error {
  readonly kind: ProblemKind;
  readonly options: ProblemOptions;

  constructor(kind: ProblemKind, detail: string, options: ProblemOptions = {}) {
    super(detail);
    this.name = 'Problem';
    this.kind = kind;
    this.options = options;
  }
}

const giveUpKinds: Record<GiveUpCode, ProblemKind> = {
  AccessDenied: 'store-refused',
  Archived: 'not-copyable',
  BadAnswer: 'store-refused',
  BadRequest: 'invalid',
  Cancelled: 'cancelled',
  ClientEncrypted: 'not-copyable',
  CrossRegion: 'cross-region',
  DestinationExists: 'destination-exists',
  Forbidden: 'forbidden',
  Immutable: 'not-copyable',
  InvalidCredentials: 'store-refused',
  KeyTooLong: 'key-too-long',
  NoSuchBucket: 'no-such-bucket',
  NoSuchUpload: 'retry-later',
  NotAppendableCopy: 'not-copyable',
  NotFound: 'object-not-found',
  PublicEndpointForbidden: 'store-refused',
  RowConflict: 'invalid',
  SameObject: 'same-object',
  StateUnusable: 'retry-later',
  SymlinkSource: 'not-copyable',
  TooLarge: 'too-large',
  TooManyParts: 'invalid',
  TooManyRemovals: 'invalid',
  Unsupported: 'not-copyable',
  VerificationFailed: 'verification-failed',
  WorkerDied: 'internal',
  WouldLose: 'would-lose',
  WrongEndpoint: 'store-refused',
};

/** What the caller gets to see of any error; an unexpected one shows nothing of itself. */
export function problemFrom(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (!(error instanceof CopyError))
    return new Problem('internal', 'The request failed; the log of the service says why.');
  const options = { store: error.answer, code: error.code };
  if (error instanceof RetryLater) {
    const seconds = Math.max(1, Math.ceil(error.delayMs / 1000));
    return new Problem('retry-later', error.message, { ...options, headers: { 'retry-after': String(seconds) } });
  }
  if (error instanceof GiveUp) return new Problem(giveUpKinds[error.code], error.message, options);
  return new Problem(error.decision === 'superseded' ? 'superseded' : 'source-changed', error.message, options);
}

/** Logs what failed on our side of a request, or in a store; what the client did wrong is in the line of the request. */
export function logFailure(log: Log, error: unknown, fields: LogFields): void {
  const problem = problemFrom(error);
  const all = { ...fields, error: error instanceof CopyError ? error.message : String(error) };
  if (problem.kind === 'internal') log.error('request failed', all);
  else if (gaveUp(error, 'StateUnusable')) log.error('the state cannot be used', all);
  else if (problemKinds[problem.kind].status >= 500) log.warn('request failed', all);
}

/** The RFC 9457 document; `type` is relative to the API's own root, where it can be read. */
export function problemResponse(problem: Problem, instance: string): ApiResponse {
  const { status, title } = problemKinds[problem.kind];
  const { headers, ...members } = problem.options;
  const document = { type: `/problems/${problem.kind}`, title, status, detail: problem.message, instance, ...members };
  return jsonResponse(status, document, { ...headers, 'content-type': 'application/problem+json' });
}
