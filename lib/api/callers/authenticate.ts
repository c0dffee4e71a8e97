import { timingSafeEqual } from 'node:crypto';
import type { ApiRequest } from '../http/http.ts';
import { Problem } from '../http/problem.ts';
import type { Caller } from './callers.ts';
import { digest } from './callers.ts';
import { isSignedBy, readClaim } from './signature.ts';

export interface Authenticated {
  caller: Caller;
  /** The signed `webhook-id`; a replay carries the same one, so it serves as the idempotency key. */
  signedId?: string;
}

/**
 * Finds out who calls: by bearer key, or by a Standard Webhooks signature over the body. A request without a body is signed
 * over `METHOD path?query` instead, so that a captured GET cannot be sent again as a DELETE.
 *
 * @param now epoch milliseconds
 * @throws Problem unauthorized, stale-timestamp.
 */
export function authenticate(callers: readonly Caller[], request: ApiRequest, now: number): Authenticated {
  if (request.headers['authorization'] !== undefined)
    return { caller: byKey(callers, request.headers['authorization']) };
  if (request.headers['webhook-signature'] !== undefined) return bySignature(callers, request, now);
  throw unauthorized('Send "Authorization: Bearer KEY", or sign the request as Standard Webhooks describes.');
}

function byKey(callers: readonly Caller[], authorization: string): Caller {
  const [, key] = /^Bearer ([\x21-\x7e]+)$/i.exec(authorization) ?? [];
  if (key === undefined) throw unauthorized('The Authorization header must be "Bearer KEY".');
  const given = digest(key);
  let found: Caller | undefined;
  // No early exit: the time taken tells nothing about which caller, or how much of a key, was right.
  for (const caller of callers) {
    for (const known of caller.keyDigests) {
      if (timingSafeEqual(given, known)) found ??= caller;
    }
  }
  if (!found) throw unauthorized('The bearer key is not known here.');
  return found;
}

function bySignature(callers: readonly Caller[], request: ApiRequest, now: number): Authenticated {
  const claim = readClaim(request.headers, now);
  const payload = request.body.length > 0 ? request.body : bodilessPayload(request);
  const caller = callers.find((candidate) => isSignedBy(candidate.secrets, claim, payload));
  if (!caller) throw unauthorized('The signature matches no known secret and this exact body.');
  return { caller, signedId: claim.id };
}

/** What is signed in place of an absent body. */
export function bodilessPayload(request: Pick<ApiRequest, 'method' | 'path' | 'query'>): string {
  return `${request.method} ${request.path}${request.query === '' ? '' : `?${request.query}`}`;
}

function unauthorized(detail: string): Problem {
  return new Problem('unauthorized', detail, { headers: { 'www-authenticate': 'Bearer' } });
}
