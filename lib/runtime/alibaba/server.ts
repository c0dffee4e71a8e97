/**
 * Function Compute's contract for custom runtimes: an HTTP server in the function's own process. Several invocations may be under
 * way at once; what belongs to one of them lives in its own request (I12).
 */
import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { HttpEventAnswer } from '../../api/http/gateway-event.ts';
import type { PlatformContext } from '../middleware/context.ts';
import { askedBy, contextOf, httpEventOf } from './request.ts';

export interface ServerOptions {
  handler(event: unknown, context: PlatformContext): Promise<unknown>;
  /** 0: any free port. */
  port: number;
  host?: string;
  /** Of the function, where a request does not tell it. */
  timeoutSeconds: number;
  /** Gets the lines that mark an invocation's log, without their ends. */
  write?(line: string): void;
}

/** How the platform hears that an invocation failed: by the status and by this header. */
const failed = { 'x-fc-status': '404' };
/** Largest body of a client's request; the platform lets 32 MiB pass, and the API needs far less. */
const largestBody = 16 * 1024 * 1024;

/** Listens; none of the server's own limits cuts an invocation off: the platform has one for each. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const server = createServer((request, response) => {
    answer(options, request, response).catch(() => response.destroy());
  });
  Object.assign(server, { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0, timeout: 0 });
  server.listen(options.port, options.host ?? '0.0.0.0');
  await once(server, 'listening');
  return server;
}

async function answer(options: ServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const receivedAt = Date.now();
  const { url = '/', headers } = request;
  const asked = askedBy(url, headers);
  if (asked === 'initialize' || asked === 'pre-stop') {
    // The handler was loaded before the server listened, and nothing outlives an invocation that would have to be saved.
    request.resume();
    response.writeHead(200).end();
    return;
  }
  const context = contextOf(headers, receivedAt, options.timeoutSeconds);
  const mark = (what: string) => options.write?.(`FC Invoke ${what} RequestId: ${context.requestId ?? ''}`);
  mark('Start');
  try {
    if (asked === 'http') await answerClient(options, request, response, context);
    else await answerEvent(options, request, response, context);
  } finally {
    mark('End');
  }
}

async function answerEvent(
  { handler }: ServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  context: PlatformContext,
): Promise<void> {
  const event = await bodyOf(request, Infinity);
  try {
    sendJson(response, 200, (await handler(event, context)) ?? null);
  } catch (error) {
    sendJson(response, 404, failureOf(error), failed);
  }
}

async function answerClient(
  { handler }: ServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  context: PlatformContext,
): Promise<void> {
  const { method = 'GET', url = '/', headers } = request;
  const body = await bodyOf(request, largestBody);
  if (!body) {
    sendJson(response, 413, { message: `A body may have ${largestBody} bytes here.` }, { connection: 'close' });
    return;
  }
  try {
    const result = (await handler(httpEventOf(method, url, headers, body), context)) as HttpEventAnswer;
    response.writeHead(result.statusCode, result.headers).end(result.body);
  } catch {
    // What went wrong stands in the log; a stranger is not told.
    sendJson(response, 500, { message: 'Internal Server Error', request: context.requestId }, failed);
  }
}

/** Undefined for a body above the limit; what is left of it is not read. */
async function bodyOf(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length;
    if (size > limit) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function failureOf(error: unknown): object {
  const isError = error instanceof Error;
  return { errorType: isError ? error.name : 'Error', errorMessage: isError ? error.message : String(error) };
}

function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}
