import { createHash, createHmac } from 'node:crypto';
import type { Query } from '../wire/encode.ts';
import { percentEncode } from '../wire/encode.ts';
import type { Credentials } from './credentials.ts';

/**
 * What differs between the two V4 schemes. Sources: AWS "Signature Version 4 for S3"; Alibaba Cloud "V4 signature
 * (recommended)" and the signer of its Go SDK v2.
 */
export interface SignerConstants {
  algorithm: 'AWS4-HMAC-SHA256' | 'OSS4-HMAC-SHA256';
  /** Stands before the secret in the first step of the key chain. */
  secretPrefix: string;
  service: string;
  /** Last element of the credential scope. */
  terminator: string;
  headerPrefix: 'x-amz-' | 'x-oss-';
  /** Which headers are signed, and which of them are listed by name. */
  signs: 'every-header-and-lists-all' | 'defaults-and-lists-the-rest';
  /** What the canonical query writes after a name without value. */
  afterBareName: '=' | '';
  /** Inner runs of blanks in a header value become one. */
  collapsesBlanks: boolean;
  authorization: { namesField: string; separator: string };
  presign: {
    algorithm: string;
    credential: string;
    date: string;
    expires: string;
    names: string;
    token: string;
    signature: string;
  };
}

export interface Signable {
  method: string;
  /** Encoded path as it enters the signature. */
  canonicalUri: string;
  query: Query;
  /** Lower-case names, wire form (one character per byte). */
  headers: Readonly<Record<string, string>>;
  payloadHash: string;
  /** OSS only: headers to sign beyond the default ones. */
  additional?: readonly string[];
}

export const unsignedPayload = 'UNSIGNED-PAYLOAD';

export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** `YYYYMMDDTHHMMSSZ`. */
export function compactTime(time: number): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/** Signs requests of one client. Keeps the key of the last day, region and secret, which spares four of six HMACs. */
export class Signer {
  readonly #constants: SignerConstants;
  readonly #region: string;
  #cached: { secret: string; day: string; key: Buffer } | undefined;

  constructor(constants: SignerConstants, region: string) {
    this.#constants = constants;
    this.#region = region;
  }

  /** The given headers with date, session token and authorization added. `time` is epoch milliseconds. */
  sign(request: Signable, credentials: Credentials, time: number): Record<string, string> {
    const { algorithm, headerPrefix, authorization } = this.#constants;
    const date = compactTime(time);
    const headers: Record<string, string> = { ...request.headers, [`${headerPrefix}date`]: date };
    if (credentials.sessionToken) headers[`${headerPrefix}security-token`] = credentials.sessionToken;
    const { signature, names } = this.#signature({ ...request, headers }, credentials, date);
    const listed = names === '' ? [] : [`${authorization.namesField}=${names}`];
    const credential = `Credential=${credentials.accessKeyId}/${this.#scope(date)}`;
    const fields = [credential, ...listed, `Signature=${signature}`].join(authorization.separator);
    return { ...headers, authorization: `${algorithm} ${fields}` };
  }

  /** The query of a presigned URL, signature last. `expires` is seconds. */
  presign(request: Omit<Signable, 'payloadHash'>, credentials: Credentials, time: number, expires: number): Query {
    const { algorithm, presign } = this.#constants;
    const date = compactTime(time);
    const names = this.#names(request).listed;
    const query: [string, string | undefined][] = [
      ...request.query.map(([name, value]): [string, string | undefined] => [name, value]),
      [presign.algorithm, algorithm],
      [presign.credential, `${credentials.accessKeyId}/${this.#scope(date)}`],
      [presign.date, date],
      [presign.expires, String(expires)],
    ];
    if (names !== '') query.push([presign.names, names]);
    if (credentials.sessionToken) query.push([presign.token, credentials.sessionToken]);
    const { signature } = this.#signature({ ...request, query, payloadHash: unsignedPayload }, credentials, date);
    return [...query, [presign.signature, signature]];
  }

  /** Exposed for the published vectors, which give this intermediate text. */
  canonicalRequest(request: Signable, names = this.#names(request)): string {
    const { collapsesBlanks } = this.#constants;
    const headers = names.signed.map((name) => {
      const value = (request.headers[name] ?? '').trim();
      return `${name}:${collapsesBlanks ? value.replace(/ +/g, ' ') : value}\n`;
    });
    const { method, canonicalUri, query, payloadHash } = request;
    return [method, canonicalUri, this.#canonicalQuery(query), headers.join(''), names.listed, payloadHash].join('\n');
  }

  #signature(request: Signable, credentials: Credentials, date: string): { signature: string; names: string } {
    const names = this.#names(request);
    // Latin-1 turns the wire form of the headers into the very bytes that are sent.
    const hash = sha256Hex(Buffer.from(this.canonicalRequest(request, names), 'latin1'));
    const text = [this.#constants.algorithm, date, this.#scope(date), hash].join('\n');
    const key = this.#key(credentials.secretAccessKey, date.slice(0, 8));
    return { signature: hmac(key, text).toString('hex'), names: names.listed };
  }

  #canonicalQuery(query: Query): string {
    const { afterBareName } = this.#constants;
    return query
      .map(([name, value]): [string, string] => [percentEncode(name), percentEncode(value ?? '')])
      .sort(([a, x], [b, y]) => order(a, b) || order(x, y))
      .map(([name, value]) => (value === '' ? `${name}${afterBareName}` : `${name}=${value}`))
      .join('&');
  }

  /** The headers that are signed, and those of them that are listed by name. */
  #names({ headers, additional = [] }: Pick<Signable, 'headers' | 'additional'>): { signed: string[]; listed: string } {
    const { signs, headerPrefix } = this.#constants;
    const all = Object.keys(headers).sort(order);
    if (signs === 'every-header-and-lists-all') return { signed: all, listed: all.join(';') };
    const isDefault = (name: string) =>
      name.startsWith(headerPrefix) || name === 'content-type' || name === 'content-md5';
    const signed = all.filter((name) => isDefault(name) || additional.includes(name));
    return { signed, listed: signed.filter((name) => !isDefault(name)).join(';') };
  }

  #scope(date: string): string {
    const { service, terminator } = this.#constants;
    return `${date.slice(0, 8)}/${this.#region}/${service}/${terminator}`;
  }

  #key(secret: string, day: string): Buffer {
    if (this.#cached?.secret === secret && this.#cached.day === day) return this.#cached.key;
    const { secretPrefix, service, terminator } = this.#constants;
    const key = [day, this.#region, service, terminator].reduce<Buffer>(
      (link, text) => hmac(link, text),
      Buffer.from(secretPrefix + secret),
    );
    this.#cached = { secret, day, key };
    return key;
  }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** Byte order: encoded names and header names are ASCII. */
function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
