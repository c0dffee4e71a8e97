/** Requests to Function Compute's API, beside those that Alibaba Cloud's own SDK sends. */
import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RetryLater } from '../../../lib/copy/model/errors.ts';
import { Invoker } from '../../../lib/queue/fc/invoke.ts';
import { authorization } from '../../../lib/queue/fc/sign.ts';

const require = createRequire(import.meta.url);
const { default: Sdk, InvokeFunctionRequest, InvokeFunctionHeaders } = require('@alicloud/fc20230330');
const { $OpenApiUtil } = require('@alicloud/openapi-core');
const { RuntimeOptions } = require('@darabonba/typescript');

interface Seen {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

let server: Server;
let seen: Seen[];
/** To answer with before it answers 202; 0: closes the connection. */
let refusals: [status: number, body: string][];
let endpoint = '';

beforeEach(async () => {
  seen = [];
  refusals = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url = '', headers } = request;
    seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
    const [status, body] = refusals.shift() ?? [202, ''];
    if (status === 0) response.destroy();
    else response.writeHead(status, { 'x-fc-request-id': 'r' }).end(body);
  };
  server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const keys = { accessKeyId: 'id', accessKeySecret: 'secret', securityToken: 'token' };
const invoker = (slept: number[] = []) =>
  new Invoker({
    endpoint,
    keys: async () => keys,
    clock: { now: Date.now, sleep: async (ms) => void slept.push(ms) },
    random: () => 0.5,
  });

const signatureOf = ({ method, url, headers, body }: Seen) =>
  authorization(
    { method: method as 'POST', url: new URL(url, endpoint), body, keys },
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
  );

async function invokeBySdk(name: string, body: string, qualifier?: string): Promise<Seen> {
  const { accessKeyId, accessKeySecret, securityToken } = keys;
  const { host } = new URL(endpoint);
  const config = { accessKeyId, accessKeySecret, securityToken, endpoint: host, protocol: 'HTTP' };
  const sdk = new Sdk(new $OpenApiUtil.Config(config));
  await sdk.invokeFunctionWithOptions(
    name,
    new InvokeFunctionRequest({ body: Readable.from(Buffer.from(body)), qualifier }),
    new InvokeFunctionHeaders({ xFcInvocationType: 'Async', commonHeaders: { 'x-fc-async-delay': '30' } }),
    new RuntimeOptions({}),
  );
  return seen.at(-1) as Seen;
}

describe('a signature', () => {
  it.each([
    ['plain', 'ferry-work', '{"kind":"finish"}', undefined],
    ['with a query and letters beyond ASCII', 'ferry_work', '{"key":"größer + 1"}', "a(1)*'!"],
    ['of an empty body', 'f', '', 'LATEST'],
  ])('%s, is the one of the SDK', async (_, name, body, qualifier) => {
    const sent = await invokeBySdk(name, body, qualifier);
    expect(signatureOf(sent)).toBe(sent.headers.authorization);
  });

  it('changes with the body, the path and the secret', async () => {
    const sent = await invokeBySdk('f', 'x');
    expect(signatureOf({ ...sent, body: 'y' })).not.toBe(sent.headers.authorization);
    expect(signatureOf({ ...sent, url: sent.url.replace('/f/', '/g/') })).not.toBe(sent.headers.authorization);
  });
});

describe('Invoker', () => {
  it('sends what the SDK sends', async () => {
    const body = '{"kind":"finish","jobId":"ä"}';
    const theirs = await invokeBySdk('ferry-work', body);
    await invoker().start('ferry-work', body, 30);
    const ours = seen.at(-1) as Seen;
    expect([ours.method, ours.url, ours.body]).toEqual([theirs.method, theirs.url, theirs.body]);
    const same = [
      'host',
      'content-type',
      'x-acs-action',
      'x-acs-version',
      'x-acs-content-sha256',
      'x-acs-security-token',
    ];
    for (const name of [...same, 'x-fc-invocation-type', 'x-fc-async-delay']) {
      expect(ours.headers[name], name).toBe(theirs.headers[name]);
    }
    expect(ours.headers['x-acs-date']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(theirs.headers['x-acs-date']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(signatureOf(ours)).toBe(ours.headers.authorization);
  });

  it('repeats what passes: too many requests, an internal error, a lost answer', async () => {
    refusals = [
      [429, '{"Code":"ResourceThrottled"}'],
      [500, 'no json'],
      [0, ''],
    ];
    const slept: number[] = [];
    await invoker(slept).start('f', 'x');
    expect(seen).toHaveLength(4);
    expect(slept).toEqual([100, 200, 400]);
    expect(new Set(seen.map(({ headers }) => headers['x-acs-signature-nonce'])).size).toBe(4);
  });

  it('says RetryLater in the end, throttled where the service says so', async () => {
    refusals = Array.from({ length: 5 }, () => [429, '{"Code":"ResourceThrottled","Message":"slow down"}']);
    const error = await invoker()
      .start('f', 'x')
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(RetryLater);
    expect(error).toMatchObject({ throttled: true, answer: { operation: 'InvokeFunction', status: 429 } });
    expect(String(error)).toContain('429 ResourceThrottled slow down');
    expect(seen).toHaveLength(5);
  });

  it.each([
    [403, 'AccessDenied'],
    [404, 'FunctionNotFound'],
    [400, 'SignatureNotMatch'],
  ])('does not repeat a %s, and blames no work for it', async (status, code) => {
    refusals = [[status, JSON.stringify({ Code: code, Message: 'no' })]];
    const error = await invoker()
      .start('f', 'x')
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ decision: 'retry', throttled: false, answer: { status, code } });
    expect(String(error)).not.toMatch(/secret|token/);
    expect(seen).toHaveLength(1);
  });

  it('sends no body that an asynchronous invocation may not have', async () => {
    await invoker().start('f', 'x'.repeat(128 * 1024));
    await expect(invoker().start('f', `${'x'.repeat(128 * 1024 - 1)}ä`)).rejects.toMatchObject({ code: 'BadRequest' });
    expect(seen).toHaveLength(1);
  });
});
