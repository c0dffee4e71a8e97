/**
 * The closed set of errors. The class is the decision:
 *
 * - `RetryLater`: nothing is wrong with the request; try again, not before `delayMs`.
 * - `GiveUp`: trying again cannot help until a person changes something.
 * - `SourceChanged`: the source is no longer the version that was pinned.
 * - `Superseded`: newer work has taken this over; stop quietly.
 */
export type Decision = 'retry' | 'give-up' | 'source-changed' | 'superseded';

/** Why we gave up, in our own words: stores' codes differ, these do not. */
export type GiveUpCode =
  | 'AccessDenied'
  | 'Archived'
  /** The store answers, and leaves out what its protocol promises. */
  | 'BadAnswer'
  | 'BadRequest'
  | 'Cancelled'
  | 'ClientEncrypted'
  | 'CrossRegion'
  | 'DestinationExists'
  | 'Forbidden'
  | 'Immutable'
  | 'InvalidCredentials'
  | 'KeyTooLong'
  | 'NoSuchBucket'
  | 'NoSuchUpload'
  | 'NotAppendableCopy'
  | 'NotFound'
  | 'PublicEndpointForbidden'
  | 'RowConflict'
  | 'SameObject'
  | 'StateUnusable'
  | 'SymlinkSource'
  | 'TooLarge'
  | 'TooManyParts'
  /** Of a sync: more than it may remove. */
  | 'TooManyRemovals'
  | 'Unsupported'
  | 'VerificationFailed'
  /** Processes died while a task of it was under way. */
  | 'WorkerDied'
  | 'WouldLose'
  | 'WrongEndpoint';

/** What the store said; never holds a header, a signature or a token (I11). */
export interface StoreAnswer {
  /** The call, as the store's documentation names it, e.g. `UploadPartCopy`. */
  operation: string;
  /** HTTP status; absent when no answer arrived. */
  status?: number;
  /** The store's own error code, e.g. `NoSuchKey`. */
  code?: string;
  /** OSS error number, e.g. `0016-00000306`. */
  ec?: string;
  requestId?: string;
}

export interface CopyErrorOptions {
  answer?: StoreAnswer;
  cause?: unknown;
}

export abstract class CopyError extends Error {
  abstract readonly decision: Decision;
  /** Stable word for machines. */
  abstract readonly code: string;
  readonly answer?: StoreAnswer;

  constructor(message: string, options: CopyErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    if (options.answer) this.answer = options.answer;
  }
}

export interface RetryLaterOptions extends CopyErrorOptions {
  /** Wait at least this long, milliseconds; what the store asked for, or 0. */
  delayMs?: number;
  /** The store said we are too fast, as opposed to a broken connection or an internal error. */
  throttled?: boolean;
  /**
   * `unknown` when the request may have taken effect although no (usable) answer came back. A call that must not happen
   * twice (Initiate, Complete) is then settled by looking, never by calling again.
   */
  effect?: 'none' | 'unknown';
}

export class RetryLater extends CopyError {
  readonly decision = 'retry';
  readonly code = 'RetryLater';
  readonly delayMs: number;
  readonly throttled: boolean;
  readonly effect: 'none' | 'unknown';

  constructor(message: string, options: RetryLaterOptions = {}) {
    super(message, options);
    this.delayMs = options.delayMs ?? 0;
    this.throttled = options.throttled ?? false;
    this.effect = options.effect ?? 'none';
  }
}

export interface GiveUpOptions extends CopyErrorOptions {
  /** `unknown`: the store may have done what it was asked for, although its answer cannot be used. */
  effect?: 'none' | 'unknown';
}

export class GiveUp extends CopyError {
  readonly decision = 'give-up';
  readonly code: GiveUpCode;
  readonly effect: 'none' | 'unknown';

  constructor(code: GiveUpCode, message: string, options: GiveUpOptions = {}) {
    super(message, options);
    this.code = code;
    this.effect = options.effect ?? 'none';
  }
}

export class SourceChanged extends CopyError {
  readonly decision = 'source-changed';
  readonly code = 'SourceChanged';
}

export class Superseded extends CopyError {
  readonly decision = 'superseded';
  readonly code = 'Superseded';
}

/** True for `GiveUp` with one of the given codes. */
export function gaveUp(error: unknown, ...codes: GiveUpCode[]): error is GiveUp {
  return error instanceof GiveUp && codes.includes(error.code);
}

/**
 * True for an error that ends a job: no retry mends it, and it is about the copy. A full disk or a damaged state file says
 * nothing about the copy, so the row stays as it is until the state is back.
 */
export function endsJob(error: unknown): error is CopyError {
  return error instanceof CopyError && error.decision !== 'retry' && !gaveUp(error, 'StateUnusable');
}
