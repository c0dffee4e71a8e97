/**
 * Standard Webhooks signatures (github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md): HMAC-SHA256 over
 * `id.timestamp.payload`, keyed with the base64 part of `whsec_...`; several signatures may stand in the header.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { Problem } from '../http/problem.ts';

/** How far a timestamp may be from our clock, both ways, milliseconds. */
export const toleranceMs = 5 * 60_000;

/** Signatures of one request that are looked at; a sender that changes its secret sends two. */
const mostSignatures = 8;

const prefix = 'whsec_';

export interface SignatureHeaders {
  'webhook-id': string;
  'webhook-timestamp': string;
  'webhook-signature': string;
}

/**
 * Signs with every secret, so that a receiver that knows only the new or only the old one accepts it.
 * @param now epoch milliseconds
 */
export function sign(
  secrets: readonly string[],
  id: string,
  now: number,
  payload: string | Uint8Array,
): SignatureHeaders {
  const timestamp = String(Math.floor(now / 1000));
  const signatures = secrets.map((secret) => `v1,${mac(secret, id, timestamp, payload).toString('base64')}`);
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

/** The three headers of a signed request, checked for form and age but not yet against any secret. */
export interface Claim {
  id: string;
  timestamp: string;
  signatures: Buffer[];
}

/**
 * @param now epoch milliseconds
 * @throws Problem unauthorized for malformed headers, stale-timestamp outside the window.
 */
export function readClaim(headers: Record<string, string | undefined>, now: number): Claim {
  const id = headers['webhook-id'] ?? '';
  const timestamp = headers['webhook-timestamp'] ?? '';
  // A dot in the id could move the borders of what was signed.
  if (!/^[\w:+/=~-]{1,255}$/.test(id)) {
    throw new Problem('unauthorized', 'webhook-id must have 1 to 255 letters, digits or any of _ - : + / = ~');
  }
  if (!/^\d{1,12}$/.test(timestamp)) throw new Problem('unauthorized', 'webhook-timestamp must be seconds since 1970.');
  const age = now - Number(timestamp) * 1000;
  if (Math.abs(age) > toleranceMs) {
    const side = age > 0 ? 'old' : 'far in the future';
    throw new Problem(
      'stale-timestamp',
      `webhook-timestamp is too ${side}: it may differ by ${toleranceMs / 60_000} minutes.`,
    );
  }
  const signatures = (headers['webhook-signature'] ?? '')
    .split(' ')
    .filter((part) => part.startsWith('v1,'))
    .slice(0, mostSignatures)
    .map((part) => Buffer.from(part.slice(3), 'base64'));
  if (signatures.length === 0) throw new Problem('unauthorized', 'webhook-signature holds no "v1," signature.');
  return { id, timestamp, signatures };
}

/** Whether any of the signatures was made with any of the secrets; compared in constant time. */
export function isSignedBy(secrets: readonly string[], claim: Claim, payload: string | Uint8Array): boolean {
  let found = false;
  for (const secret of secrets) {
    const expected = mac(secret, claim.id, claim.timestamp, payload);
    for (const given of claim.signatures) {
      if (given.length === expected.length && timingSafeEqual(given, expected)) found = true;
    }
  }
  return found;
}

function mac(secret: string, id: string, timestamp: string, payload: string | Uint8Array): Buffer {
  const key = Buffer.from(secret.startsWith(prefix) ? secret.slice(prefix.length) : secret, 'base64');
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(payload).digest();
}
