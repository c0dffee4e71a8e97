/** Single requests to the twin, signed by the vendors' own code, for cases no SDK method reaches. */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { createRequire } from 'node:module';
import { SignatureV4 } from '@smithy/signature-v4';
import { request } from 'undici';
import type { Twin } from '../../../lib/twin/start.ts';

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
  /** Text of the first element of that name in the body. */
  xml(name: string): string | undefined;
}

export interface Ask {
  method: string;
  bucket?: string;
  key?: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** Milliseconds the client's clock is wrong by. */
  skewMs?: number;
  accessKeyId?: string;
  secretAccessKey?: string;
  sessionToken?: string;
  region?: string;
}

interface AliSigner {
  authorizationV4(
    accessKeyId: string,
    secret: string,
    region: string,
    method: string,
    request: { headers: Record<string, string>; queries: Record<string, string | null> },
    bucket?: string,
    key?: string,
    additionalHeaders?: string[],
  ): string;
}

const ali = createRequire(import.meta.url)('ali-oss/lib/common/signUtils.js') as AliSigner;

const encodePath = (path: string): string =>
  encodeURIComponent(path)
    .replaceAll('%2F', '/')
    .replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);

function pathOf(ask: Ask): string {
  return ask.bucket === undefined ? '/' : encodePath(`/${ask.bucket}/${ask.key ?? ''}`);
}

function urlOf(twin: Twin, ask: Ask): string {
  const pairs = Object.entries(ask.query ?? {}).map(([name, value]) =>
    value === '' ? encodeURIComponent(name) : `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  );
  return `${twin.url}${pathOf(ask)}${pairs.length > 0 ? `?${pairs.join('&')}` : ''}`;
}

async function send(url: string, ask: Ask, headers: Record<string, string>): Promise<Answer> {
  const method = ask.method as 'GET';
  const response = await request(url, { method, headers, ...(ask.body !== undefined && { body: ask.body }) });
  const body = await response.body.text();
  return {
    status: response.statusCode,
    headers: response.headers as Record<string, string>,
    body,
    xml: (name) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(body)?.[1],
  };
}

export async function unsigned(twin: Twin, ask: Ask): Promise<Answer> {
  return send(urlOf(twin, ask), ask, ask.headers ?? {});
}

function basicTime(ask: Ask): Date {
  return new Date(Date.now() + (ask.skewMs ?? 0));
}

export async function oss(twin: Twin, ask: Ask): Promise<Answer> {
  const headers: Record<string, string> = {
    'x-oss-date': basicTime(ask)
      .toISOString()
      .replace(/[-:]|\.\d{3}/g, ''),
    'x-oss-content-sha256': 'UNSIGNED-PAYLOAD',
    ...(ask.sessionToken !== undefined && { 'x-oss-security-token': ask.sessionToken }),
    ...ask.headers,
  };
  const queries = Object.fromEntries(Object.entries(ask.query ?? {}).map(([name, value]) => [name, value || null]));
  const authorization = ali.authorizationV4(
    ask.accessKeyId ?? twin.accessKeyId,
    ask.secretAccessKey ?? twin.secretAccessKey,
    ask.region ?? 'cn-hangzhou',
    ask.method,
    { headers, queries },
    ask.bucket,
    ask.key,
  );
  return send(urlOf(twin, ask), ask, { ...headers, authorization });
}

/** SHA-256 and its HMAC, as the signer of the AWS SDK asks for them. */
export class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    const key = typeof secret === 'string' || secret === undefined ? secret : Buffer.from(secret as Uint8Array);
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', key);
  }

  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {}
}

function signer(twin: Twin, ask: Ask): SignatureV4 {
  return new SignatureV4({
    service: 's3',
    region: ask.region ?? 'us-east-1',
    credentials: {
      accessKeyId: ask.accessKeyId ?? twin.accessKeyId,
      secretAccessKey: ask.secretAccessKey ?? twin.secretAccessKey,
      ...(ask.sessionToken !== undefined && { sessionToken: ask.sessionToken }),
    },
    sha256: Sha256,
    uriEscapePath: false,
  });
}

function unsignedRequest(twin: Twin, ask: Ask) {
  const url = new URL(twin.url);
  return {
    method: ask.method,
    protocol: 'http:',
    hostname: url.hostname,
    port: Number(url.port),
    path: pathOf(ask),
    query: ask.query ?? {},
    headers: { host: url.host, ...ask.headers },
    body: ask.body ?? '',
  };
}

export async function s3(twin: Twin, ask: Ask): Promise<Answer> {
  const signed = await signer(twin, ask).sign(unsignedRequest(twin, ask), { signingDate: basicTime(ask) });
  return send(urlOf(twin, ask), ask, signed.headers);
}

/** A presigned request, sent `laterMs` after it was signed as the client's clock sees it. */
export async function s3Presigned(twin: Twin, ask: Ask, expiresIn: number): Promise<Answer> {
  const options = { expiresIn, signingDate: basicTime(ask) };
  // As the SDK's own presigner does.
  const headers = { ...ask.headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
  const signed = await signer(twin, ask).presign(unsignedRequest(twin, { ...ask, headers }), options);
  const query = Object.fromEntries(Object.entries(signed.query ?? {}).map(([name, value]) => [name, String(value)]));
  return send(urlOf(twin, { ...ask, query }), ask, ask.headers ?? {});
}

export type Send = typeof oss;

/** Both dialects with the start of their headers, for tests of rules they share. */
export const BOTH = [
  { name: 'oss' as const, send: oss, prefix: 'x-oss-' },
  { name: 's3' as const, send: s3, prefix: 'x-amz-' },
];
