/** The host itself: what it says of bad functions has to be true, or the tests on it are worth nothing. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Invoker } from '../../../lib/queue/fc/invoke.ts';
import type { AsyncOptions } from '../../fc-host/async-queue.ts';
import type { FunctionOptions } from '../../fc-host/function.ts';
import type { FcHost } from '../../fc-host/host.ts';
import { startFcHost } from '../../fc-host/host.ts';
import type { Outcome } from '../../fc-host/instance.ts';

const keys = { accessKeyId: 'id', accessKeySecret: 'secret', securityToken: 'token' };
let root = '';
let host: FcHost;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ferry-fc-host-'));
  host = await startFcHost({ keys: () => [keys] });
});
afterEach(async () => {
  await host.close();
  await rm(root, { recursive: true, force: true });
});

/** A function whose server calls `handle(headers, body, request)`; what it throws is a failure as the contract writes it. */
async function deploy(handle: string, more: Partial<FunctionOptions> = {}, asynchronous: Partial<AsyncOptions> = {}) {
  await writeFile(
    join(root, 'index.mjs'),
    `import { createServer } from 'node:http';
     import { appendFileSync } from 'node:fs';
     const note = (text) => appendFileSync('notes', text + '\\n');
     const handle = ${handle};
     createServer((request, response) => {
       let body = '';
       request.on('data', (chunk) => (body += chunk));
       request.on('end', async () => {
         try { response.end(JSON.stringify(await handle(request.headers, body, request))); }
         catch (error) { response.writeHead(404, { 'x-fc-status': '404' }).end(String(error)); }
       });
     }).listen(process.env.FC_SERVER_PORT, process.env.HOST ?? '0.0.0.0');`,
  );
  const options: FunctionOptions = {
    name: 'f',
    root,
    command: [process.execPath, 'index.mjs'],
    variables: {},
    timeoutSeconds: 20,
    instanceConcurrency: 1,
    mostInstances: 10,
    region: 'cn-hangzhou',
    keys: () => keys,
    ...more,
  };
  return host.deploy(options, { retryMs: 10, ...asynchronous });
}

const valueOf = (outcome: Outcome | undefined): unknown => {
  if (!outcome || 'failed' in outcome) return outcome;
  return JSON.parse(outcome.body.toString());
};
const invoker = (over: Partial<typeof keys> = {}) =>
  new Invoker({
    endpoint: host.endpoint,
    keys: async () => ({ ...keys, ...over }),
    clock: { now: Date.now, sleep: async () => {} },
    random: () => 0,
  });

describe('an instance', () => {
  it('gets the event, and the headers of the contract', async () => {
    const fc = await deploy('(headers, body) => ({ headers, body })');
    expect(valueOf(await fc.invoke(Buffer.from('{"a":1}'), 'r1', 2))).toMatchObject({
      body: '{"a":1}',
      headers: {
        'x-fc-request-id': 'r1',
        'x-fc-retry-count': '2',
        'x-fc-control-path': '/invoke',
        'x-fc-function-timeout': '20',
        'x-fc-access-key-secret': 'secret',
      },
    });
  });

  it('is kept, has as many invocations as it may, and is frozen in between', async () => {
    const fc = await deploy(
      `(() => { let ticks = 0; setInterval(() => { ticks += 1; }, 10); let now = 0; let most = 0;
        return async () => { most = Math.max(most, ++now); await new Promise((done) => setTimeout(done, 300)); now -= 1; return { pid: process.pid, ticks, most }; }; })()`,
      { instanceConcurrency: 3 },
    );
    const three = (await Promise.all([1, 2, 3].map(() => fc.invoke(Buffer.from(''))))).map(valueOf) as {
      pid: number;
    }[];
    expect(new Set(three.map(({ pid }) => pid)).size).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const later = valueOf(await fc.invoke(Buffer.from(''))) as { pid: number; ticks: number; most: number };
    expect(later).toMatchObject({ pid: three[0]?.pid, most: 3 });
    // Two hundred and more if it had run.
    expect(later.ticks).toBeLessThan(150);
    expect(fc.counts).toMatchObject({ coldStarts: 1, peak: 3 });
  });

  it('is one of several, up to the reserved concurrency; more is throttled', async () => {
    const fc = await deploy(`() => new Promise((done) => setTimeout(() => done(process.pid), 500))`, {
      mostInstances: 2,
    });
    const outcomes = (await Promise.all([1, 2, 3].map(() => fc.invoke(Buffer.from(''))))).map(valueOf);
    expect(outcomes.filter((outcome) => outcome === undefined)).toHaveLength(1);
    expect(fc.counts).toMatchObject({ coldStarts: 2, throttled: 1 });
  });

  it.each([
    ['throws', `() => { throw new Error('no'); }`, {}, 'error', 'no'],
    ['ends its process', `() => process.exit(1)`, {}, 'exit', 'FunctionExited'],
    ['takes too long', `() => new Promise(() => {})`, { timeoutSeconds: 0.5 }, 'timeout', 'timed out'],
    ['listens on the loopback only', `() => 1`, { variables: { HOST: '127.0.0.1' } }, 'exit', 'FunctionNotStarted'],
  ])('that %s is said to have', async (_, handle, more, failed, message) => {
    const fc = await deploy(handle, more);
    expect(await fc.invoke(Buffer.from(''))).toEqual({ failed, message: expect.stringContaining(message) });
  });

  it('is replaced after it was killed or stalled', async () => {
    const fc = await deploy(`(_, wait) => new Promise((done) => setTimeout(() => done('ok'), Number(wait)))`, {
      timeoutSeconds: 1.5,
    });
    for (const [how, failed] of [
      ['kill', 'exit'],
      ['stall', 'timeout'],
    ] as const) {
      const struck = fc.invoke(Buffer.from('1000'));
      await expect.poll(() => fc.strike(how, () => 0)).toBe(true);
      expect(await struck).toMatchObject({ failed });
      expect(valueOf(await fc.invoke(Buffer.from('0')))).toBe('ok');
    }
  });
});

describe('an asynchronous invocation', () => {
  const notes = async () => {
    const { readFile } = await import('node:fs/promises');
    return (await readFile(join(root, 'notes'), 'utf8').catch(() => '')).trim().split('\n').filter(Boolean);
  };

  it('is repeated with its count after a function error, and kept when it fails for good', async () => {
    await deploy(
      `(headers, body) => { note(headers['x-fc-retry-count']); throw new Error('no'); }`,
      {},
      { maxRetries: 2 },
    );
    await invoker().start('f', 'payload');
    await expect.poll(() => host.deadLetters.length).toBe(1);
    expect(await notes()).toEqual(['0', '1', '2']);
    expect(host.deadLetters[0]).toMatchObject({
      requestPayload: 'payload',
      responsePayload: 'Error: no',
      requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 3 },
    });
  });

  it('waits while the function is throttled, and is not counted for it', async () => {
    await deploy(
      `async (headers) => { note(headers['x-fc-retry-count']); await new Promise((done) => setTimeout(done, 200)); }`,
      {
        mostInstances: 1,
      },
    );
    for (let n = 0; n < 3; n += 1) await invoker().start('f', '');
    await expect.poll(() => host.pending(), { timeout: 20_000 }).toBe(0);
    expect(await notes()).toEqual(['0', '0', '0']);
  });

  it('comes after its delay, twice or never, as the faults say', async () => {
    const fc = await deploy(`(headers) => note(headers['x-fc-request-id'])`, {}, { duplicates: 1, second: 1 });
    await invoker().start('f', '', 100);
    expect(fc.counts.invocations).toBe(0);
    await expect.poll(() => host.pending(), { timeout: 20_000 }).toBe(0);
    const ids = await notes();
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
    await deploy(`() => note('never')`, { name: 'g' }, { lost: 1 });
    await invoker().start('g', '');
    expect(host.pending()).toBe(0);
    expect(host.queueOf('g').counts).toMatchObject({ accepted: 1, lost: 1 });
  });
});

describe('the API', () => {
  it.each([
    ['another secret', { accessKeySecret: 'wrong' }, 'SignatureNotMatch'],
    ['unknown keys', { accessKeyId: 'unknown' }, 'InvalidAccessKeyId'],
    ['another token', { securityToken: 'old' }, 'InvalidSecurityToken'],
  ])('refuses %s', async (_, over, code) => {
    await deploy('() => 1');
    await expect(invoker(over).start('f', '')).rejects.toThrow(code);
    expect(host.pending()).toBe(0);
  });

  it('knows its functions and its limits', async () => {
    await deploy('() => 1');
    await expect(invoker().start('g', '')).rejects.toThrow('FunctionNotFound');
    await expect(invoker().start('f', '', 3_601)).rejects.toThrow('x-fc-async-delay');
  });

  it('is too busy, or loses its answer, as often as the faults say', async () => {
    await deploy('() => 1');
    host.faults.busy = 1;
    await expect(invoker().start('f', '')).rejects.toThrow('429 ResourceThrottled');
    Object.assign(host.faults, { busy: 0, lostAnswers: 1 });
    await expect(invoker().start('f', '')).rejects.toThrow('no answer');
    expect(host.queueOf('f').counts.accepted).toBe(5);
  });
});

describe('an HTTP trigger', () => {
  it('passes the request as it is, and no header that a client made up', async () => {
    await deploy(
      `(headers, body, request) => [request.method, request.url, headers['x-a'], headers['x-fc-control-path'], body]`,
    );
    const url = await host.front('f');
    const answer = await fetch(`${url}/invoke?c=%2B`, {
      method: 'POST',
      body: 'ä',
      headers: { 'x-a': '1', 'x-fc-control-path': '/invoke' },
    });
    expect(await answer.json()).toEqual(['POST', '/invoke?c=%2B', '1', '/http-invoke', 'ä']);
  });
});
