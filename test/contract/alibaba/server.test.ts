/** The server of the custom runtime, asked as Function Compute asks it: over HTTP, several at once. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startServer } from '../../../lib/runtime/alibaba/server.ts';
import type { PlatformContext } from '../../../lib/runtime/middleware/context.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

type Handler = (event: never, context: PlatformContext) => Promise<unknown>;

async function serve(handler: Handler) {
  const lines: string[] = [];
  server = await startServer({
    handler: handler as never,
    port: 0,
    host: '127.0.0.1',
    timeoutSeconds: 77,
    write: (line) => void lines.push(line),
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const invoke = async (body: string, headers: Record<string, string> = {}, path = '/invoke') =>
    await fetch(url + path, { method: 'POST', body, headers: { 'x-fc-control-path': path, ...headers } });
  return { lines, url, port, invoke };
}

const keysOf = (n: number) => ({
  'x-fc-access-key-id': `id${n}`,
  'x-fc-access-key-secret': `secret${n}`,
  'x-fc-security-token': `token${n}`,
});

describe('an event', () => {
  it('reaches the handler as its bytes, with what the headers tell', async () => {
    const { invoke, lines } = await serve(async (event: Buffer, context) => ({
      bytes: Buffer.isBuffer(event),
      text: event.toString(),
      ...context,
      left: context.getRemainingTimeInMillis?.(),
    }));
    const headers = { 'x-fc-request-id': 'r1', 'x-fc-function-timeout': '30', 'x-fc-retry-count': '2', ...keysOf(1) };
    const answer = await invoke('{"ä":1}', headers);
    expect([answer.status, answer.headers.get('x-fc-status')]).toEqual([200, null]);
    const told = (await answer.json()) as { left: number };
    expect(told).toMatchObject({
      bytes: true,
      text: '{"ä":1}',
      requestId: 'r1',
      retryCount: 2,
      function: { timeout: 30 },
      credentials: { accessKeyId: 'id1', accessKeySecret: 'secret1', securityToken: 'token1' },
    });
    expect(told.left).toBeLessThanOrEqual(30_000);
    expect(told.left).toBeGreaterThan(0);
    expect(lines).toEqual(['FC Invoke Start RequestId: r1', 'FC Invoke End RequestId: r1']);
  });

  it('has the timeout of the settings and counts as the first, where no header tells', async () => {
    const { invoke } = await serve(async (_event, context) => context);
    const told = await (await invoke('')).json();
    expect(told).toMatchObject({ function: { timeout: 77 }, retryCount: 0 });
    expect(await (await invoke('', { 'x-fc-function-timeout': '0', 'x-fc-retry-count': 'x' })).json()).toEqual(told);
  });

  it('that fails is answered 404 in status and header, with the name of the error and no stack', async () => {
    const { invoke } = await serve(async () => Promise.reject(new TypeError('no')));
    const answer = await invoke('{}');
    expect([answer.status, answer.headers.get('x-fc-status')]).toEqual([404, '404']);
    expect(await answer.json()).toEqual({ errorType: 'TypeError', errorMessage: 'no' });
  });

  it('of any size is read whole', async () => {
    const { invoke } = await serve(async (event: Buffer) => event.length);
    expect(await (await invoke('x'.repeat(17 * 1024 * 1024))).json()).toBe(17 * 1024 * 1024);
  });

  it('keeps its own credentials, request and time while others are under way (I12)', async () => {
    const waiting: (() => void)[] = [];
    const { invoke } = await serve(async (event: Buffer, context) => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return { event: event.toString(), id: context.requestId, key: context.credentials?.accessKeyId };
    });
    const answers = [1, 2, 3, 4, 5].map(async (n) =>
      (await invoke(`event ${n}`, { 'x-fc-request-id': `r${n}`, ...keysOf(n) })).json(),
    );
    await expect.poll(() => waiting.length).toBe(5);
    for (const go of waiting.reverse()) go();
    expect(await Promise.all(answers)).toEqual(
      [1, 2, 3, 4, 5].map((n) => ({ event: `event ${n}`, id: `r${n}`, key: `id${n}` })),
    );
  });
});

describe('the life of an instance', () => {
  it('begins and ends with a yes', async () => {
    const { invoke } = await serve(async () => Promise.reject(new Error('not asked')));
    for (const path of ['/initialize', '/pre-stop']) expect((await invoke('', {}, path)).status).toBe(200);
  });

  it('is cut off by no limit of the server', async () => {
    await serve(async () => 'ok');
    const limits = server as unknown as Record<string, number>;
    for (const name of ['requestTimeout', 'headersTimeout', 'keepAliveTimeout', 'timeout']) {
      expect(limits[name], name).toBe(0);
    }
  });

  it('goes on when the platform hangs up during an invocation', async () => {
    const { invoke, port } = await serve(async (event: Buffer) => event.toString());
    const socket = connect(port, '127.0.0.1');
    socket.resume().end('POST /invoke HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc');
    await once(socket, 'close');
    expect(await (await invoke('next')).json()).toBe('next');
  });
});

describe('the request of a client', () => {
  const echo: Handler = async (event: { headers: object; body: string }) => ({
    statusCode: 201,
    headers: { 'content-type': 'text/plain', 'x-b': 'b' },
    body: JSON.stringify({ ...event, body: Buffer.from(event.body, 'base64').toString() }),
  });
  const web = {
    'x-fc-control-path': '/http-invoke',
    ...keysOf(1),
    'x-fc-request-id': 'r1',
    'x-fc-client-ip': '1.2.3.4',
  };

  /** As it is written: fetch would put the path in order. */
  async function send(port: number, path: string, headers: Record<string, string> = {}) {
    const sent = httpRequest({ port, host: '127.0.0.1', path, method: 'PUT', headers: { ...web, ...headers } });
    sent.end('ä');
    const [answer] = await once(sent, 'response');
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk);
    return { status: answer.statusCode, headers: answer.headers, body: JSON.parse(Buffer.concat(chunks).toString()) };
  }

  it.each(['/v1/copies/a%2Fb?c=%2B&c=2&d', '/invoke?x=1', '/initialize', '//x/../y', '/'])(
    'reaches the API as it came: %s',
    async (path) => {
      const { port } = await serve(echo);
      const { status, headers, body } = await send(port, path, { 'X-A': '1' });
      expect([status, headers['x-b']]).toEqual([201, 'b']);
      const [rawPath, rawQueryString = ''] = path.split('?');
      expect(body).toMatchObject({ version: '2.0', rawPath, rawQueryString, headers: { 'x-a': '1' }, body: 'ä' });
      expect(body.requestContext.http).toEqual({ method: 'PUT', path: rawPath, sourceIp: '1.2.3.4' });
    },
  );

  it('does not carry the credentials of the role into the API (I11)', async () => {
    const { port } = await serve(echo);
    const { body } = await send(port, '/');
    expect(JSON.stringify(body)).not.toMatch(/secret1|token1|x-fc-/);
  });

  it('is not told why the function failed', async () => {
    const { port } = await serve(async () => Promise.reject(new Error('database password')));
    const { status, headers, body } = await send(port, '/');
    expect([status, headers['x-fc-status']]).toEqual([500, '404']);
    expect(body).toEqual({ message: 'Internal Server Error', request: 'r1' });
  });

  it('may have no body larger than the API reads', async () => {
    const { url } = await serve(echo);
    const answer = await fetch(url, { method: 'POST', body: 'x'.repeat(17 * 1024 * 1024), headers: web });
    expect(answer.status).toBe(413);
  });
});
