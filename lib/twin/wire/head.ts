/** The part of a request that comes before its body. */
import type { IncomingMessage } from 'node:http';
import { OSS, S3, type Dialect } from '../dialect.ts';
import type { Target } from './target.ts';

export interface RequestHead {
  method: string;
  target: Target;
  /** Names in lower case; values byte for byte in latin1, as Node reads them. */
  headers: Readonly<Record<string, string>>;
  host: string;
}

export function headersOf(message: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(',') : value;
  }
  return headers;
}

/** By the signature, or, where there is none, by what the headers and the host name look like. */
export function dialectOf({ headers, target, host }: RequestHead): Dialect {
  const authorization = headers['authorization'] ?? '';
  if (authorization.startsWith('AWS4-')) return S3;
  if (/^OSS4?[ -]/.test(authorization)) return OSS;
  const named = (pattern: RegExp): boolean =>
    target.query.pairs.some(([name]) => pattern.test(name)) || Object.keys(headers).some((name) => pattern.test(name));
  if (named(/^x-amz-/i)) return S3;
  if (named(/^(x-oss-|ossaccesskeyid$)/i)) return OSS;
  return /(^|\.)oss-/.test(host) ? OSS : S3;
}
