/** Who may have a body read: told by the head of a request alone, so that a stranger's bytes are never kept. */
import { timingSafeEqual } from 'node:crypto';
import { authenticate } from '../../api/callers/authenticate.ts';
import type { Caller } from '../../api/callers/callers.ts';
import { digest } from '../../api/callers/callers.ts';
import { readClaim } from '../../api/callers/signature.ts';
import type { ApiRequest } from '../../api/http/http.ts';
import { Problem } from '../../api/http/problem.ts';
import type { Clock } from '../../copy/model/ports.ts';

/**
 * `known`: by a key or a token. `claimed`: by a signature that only the body can prove; its form and time are right. `unknown`:
 * whatever the body, the request will be refused.
 */
export type Admission = 'known' | 'claimed' | 'unknown';

export interface AdmissionParts {
  callers: readonly Caller[];
  /** Stands in for authentication; only for `--insecure-no-auth`. */
  everyone?: Caller;
  tokenDigests: readonly Buffer[];
  clock: Clock;
}

export function admissionOf(
  { callers, everyone, tokenDigests, clock }: AdmissionParts,
  head: Omit<ApiRequest, 'body'>,
): Admission {
  if (everyone) return 'known';
  const token = tokenIn(head.path);
  if (token !== undefined) return isKnownToken(tokenDigests, token) ? 'known' : 'unknown';
  try {
    if (head.headers['authorization'] === undefined) {
      readClaim(head.headers, clock.now());
      return 'claimed';
    }
    authenticate(callers, { ...head, body: new Uint8Array() }, clock.now());
    return 'known';
  } catch (error) {
    if (error instanceof Problem) return 'unknown';
    throw error;
  }
}

/** The last part of `/events/TOKEN`. */
export function tokenIn(path: string): string | undefined {
  return /^\/events\/([^/]+)$/.exec(path)?.[1];
}

/** Compared in constant time. */
export function isKnownToken(tokenDigests: readonly Buffer[], token: string): boolean {
  const given = digest(token);
  let known = false;
  for (const one of tokenDigests) if (timingSafeEqual(one, given)) known = true;
  return known;
}
