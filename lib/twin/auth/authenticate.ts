/** Who is asking, and whether the request is what was signed. Refuses with the store's own errors. */
import { refuse } from '../errors.ts';
import type { Dialect } from '../dialect.ts';
import type { User, Users } from '../users.ts';
import type { RequestHead } from '../wire/head.ts';
import { readV1Claim, signV1, stringToSignV1, type V1Claim } from './oss-v1.ts';
import {
  AWS4,
  OSS4,
  canonicalRequest,
  parseBasicTime,
  readClaim,
  scopeOf,
  signV4,
  signingKey,
  stringToSign,
  type Claim,
  type Scheme,
} from './v4.ts';

/** How the body was promised. */
export type Payload =
  | { kind: 'unsigned' }
  | { kind: 'sha256'; hex: string }
  | { kind: 'aws-chunked'; trailer: boolean; signer?: ChunkSigner };

/** Signs the chunks of a streaming upload, each over the one before. */
export interface ChunkSigner {
  key: Buffer;
  timestamp: string;
  scope: string;
  seed: string;
}

export interface Identity {
  /** Undefined when the request has no signature. */
  user?: User;
  /** Region the request was signed for; OSS V1 names none. */
  region?: string;
  payload: Payload;
}

const SKEW_MS = 15 * 60 * 1000;
const MAX_EXPIRES_S = 604_800;

export function authenticate(head: RequestHead, dialect: Dialect, users: Users, now: number): Identity {
  const scheme = dialect.name === 's3' ? AWS4 : OSS4;
  const { headers, target } = head;
  if (dialect.name === 's3' && signedByV2(head)) {
    throw refuse('InvalidRequest', {
      message:
        'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256. (Signature version 2 was sent.)',
    });
  }
  const v1 = dialect.name === 'oss' ? readV1Claim(head) : undefined;
  if (v1) return checkV1(head, v1, users, now);
  const signed =
    headers['authorization'] !== undefined ||
    target.query.pairs.some(([name]) => name.toLowerCase() === `${scheme.parameterPrefix}signature`);
  if (!signed) return { payload: { kind: 'unsigned' } };
  return checkV4(scheme, head, users, now);
}

/** Signature version 2: `Authorization: AWS key:signature`, or `AWSAccessKeyId` in a presigned URL. */
function signedByV2({ headers, target }: RequestHead): boolean {
  return headers['authorization']?.startsWith('AWS ') ?? target.query.has('AWSAccessKeyId');
}

function checkV4(scheme: Scheme, head: RequestHead, users: Users, now: number): Identity {
  const claim = readClaim(scheme, head);
  if (!claim || claim.terminator !== scheme.terminator || !claim.timestamp.startsWith(claim.date)) {
    throw scheme === AWS4
      ? refuse('AuthorizationHeaderMalformed')
      : refuse('InvalidArgument', { status: 400, message: 'The V4 authorization is malformed.', ec: '0002-00000209' });
  }
  const user = userOf(scheme, claim, users);
  checkTime(scheme, claim, now);
  checkHeadersSigned(scheme, head, claim);
  const named = `${scheme.parameterPrefix}content-sha256`;
  const promised = head.headers[named] ?? head.target.query.pairs.find(([name]) => name.toLowerCase() === named)?.[1];
  const presigned = claim.expires !== undefined;
  const payloadLine = promised ?? 'UNSIGNED-PAYLOAD';
  if (!presigned && promised === undefined) {
    throw refuse('InvalidRequest', {
      message: `Missing required header for this request: ${named}`,
    });
  }
  if (scheme === OSS4 && payloadLine !== 'UNSIGNED-PAYLOAD') {
    throw refuse('InvalidArgument', { message: 'x-oss-content-sha256 must be UNSIGNED-PAYLOAD.' });
  }
  const canonical = canonicalRequest(scheme, head, claim, payloadLine);
  const text = stringToSign(scheme, claim, canonical);
  const key = signingKey(scheme, user.secretAccessKey, claim);
  if (signV4(key, text) !== claim.signature) {
    throw refuse('SignatureDoesNotMatch', {
      fields: { AccessKeyId: claim.accessKeyId, StringToSign: text, CanonicalRequest: canonical },
    });
  }
  const signer = { key, timestamp: claim.timestamp, scope: scopeOf(scheme, claim), seed: claim.signature };
  return { user, region: claim.region, payload: payloadOf(payloadLine, signer) };
}

function payloadOf(line: string, signer: ChunkSigner): Payload {
  if (line === 'UNSIGNED-PAYLOAD') return { kind: 'unsigned' };
  if (line === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') return { kind: 'aws-chunked', trailer: true };
  if (line === 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD') return { kind: 'aws-chunked', trailer: false, signer };
  if (line === 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER') return { kind: 'aws-chunked', trailer: true, signer };
  if (/^[0-9a-f]{64}$/.test(line)) return { kind: 'sha256', hex: line };
  throw refuse('InvalidRequest', { message: `x-amz-content-sha256 is not understood: ${line}` });
}

/** The user whose key it is. Throws when there is none, or when the session token is not the user's. */
function userOf(scheme: Scheme, { accessKeyId, token }: Claim | V1Claim, users: Users): User {
  const user = users.byKey(accessKeyId);
  if (!user) throw refuse('InvalidAccessKeyId', { fields: { AccessKeyId: accessKeyId } });
  if (token === user.sessionToken) return user;
  if (token === undefined) throw refuse('InvalidAccessKeyId', { message: 'These credentials need a session token.' });
  throw refuse(scheme === AWS4 ? 'InvalidToken' : 'InvalidSecurityToken');
}

function checkTime(scheme: Scheme, claim: Claim, now: number): void {
  const signedAt = parseBasicTime(claim.timestamp);
  const ec = scheme === OSS4 ? { ec: '0002-00000236' } : {};
  if (claim.expires === undefined) return checkSkew(signedAt, claim.timestamp, now);
  if (!Number.isInteger(claim.expires) || claim.expires < 1 || claim.expires > MAX_EXPIRES_S) {
    throw refuse('InvalidArgument', { message: `The expiry must be 1 to ${MAX_EXPIRES_S} seconds.` });
  }
  if (signedAt > now + SKEW_MS) throw refuse('AccessDenied', { message: 'Request is not yet valid', ...ec });
  const end = signedAt + claim.expires * 1000;
  if (now > end) {
    const fields = { Expires: new Date(end).toISOString(), ServerTime: new Date(now).toISOString() };
    throw refuse('AccessDenied', { message: 'Request has expired', fields, ...ec });
  }
}

function checkSkew(signedAt: number, requestTime: string, now: number): void {
  if (Math.abs(now - signedAt) <= SKEW_MS) return;
  throw refuse('RequestTimeTooSkewed', {
    fields: {
      RequestTime: requestTime,
      ServerTime: new Date(now).toISOString(),
      MaxAllowedSkewMilliseconds: String(SKEW_MS),
    },
  });
}

function checkHeadersSigned(scheme: Scheme, { headers }: RequestHead, { signedHeaders }: Claim): void {
  if (scheme === OSS4) return;
  const missing = Object.keys(headers).filter(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !signedHeaders.includes(name),
  );
  if (missing.length === 0) return;
  throw refuse('AccessDenied', {
    message: 'There were headers present in the request which were not signed',
    fields: { HeadersNotSigned: missing.join(', ') },
  });
}

function checkV1(head: RequestHead, claim: V1Claim, users: Users, now: number): Identity {
  const user = userOf(OSS4, claim, users);
  if (!claim.presigned) checkSkew(Date.parse(claim.date), claim.date, now);
  else if (now > Number(claim.date) * 1000) throw refuse('AccessDenied', { message: 'Request has expired.' });
  const text = stringToSignV1(head, claim);
  if (signV1(user.secretAccessKey, text) !== claim.signature) {
    throw refuse('SignatureDoesNotMatch', { fields: { OSSAccessKeyId: claim.accessKeyId, StringToSign: text } });
  }
  return { user, payload: { kind: 'unsigned' } };
}
