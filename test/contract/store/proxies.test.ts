import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { readNetwork } from '../../../lib/profiles/network.ts';
import { openAgent, send } from '../../../lib/store/http/connection.ts';

/** A server that answers with its own name. */
async function named(host: string, name: string): Promise<number> {
  const server = createServer((_request, answer) => answer.end(name));
  await new Promise<void>((done) => server.listen(0, host, done));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

it.each([
  ['goes by the proxy', '127.0.0.2', {}, 'proxy'],
  ['goes straight to a host of NO_PROXY', '127.0.0.2', { NO_PROXY: 'a.example,127.0.0.2' }, 'store'],
  ['prefers no_proxy in lower case, as curl does', '127.0.0.2', { NO_PROXY: '127.0.0.2', no_proxy: 'other' }, 'proxy'],
  ['goes straight everywhere for NO_PROXY=*', '127.0.0.2', { NO_PROXY: '*' }, 'store'],
  ['goes straight to this machine', '127.0.0.1', {}, 'store'],
  ['goes straight to this machine, whatever else NO_PROXY names', '127.0.0.1', { NO_PROXY: 'a.example' }, 'store'],
])('%s', async (_what, host, env, reached) => {
  const proxy = await named('127.0.0.1', 'proxy');
  const port = await named(host, 'store');
  const agent = openAgent(1, readNetwork({ HTTP_PROXY: `127.0.0.1:${proxy}`, ...env }));
  onTestFinished(() => agent.destroy());
  const { body } = await send(agent, { origin: `http://${host}:${port}`, path: '/', method: 'GET' });
  expect(await body.text()).toBe(reached);
});
