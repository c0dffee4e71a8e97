import { createHash, createHmac } from 'node:crypto';

/** Of a function's role, or of a user; an empty token counts as none. */
export interface Keys {
  accessKeyId: string;
  accessKeySecret: string;
  securityToken?: string;
}

export interface ApiCall {
  method: 'GET' | 'POST';
  /** With host, path and query as they are sent. */
  url: URL;
  /** Name and version of the operation in the service's API. */
  action: string;
  version: string;
  body: string;
  contentType: string;
  keys: Keys;
  /** Epoch milliseconds. */
  now: number;
  /** Different in each request. */
  nonce: string;
}

const algorithm = 'ACS3-HMAC-SHA256';

/**
 * The headers of a call of Alibaba Cloud's OpenAPI, its signature among them
 * (www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature). Other headers may be added: only
 * host, content-type and `x-acs-` are signed.
 */
export function signedHeaders(call: ApiCall): Record<string, string> {
  const { url, action, version, body, contentType, keys, now, nonce } = call;
  const headers: Record<string, string> = {
    'content-type': contentType,
    'x-acs-action': action,
    'x-acs-content-sha256': sha256(body),
    'x-acs-date': new Date(now).toISOString().replace(/\.\d+/, ''),
    'x-acs-signature-nonce': nonce,
    'x-acs-version': version,
    ...(keys.securityToken && { 'x-acs-security-token': keys.securityToken }),
  };
  return { ...headers, authorization: authorization(call, { ...headers, host: url.host }) };
}

/** The Authorization header over these headers, of which those are signed that must be. */
export function authorization(
  { method, url, body, keys }: Pick<ApiCall, 'method' | 'url' | 'body' | 'keys'>,
  headers: Readonly<Record<string, string>>,
): string {
  const names = Object.keys(headers).filter((name) => /^(?:host|content-type|x-acs-.*)$/.test(name));
  names.sort();
  const query = [...url.searchParams].map(([name, value]) => `${encoded(name)}=${encoded(value)}`).sort();
  const canonical = [
    method,
    url.pathname,
    query.join('&'),
    ...names.map((name) => `${name}:${headers[name]?.trim()}`),
    '',
    names.join(';'),
    sha256(body),
  ].join('\n');
  const signature = createHmac('sha256', keys.accessKeySecret)
    .update(`${algorithm}\n${sha256(canonical)}`)
    .digest('hex');
  return `${algorithm} Credential=${keys.accessKeyId},SignedHeaders=${names.join(';')},Signature=${signature}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** RFC 3986: everything but letters, digits and `-_.~`. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
