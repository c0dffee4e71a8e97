/** An HTTP API in front of a function: payload format 2.0, and the gateway's own answers when the function fails. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Outcome } from './environment.ts';

export interface HttpFront {
  url: string;
  close(): Promise<void>;
}

export async function openHttpFront(invoke: (event: unknown) => Promise<Outcome>): Promise<HttpFront> {
  const server = createServer((request, response) => {
    answer(request, response, invoke).catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  invoke: (event: unknown) => Promise<Outcome>,
): Promise<void> {
  const outcome = await invoke(await eventOf(request));
  if ('failed' in outcome) {
    const status = outcome.failed === 'timeout' ? 503 : 500;
    const message = status === 503 ? 'Service Unavailable' : 'Internal Server Error';
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ message }));
    return;
  }
  const { statusCode, headers, body, isBase64Encoded } = outcome.answer as {
    statusCode: number;
    headers?: Record<string, string>;
    body?: string;
    isBase64Encoded?: boolean;
  };
  response.writeHead(statusCode, headers).end(Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8'));
}

/** The event of an HTTP API: headers in lower case, repeated ones joined by commas, a body of text as text. */
async function eventOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const url = new URL(request.url ?? '/', 'http://api');
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, [value].flat().join(',')]),
  );
  const http = { method: request.method, path: url.pathname, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' };
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    headers,
    requestContext: { http, stage: '$default', timeEpoch: Date.now() },
    ...(chunks.length > 0 && { body: Buffer.concat(chunks).toString('utf8') }),
    isBase64Encoded: false,
  };
}
