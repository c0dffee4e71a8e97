import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { post } from '../../../lib/api/callbacks/post.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.closeAllConnections();
});

async function listen(answer: RequestListener): Promise<number> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return (server.address() as AddressInfo).port;
}

const message = { headers: { 'content-type': 'text/plain' }, body: 'hé' };

describe('post', () => {
  it('connects to the address that was checked, whatever the name means now', async () => {
    let heard: unknown;
    const port = await listen((request, response) => {
      request.on('data', (chunk: Buffer) => {
        heard = { host: request.headers.host, method: request.method, body: chunk.toString() };
      });
      request.on('end', () => response.writeHead(204).end());
    });
    // No name server knows this name.
    const url = new URL(`http://hooks.invalid:${port}/x`);
    expect(await post({ url, addresses: ['127.0.0.1'], ...message })).toEqual({ status: 204, retryAfter: undefined });
    expect(heard).toEqual({ host: `hooks.invalid:${port}`, method: 'POST', body: 'hé' });
  });

  it('follows no redirect', async () => {
    let asked = 0;
    const port = await listen((_request, response) => {
      asked += 1;
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    const url = new URL(`http://127.0.0.1:${port}/`);
    expect(await post({ url, addresses: [], ...message })).toMatchObject({ status: 307 });
    expect(asked).toBe(1);
  });

  it('reads no endless answer', async () => {
    let cut = () => {};
    const isCut = new Promise<void>((resolve) => (cut = resolve));
    const port = await listen((_request, response) => {
      response.writeHead(200, { 'retry-after': '5' });
      const more = () => void response.write(Buffer.alloc(16 * 1024), more);
      response.on('close', cut).on('error', () => undefined);
      more();
    });
    const url = new URL(`http://127.0.0.1:${port}/`);
    expect(await post({ url, addresses: [], ...message })).toEqual({ status: 200, retryAfter: '5' });
    await isCut;
  });

  it('says when no receiver listens', async () => {
    const port = await listen(() => undefined);
    for (const server of servers.splice(0)) server.close();
    const url = new URL(`http://127.0.0.1:${port}/`);
    await expect(post({ url, addresses: [], ...message })).rejects.toThrow('ECONNREFUSED');
  });
});
