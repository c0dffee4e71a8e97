/**
 * A loopback proxy in front of a real server: it records every request, and lets a test step in between (to wait, to
 * change something on the server, to answer by itself, or to lose the answer). Signed requests pass unharmed, for the
 * client signs the proxy's address and the proxy hands on what it got.
 */
import {
  Agent,
  createServer,
  request as send,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';

/** One request that came through. */
export interface Passed {
  method: string;
  /** Path and query as they were sent. */
  url: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  /** Of the answer the client got; absent while there is none. */
  status?: number;
}

export type Fault =
  /** Answer instead of the server, which never sees the request. */
  | { kind: 'answer'; status: number; headers?: OutgoingHttpHeaders; body?: string }
  /** Let the server do its work, then close the connection instead of handing on its answer. */
  | { kind: 'lose-answer' };

export interface Proxy {
  url: string;
  /** In order of arrival. */
  passed: Passed[];
  /** Asked before a request is handed on, which waits for the promise. */
  intervene: (request: Passed) => Promise<Fault | undefined | void>;
  close(): Promise<void>;
}

/** True for an UploadPartCopy. */
export function isPartCopy({ method, query, headers }: Passed): boolean {
  return method === 'PUT' && query.has('uploadId') && 'x-amz-copy-source' in headers;
}

/** @param upstream base URL of the server, `http` only */
export async function startProxy(upstream: string): Promise<Proxy> {
  const { hostname, port } = new URL(upstream);
  const server = createServer((incoming, outgoing) => {
    const [, query = ''] = (incoming.url ?? '/').split('?');
    const request: Passed = {
      method: incoming.method ?? 'GET',
      url: incoming.url ?? '/',
      query: new URLSearchParams(query),
      headers: incoming.headers,
    };
    proxy.passed.push(request);
    proxy.intervene(request).then(
      (fault) => {
        if (fault?.kind === 'answer') answer(request, incoming, outgoing, fault);
        else pass(request, incoming, outgoing, fault?.kind === 'lose-answer');
      },
      () => outgoing.destroy(),
    );
  });
  const pass = (request: Passed, incoming: IncomingMessage, outgoing: ServerResponse, lose: boolean): void => {
    const { method, url: path } = request;
    const agent = new Agent({ keepAlive: false });
    const inner = send({ hostname, port, method, path, agent, headers: incoming.headers, setHost: false }, (reply) => {
      if (lose) {
        reply.resume().once('end', () => outgoing.destroy());
        return;
      }
      request.status = reply.statusCode;
      outgoing.writeHead(reply.statusCode ?? 502, reply.rawHeaders);
      // Swift sends the end of a body that HEAD does not have: an error of the connection, but not of the answer.
      if (method === 'HEAD') outgoing.end();
      else pipeline(reply, outgoing, () => {});
    });
    inner.once('error', () => outgoing.headersSent || outgoing.destroy());
    // A killed client must not leave its request running at the server: that is what a real connection would do, too.
    outgoing.once('close', () => inner.destroy());
    incoming.pipe(inner);
  };
  const proxy: Proxy = {
    url: '',
    passed: [],
    intervene: () => Promise.resolve(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return proxy;
}

function answer(
  request: Passed,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { status, headers, body }: Extract<Fault, { kind: 'answer' }>,
): void {
  request.status = status;
  incoming.resume();
  outgoing.writeHead(status, headers);
  outgoing.end(body);
}
