/**
 * Signed requests to a store, byte for byte. It shares no code with the client under test, so what one of them gets wrong
 * the other shows.
 */
import { createHash, createHmac } from 'node:crypto';
import { request } from 'node:http';

export interface Server {
  scheme: 'oss' | 's3';
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

export interface Ask {
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  bucket: string;
  key?: string;
  query?: Record<string, string>;
  /** Any text; it travels as UTF-8. */
  headers?: Record<string, string>;
  body?: Buffer | string;
}

export interface Answer {
  status: number;
  /** Names in lower case, values decoded as UTF-8. */
  headers: Record<string, string>;
  body: Buffer;
}

/** What the two signature schemes do not share. */
const schemes = {
  s3: {
    algorithm: 'AWS4-HMAC-SHA256',
    secret: 'AWS4',
    service: 's3',
    end: 'aws4_request',
    prefix: 'x-amz-',
    bare: '=',
  },
  oss: {
    ...{ algorithm: 'OSS4-HMAC-SHA256', secret: 'aliyun_v4', service: 'oss', end: 'aliyun_v4_request' },
    ...{ prefix: 'x-oss-', bare: '' },
  },
};

/** The bytes are compared afterwards; no signature needs to promise them. */
const payload = 'UNSIGNED-PAYLOAD';

const toWire = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const fromWire = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');
const hex = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const hmac = (key: Buffer | string, text: string): Buffer => createHmac('sha256', key).update(text).digest();

function percent(text: string, keepSlash = false): string {
  const encoded = encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return keepSlash ? encoded.replaceAll('%2F', '/') : encoded;
}

/** Sends one request. @throws Error with the answer's text for any status but 2xx. */
export async function ask(server: Server, wanted: Ask): Promise<Answer> {
  const { method, bucket, key, query = {}, body = '' } = wanted;
  const scheme = schemes[server.scheme];
  const bytes = Buffer.from(body);
  const url = new URL(server.endpoint);
  const path = percent(
    key === undefined ? `/${bucket}${server.scheme === 'oss' ? '/' : ''}` : `/${bucket}/${key}`,
    true,
  );
  const pairs = Object.entries(query)
    .map(([name, value]) => percent(name) + (value === '' ? scheme.bare : `=${percent(value)}`))
    .sort();
  const time = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const headers: Record<string, string> = { host: url.host, [`${scheme.prefix}date`]: time };
  headers[`${scheme.prefix}content-sha256`] = payload;
  for (const [name, value] of Object.entries(wanted.headers ?? {})) headers[name.toLowerCase()] = toWire(value);

  const ossSigns = (name: string): boolean => /^(x-oss-|content-type$|content-md5$)/.test(name);
  const signed = Object.keys(headers).filter((name) => server.scheme === 's3' || ossSigns(name));
  signed.sort();
  const lines = signed.map((name) => {
    const value = (headers[name] ?? '').trim();
    return `${name}:${server.scheme === 's3' ? value.replace(/ +/g, ' ') : value}\n`;
  });
  const listed = server.scheme === 's3' ? signed.join(';') : '';
  const canonical = [method, path, pairs.join('&'), lines.join(''), listed, payload].join('\n');
  const scope = [time.slice(0, 8), server.region, scheme.service, scheme.end];
  const toSign = [scheme.algorithm, time, scope.join('/'), hex(Buffer.from(canonical, 'latin1'))].join('\n');
  const signingKey = scope.reduce<Buffer | string>(
    (all, part) => hmac(all, part),
    scheme.secret + server.secretAccessKey,
  );
  const signature = hmac(signingKey, toSign).toString('hex');
  const names = listed === '' ? '' : `SignedHeaders=${listed},`;
  headers['authorization'] =
    `${scheme.algorithm} Credential=${server.accessKeyId}/${scope.join('/')},${names}Signature=${signature}`;
  headers['content-length'] = String(bytes.length);

  const answer = await send(url, method, path + (pairs.length > 0 ? `?${pairs.join('&')}` : ''), headers, bytes);
  if (answer.status >= 200 && answer.status < 300) return answer;
  const text = answer.body.toString('utf8').slice(0, 500);
  throw new Error(`${method} ${bucket}/${key ?? ''} ${JSON.stringify(query)}: ${answer.status} ${text}`);
}

function send(url: URL, method: string, path: string, headers: Record<string, string>, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: url.hostname, port: url.port, method, path, headers }, (message) => {
      const chunks: Buffer[] = [];
      message.on('data', (chunk: Buffer) => chunks.push(chunk));
      message.on('error', reject);
      message.on('end', () => {
        const pairs = Object.entries(message.headers).map(([name, value]) => [name, fromWire(String(value))] as const);
        resolve({ status: message.statusCode ?? 0, headers: Object.fromEntries(pairs), body: Buffer.concat(chunks) });
      });
    });
    sent.on('error', reject);
    // Node rewrites the bytes of Content-Disposition where the body comes with the end.
    if (body.length > 0) sent.write(body);
    sent.end();
  });
}

/** The texts of all elements of that name in a document, entities resolved. */
export function elements(document: string | Buffer, name: string): string[] {
  const found = String(document).matchAll(new RegExp(`<${name}(?: [^>]*)?(?:/>|>([^<]*)</${name}>)`, 'g'));
  return [...found].map(([, text = '']) => unescaped(text));
}

const entities: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

function unescaped(text: string): string {
  return text.replace(/&(?:#(x?)([0-9a-f]+)|(\w+));/gi, (all, hexadecimal, code: string, name: string) =>
    name ? (entities[name] ?? all) : String.fromCodePoint(parseInt(code, hexadecimal ? 16 : 10)),
  );
}
