import { createHash, createHmac } from 'node:crypto';

export interface TablestoreCredentials {
  accessKeyId: string;
  accessKeySecret: string;
  securityToken?: string;
}

/**
 * Headers of a request, signed: HMAC-SHA1 over path, method and the sorted `x-ots-` headers, of which one holds the body's MD5.
 * @param at epoch milliseconds; the service refuses a request whose time is 15 minutes off
 */
export function signedHeaders(
  path: string,
  body: Uint8Array,
  { instance, credentials, at }: { instance: string; credentials: TablestoreCredentials; at: number },
): Record<string, string> {
  const headers: Record<string, string> = {
    'x-ots-accesskeyid': credentials.accessKeyId,
    'x-ots-apiversion': '2015-12-31',
    'x-ots-contentmd5': md5(body),
    'x-ots-date': new Date(at).toISOString(),
    'x-ots-instancename': instance,
    ...(credentials.securityToken && { 'x-ots-ststoken': credentials.securityToken }),
  };
  const lines = Object.keys(headers)
    .sort()
    .map((name) => `${name}:${headers[name]}\n`);
  const text = `${path}\nPOST\n\n${lines.join('')}`;
  headers['x-ots-signature'] = createHmac('sha1', credentials.accessKeySecret).update(text).digest('base64');
  return headers;
}

export function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('base64');
}
