import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';

/** Answer of a receiver; its body is of no interest. */
export interface PostAnswer {
  status: number;
  retryAfter?: string;
}

export interface Post {
  url: URL;
  /** Where to connect, already checked; the name is not looked up again, so it cannot change its mind in between. */
  addresses: string[];
  headers: Record<string, string>;
  body: string;
}

/** Sends one POST. @throws Error when no answer came. */
export type Send = (post: Post) => Promise<PostAnswer>;

/** From connecting to the end of the answer, milliseconds. */
const timeoutMs = 15_000;

/** Answers are read to their end only up to this size, bytes. */
const maxAnswerBytes = 64 * 1024;

/** Follows no redirect, uses no proxy and no kept connection. */
export const post: Send = ({ url, addresses, headers, body }) =>
  new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const request = send(url, {
      method: 'POST',
      agent: false,
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      signal: AbortSignal.timeout(timeoutMs),
      lookup: (_host, options, callback) => {
        const found = addresses.map((address) => ({ address, family: isIP(address) }));
        if (options.all) callback(null, found);
        else callback(null, found[0]?.address ?? '', found[0]?.family);
      },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxAnswerBytes) response.destroy();
      });
      // The status has arrived by now; a body that breaks off changes nothing about it.
      response.on('error', () => undefined);
      response.on('close', () =>
        resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] }),
      );
    });
    request.end(body);
  });
