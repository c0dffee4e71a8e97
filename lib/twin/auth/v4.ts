/** Signature version 4 of both stores, from the server's side: AWS4-HMAC-SHA256 and OSS4-HMAC-SHA256. */
import { createHash, createHmac } from 'node:crypto';
import { percentEncode } from '../dialect.ts';
import { decode } from '../wire/target.ts';
import type { RequestHead } from '../wire/head.ts';

export interface Scheme {
  algorithm: 'AWS4-HMAC-SHA256' | 'OSS4-HMAC-SHA256';
  keyPrefix: string;
  terminator: string;
  /** Names of the presigned parameters, in lower case. */
  parameterPrefix: 'x-amz-' | 'x-oss-';
  /** A query name without a value is written `name=` by AWS and `name` by OSS. */
  emptyValue: '=' | '';
}

export const AWS4: Scheme = {
  algorithm: 'AWS4-HMAC-SHA256',
  keyPrefix: 'AWS4',
  terminator: 'aws4_request',
  parameterPrefix: 'x-amz-',
  emptyValue: '=',
};

export const OSS4: Scheme = {
  algorithm: 'OSS4-HMAC-SHA256',
  keyPrefix: 'aliyun_v4',
  terminator: 'aliyun_v4_request',
  parameterPrefix: 'x-oss-',
  emptyValue: '',
};

/** What a client claims, from the Authorization header or from the query. */
export interface Claim {
  accessKeyId: string;
  /** `YYYYMMDD`. */
  date: string;
  region: string;
  service: string;
  terminator: string;
  /** `YYYYMMDDTHHMMSSZ`. */
  timestamp: string;
  signedHeaders: string[];
  signature: string;
  token: string | undefined;
  /** Presigned: seconds it is valid. */
  expires: number | undefined;
}

/** Undefined when a needed member is missing or malformed. */
export function readClaim(scheme: Scheme, head: RequestHead): Claim | undefined {
  const { headers, target } = head;
  const query = new Map(target.query.pairs.map(([name, value]) => [name.toLowerCase(), value ?? '']));
  const at = (name: string): string | undefined => query.get(scheme.parameterPrefix + name);
  const authorization = headers['authorization'];
  const members = new Map(
    (authorization ?? '')
      .slice(scheme.algorithm.length)
      .split(',')
      .map((member) => {
        const equals = member.indexOf('=');
        return [member.slice(0, equals).trim(), member.slice(equals + 1).trim()];
      }),
  );
  const presigned = authorization === undefined;
  const credential = (presigned ? at('credential') : members.get('Credential')) ?? '';
  const scope = credential.split('/');
  const [terminator, service, region, date] = [scope.pop(), scope.pop(), scope.pop(), scope.pop()];
  const listName = scheme === AWS4 ? 'SignedHeaders' : 'AdditionalHeaders';
  const list = presigned ? at(scheme === AWS4 ? 'signedheaders' : 'additional-headers') : members.get(listName);
  const timestamp = presigned
    ? at('date')
    : (headers[`${scheme.parameterPrefix}date`] ?? (headers['date'] && basicTime(Date.parse(headers['date']))));
  const signature = presigned ? at('signature') : members.get('Signature');
  if (!terminator || !service || !region || !date || !timestamp || !signature) return undefined;
  if (!/^\d{8}T\d{6}Z$/.test(timestamp) || list === '' || (scheme === AWS4 && list === undefined)) return undefined;
  const expires = at('expires');
  return {
    accessKeyId: scope.join('/'),
    date,
    region,
    service,
    terminator,
    timestamp,
    signedHeaders: list?.split(';') ?? [],
    signature,
    token: presigned ? at('security-token') : headers[`${scheme.parameterPrefix}security-token`],
    expires: presigned ? Number(expires ?? NaN) : undefined,
  };
}

/** `YYYYMMDDTHHMMSSZ`. */
export function basicTime(milliseconds: number): string {
  if (Number.isNaN(milliseconds)) return '';
  return new Date(milliseconds).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

export function parseBasicTime(timestamp: string): number {
  return Date.parse(timestamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

function canonicalQuery(scheme: Scheme, head: RequestHead): string {
  return head.target.query.pairs
    .filter(([name]) => name.toLowerCase() !== `${scheme.parameterPrefix}signature`)
    .map(([name, value]) => {
      const encoded = percentEncode(name);
      return { encoded, pair: value ? `${encoded}=${percentEncode(value)}` : `${encoded}${scheme.emptyValue}` };
    })
    .sort((a, b) => (a.encoded < b.encoded ? -1 : a.encoded > b.encoded ? 1 : a.pair < b.pair ? -1 : 1))
    .map(({ pair }) => pair)
    .join('&');
}

/** The text both sides hash, in latin1 because header bytes are. */
export function canonicalRequest(scheme: Scheme, head: RequestHead, claim: Claim, payload: string): string {
  const { method, target, headers } = head;
  const decoded = decode(target.rawPath);
  const path =
    scheme === AWS4 || !target.virtualHosted ? decoded : `/${target.bucket}${decoded.startsWith('/') ? decoded : '/'}`;
  // OSS signs a bucket as `/bucket/`, however the request spells it.
  const uri = scheme === OSS4 && target.bucket !== undefined && target.key === undefined ? `/${target.bucket}/` : path;
  const names =
    scheme === AWS4
      ? claim.signedHeaders
      : Object.keys(headers).filter(
          (name) =>
            name.startsWith('x-oss-') ||
            name === 'content-type' ||
            name === 'content-md5' ||
            claim.signedHeaders.includes(name),
        );
  const valueOf = (name: string): string => {
    const value = (headers[name] ?? '').trim();
    return scheme === AWS4 ? value.replace(/\s+/g, ' ') : value;
  };
  const lines = [...names].sort().map((name) => `${name}:${valueOf(name)}\n`);
  return [
    method,
    percentEncode(uri, '/'),
    canonicalQuery(scheme, head),
    lines.join(''),
    claim.signedHeaders.join(';'),
    payload,
  ].join('\n');
}

const hmac = (key: Buffer | string, text: string): Buffer => createHmac('sha256', key).update(text).digest();

const keys = new Map<string, Buffer>();

/** A key serves a day, a region and a service, so it is kept. */
export function signingKey(scheme: Scheme, secret: string, claim: Claim): Buffer {
  const name = `${secret}\n${scopeOf(scheme, claim)}`;
  const known = keys.get(name);
  if (known) return known;
  if (keys.size > 64) keys.clear();
  const key = deriveKey(scheme, secret, claim);
  keys.set(name, key);
  return key;
}

function deriveKey(scheme: Scheme, secret: string, claim: Claim): Buffer {
  const parts = [claim.date, claim.region, claim.service, scheme.terminator];
  return parts.reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(scheme.keyPrefix + secret));
}

export function scopeOf(scheme: Scheme, claim: Claim): string {
  return `${claim.date}/${claim.region}/${claim.service}/${scheme.terminator}`;
}

export function stringToSign(scheme: Scheme, claim: Claim, canonical: string): string {
  const hash = createHash('sha256').update(Buffer.from(canonical, 'latin1')).digest('hex');
  return [scheme.algorithm, claim.timestamp, scopeOf(scheme, claim), hash].join('\n');
}

export function signV4(key: Buffer, text: string): string {
  return hmac(key, text).toString('hex');
}
