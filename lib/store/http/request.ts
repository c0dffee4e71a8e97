import { createHash } from 'node:crypto';
import type { Dispatcher } from 'undici';
import { GiveUp } from '../../copy/model/errors.ts';
import { nameCall } from '../answers/error-text.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { Credentials } from '../sign/credentials.ts';
import type { Signer } from '../sign/sign.ts';
import { sha256Hex, unsignedPayload } from '../sign/sign.ts';
import { encodeQuery, percentEncode, toWire } from '../wire/encode.ts';
import type { Addressing } from './addressing.ts';
import type { Call } from './call.ts';
import { bodySize } from './call.ts';

/** What goes to the dispatcher: exactly the bytes that were signed. */
export interface WireRequest {
  /** That it is signed for. */
  region: string;
  origin: string;
  path: string;
  method: Call['method'];
  headers: Record<string, string>;
  body: Dispatcher.DispatchOptions['body'];
}

/** Addresses and signs a call. `time` is epoch milliseconds on the store's clock. */
export function buildRequest(
  call: Call,
  dialect: Dialect,
  addressing: Addressing,
  signer: Signer,
  credentials: Credentials,
  time: number,
  always: Readonly<Record<string, string>> = {},
): WireRequest {
  const target = addressing.target(call.bucket, call.key);
  const query =
    call.versionId === undefined ? (call.query ?? []) : [...(call.query ?? []), ['versionId', call.versionId] as const];
  const payloadHash = hashOf(call, dialect);
  const headers = {
    host: target.host,
    ...always,
    ...wireHeaders(call, dialect),
    ...bodyHeaders(call),
    [`${dialect.headers.prefix}content-sha256`]: payloadHash,
  };
  const signed = signer.sign(
    { method: call.method, canonicalUri: target.canonicalUri, query, headers, payloadHash },
    credentials,
    time,
  );
  const text = encodeQuery(query);
  return {
    region: addressing.region,
    origin: target.origin,
    path: text === '' ? target.path : `${target.path}?${text}`,
    method: call.method,
    headers: signed,
    body: openBody(call),
  };
}

/** Object data is not hashed: it would have to be read twice. */
function hashOf(call: Call, dialect: Dialect): string {
  if (dialect.payload === 'unsigned') return unsignedPayload;
  if (call.body === undefined || typeof call.body === 'string') return sha256Hex(call.body ?? '');
  return unsignedPayload;
}

function bodyHeaders(call: Call): Record<string, string> {
  const { body } = call;
  if (body === undefined) return {};
  if (typeof body !== 'string') return { 'content-length': String(bodySize(body)) };
  // Several calls demand the digest, none minds it.
  return { 'content-type': 'application/xml', 'content-md5': createHash('md5').update(body).digest('base64') };
}

/** @throws GiveUp BadRequest for a value that no header can carry. */
function wireHeaders(call: Call, dialect: Dialect): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(call.headers ?? {})) {
    if (value === undefined) continue;
    // eslint-disable-next-line no-control-regex
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) || /[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) {
      throw new GiveUp(
        'BadRequest',
        `${nameCall(call, dialect)}: ${JSON.stringify(name)} holds a character that an HTTP header cannot carry; remove line breaks and control characters.`,
      );
    }
    headers[name] = toWire(value.trim());
  }
  return headers;
}

function openBody(call: Call): WireRequest['body'] {
  if (call.body === undefined) return null;
  if (typeof call.body === 'string' || call.body instanceof Uint8Array) return call.body;
  return call.body.open();
}

/** A URL that carries its own signature. `expires` is seconds, at most seven days in both schemes. */
export function presignUrl(
  call: Pick<Call, 'method' | 'bucket' | 'key' | 'versionId'>,
  addressing: Addressing,
  signer: Signer,
  credentials: Credentials,
  time: number,
  expires: number,
  always: Readonly<Record<string, string>> = {},
): string {
  const target = addressing.target(call.bucket, call.key);
  const query = signer.presign(
    {
      method: call.method,
      canonicalUri: target.canonicalUri,
      query: [
        ...Object.entries(always),
        ...(call.versionId === undefined ? [] : [['versionId', call.versionId] as const]),
      ],
      headers: { host: target.host },
    },
    credentials,
    time,
    expires,
  );
  return `${target.origin}${target.path}?${query.map(([name, value]) => `${percentEncode(name)}=${percentEncode(value ?? '')}`).join('&')}`;
}
