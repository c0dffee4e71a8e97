import type { CopyError } from '../../copy/model/errors.ts';
import { GiveUp, RetryLater } from '../../copy/model/errors.ts';
import type { CallOptions } from '../../copy/model/ports.ts';
import type { Answer, Failure } from '../answers/answer.ts';
import { nameCall } from '../answers/error-text.ts';
import { isErrorDocument, readFailure, toError } from '../answers/errors.ts';
import { isClosed } from '../answers/network.ts';
import { operations } from '../wire/operations.ts';
import { IncompleteAnswer, MalformedAnswer } from '../wire/xml.ts';
import type { Call } from './call.ts';
import type { Caller } from './caller.ts';
import { correct } from './correct-clock-and-token.ts';
import type { WireRequest } from './request.ts';
import { buildRequest } from './request.ts';
import { reroute } from './reroute.ts';
import { exchange } from './transport.ts';

/**
 * Performs a call: signs, sends, reads, and repeats what is safe to repeat. `read` turns a good answer into the result; if
 * it throws `MalformedAnswer`, the answer counts as lost; after an `IncompleteAnswer` no other one is asked for. Retries stand above the reading because stores send errors in
 * answers with status 200.
 *
 * @throws CopyError only. `RetryLater` has effect `unknown` when any attempt may have taken effect.
 */
export async function perform<T>(
  caller: Caller,
  call: Call,
  options: CallOptions | undefined,
  read: (answer: Answer) => T,
): Promise<T> {
  return performWith(caller, call, options, async (wire, attempt, timeout) => {
    const answer = await exchange(caller.transport, call, wire, attempt, timeout);
    if (answer.status >= 300) return failed(caller, answer, wire);
    return { value: readGood(caller, call, answer, wire, read) };
  });
}

/** One attempt: a value, or the store's error answer. Throws `CopyError` for everything that is no answer. */
export type Attempt<T> = (
  wire: WireRequest,
  attempt: number,
  timeout: number,
) => Promise<{ value: T } | { failure: Failure }>;

/** The store's error answer, without what it may repeat of our secrets (I11). */
export function failed(caller: Caller, answer: Answer, wire: WireRequest): { failure: Failure } {
  const { dialect, clock } = caller;
  const signature = /Signature=(\w+)/.exec(wire.headers['authorization'] ?? '')?.[1];
  const token = wire.headers[`${dialect.headers.prefix}security-token`];
  const secrets = [signature, token, ...caller.customerKeys.secrets].filter((secret) => secret !== undefined);
  const failure = readFailure(answer, { dialect, region: wire.region, now: clock.now(), secrets });
  return { failure: { ...failure, saidPayer: `${dialect.headers.prefix}request-payer` in caller.always } };
}

export async function performWith<T>(
  caller: Caller,
  call: Call,
  options: CallOptions | undefined,
  attemptOnce: Attempt<T>,
): Promise<T> {
  const { clock, retry } = caller;
  const spec = operations[call.operation];
  const slow = 'slow' in spec && spec.slow === true;
  const deadline = Math.min(options?.deadline ?? Infinity, clock.now() + (slow ? retry.slowTotal : retry.total));
  const corrected = { clock: false, token: false, region: false };
  const reads = call.method === 'GET' || call.method === 'HEAD';
  let uncertain = false;
  let last: CopyError | undefined;
  for (let attempt = 1; ; attempt += 1) {
    const permit = await caller.limiter.enter();
    let outcome: 'served' | 'throttled' | 'failed' = 'failed';
    let error: CopyError;
    try {
      const remaining = deadline - clock.now();
      if (remaining <= 0) throw outOfTime(call, caller, last, uncertain);
      const credentials = await caller.credentials();
      const time = clock.now() + caller.skew.offset;
      const route = caller.routes.of(call);
      const always = { ...caller.always, ...caller.customerKeys.headersFor(call) };
      const wire = buildRequest(call, caller.dialect, route.addressing, route.signer, credentials, time, always);
      const timeout = Math.max(1, Math.min(slow ? retry.slowTimeout : retry.timeout, remaining));
      options?.onRequest?.(call.operation);
      const result = await attemptOnce(wire, attempt, timeout);
      if ('value' in result) {
        outcome = 'served';
        caller.routes.served(call, route);
        return result.value;
      }
      outcome = 'served';
      if (await correct(caller, call, result.failure, credentials, corrected)) continue;
      if (await reroute(caller, call, result.failure, { route, credentials }, corrected, options)) continue;
      const customerKeys = caller.customerKeys.sentWith(call);
      error = toError({ ...result.failure, customerKeys }, call, caller.dialect, wire.region);
      outcome = error instanceof RetryLater && error.throttled ? 'throttled' : 'served';
    } catch (thrown) {
      if (!(thrown instanceof RetryLater) || thrown === last) throw thrown;
      error = thrown;
      if (thrown.throttled) outcome = 'throttled';
    } finally {
      permit.release(outcome);
    }
    if (!(error instanceof RetryLater)) throw error;
    uncertain ||= error.effect === 'unknown' && !reads;
    last = finalError(error, attempt, uncertain);
    const mayRepeat = !isClosed(error) && ((call.repeat ?? spec.repeat) === 'always' || error.effect === 'none');
    const delay = delayBefore(caller, error, attempt);
    if (!mayRepeat || attempt >= retry.attempts || delay > retry.cap || clock.now() + delay >= deadline) throw last;
    caller.log?.debug('store call is tried again', {
      operation: call.operation,
      bucket: call.bucket,
      key: call.key,
      attempt,
      delayMs: Math.round(delay),
      status: error.answer?.status,
      code: error.answer?.code,
    });
    await clock.sleep(delay);
  }
}

/** Full jitter; what the store asks for comes on top, so that clients do not all return at the same moment. */
function delayBefore(caller: Caller, error: RetryLater, attempt: number): number {
  const { base, throttledBase, cap } = caller.retry;
  const first = error.throttled ? throttledBase : base;
  if (error.delayMs > 0) return error.delayMs + caller.random() * first;
  return caller.random() * Math.min(cap, first * 2 ** (attempt - 1));
}

/** Turns a 2xx into its value. @throws CopyError when an error document or nonsense stands in it. */
export function readGood<T>(
  caller: Caller,
  call: Call,
  answer: Answer,
  wire: WireRequest,
  read: (answer: Answer) => T,
): T {
  if (isErrorDocument(answer.body)) throw errorInside(caller, call, answer, wire);
  try {
    return read(answer);
  } catch (error) {
    if (!(error instanceof MalformedAnswer)) throw error;
    // What became of a Complete is found out by looking, whatever its answer is worth.
    if (error instanceof IncompleteAnswer && call.operation !== 'CompleteMultipartUpload') {
      const reads = call.method === 'GET' || call.method === 'HEAD';
      throw new GiveUp(
        'BadAnswer',
        `${nameCall(call, caller.dialect)}: the store's answer leaves out what its protocol promises: ${error.message}. ` +
          `It would be the same the next time; check that the endpoint is one of a store of this kind.`,
        {
          answer: { operation: call.operation, status: answer.status },
          cause: error,
          effect: reads ? 'none' : 'unknown',
        },
      );
    }
    throw new RetryLater(`${nameCall(call, caller.dialect)}: the store's answer cannot be read: ${error.message}.`, {
      answer: { operation: call.operation, status: answer.status },
      cause: error,
      effect: 'unknown',
    });
  }
}

/** A 2xx with an error inside. A completed upload may stand behind it all the same, so only looking can tell. */
function errorInside(caller: Caller, call: Call, answer: Answer, wire: WireRequest): CopyError {
  const { failure } = failed(caller, answer, wire);
  const error = toError(failure, call, caller.dialect, wire.region, false);
  if (error instanceof RetryLater || call.operation !== 'CompleteMultipartUpload') return error;
  return new RetryLater(error.message, { answer: error.answer, effect: 'unknown' });
}

function finalError(error: RetryLater, attempts: number, uncertain: boolean): RetryLater {
  if (attempts === 1 && (error.effect === 'unknown') === uncertain) return error;
  const { answer, cause, delayMs, throttled } = error;
  const effect = uncertain ? 'unknown' : 'none';
  return new RetryLater(`${error.message} (tried ${attempts} times)`, { answer, cause, delayMs, throttled, effect });
}

function outOfTime(call: Call, caller: Caller, last: CopyError | undefined, uncertain: boolean): CopyError {
  if (last) return last;
  return new RetryLater(`${nameCall(call, caller.dialect)}: no time was left to send it.`, {
    answer: { operation: call.operation },
    effect: uncertain ? 'unknown' : 'none',
  });
}
