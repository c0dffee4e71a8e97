/** An HTTP trigger: the client's request goes to the function as it is, and the function's answer back. */
import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { FcFunction } from './function.ts';

export async function startFront(fc: () => FcFunction): Promise<Server> {
  const server = createServer((request, response) => {
    answer(fc(), request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function answer(fc: FcFunction, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { method = 'GET', url = '/', headers } = request;
  const own = Object.entries(headers)
    .filter(([name]) => !['connection', 'transfer-encoding', 'content-length'].includes(name))
    .map(([name, value]) => [name, [value].flat().join(', ')]);
  const body = Buffer.concat(chunks);
  const length = body.length > 0 ? { 'content-length': String(body.length) } : {};
  const call = { method, path: url, headers: { ...Object.fromEntries(own), ...length }, body };
  const outcome = await fc.pass(call);
  if (!outcome) response.writeHead(429).end('{"Code":"ResourceExhausted"}');
  else if ('failed' in outcome) response.writeHead(502).end(JSON.stringify({ Code: outcome.failed }));
  else response.writeHead(outcome.status, outcome.headers).end(outcome.body);
}
