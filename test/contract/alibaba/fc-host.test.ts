/** The host itself: what it says of bad functions has to be true, or the tests on it are worth nothing. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Invoker } from '../../../lib/queue/fc/invoke.ts';
import { seededRandom } from '../../../lib/twin/random.ts';
import type { AsyncOptions } from '../../fc-host/async-queue.ts';
import type { FcFunction, FunctionOptions } from '../../fc-host/function.ts';
import type { FcHost } from '../../fc-host/host.ts';
import { startFcHost } from '../../fc-host/host.ts';
import type { Outcome } from '../../fc-host/instance.ts';

/** Only ends a test that hangs. */
const patience = { timeout: 120_000, interval: 20 };
const keys = { accessKeyId: 'id', accessKeySecret: 'secret', securityToken: 'token' };
let root = '';
let host: FcHost;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ferry-fc-host-'));
  host = await startFcHost({ keys: () => [keys], random: seededRandom(1) });
});
afterEach(async () => {
  await host.close();
  await rm(root, { recursive: true, force: true });
});

/**
 * A function whose server calls `handle(headers, body, request)`; what it throws is a failure as the contract writes it. It may
 * write down lines (`note`), and wait until the test lets it go on (`leave`).
 */
async function deploy(handle: string, more: Partial<FunctionOptions> = {}, asynchronous: Partial<AsyncOptions> = {}) {
  await writeFile(
    join(root, 'index.mjs'),
    `import { createServer } from 'node:http';
     import { appendFileSync, existsSync } from 'node:fs';
     const note = (text) => appendFileSync('notes', text + '\\n');
     const leave = async () => { while (!existsSync('leave')) await new Promise((done) => setTimeout(done, 10)); };
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
    timeoutSeconds: 180,
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
const notes = async () =>
  (await readFile(join(root, 'notes'), 'utf8').catch(() => '')).trim().split('\n').filter(Boolean);
const giveLeave = () => writeFile(join(root, 'leave'), '');
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
        'x-fc-function-timeout': '180',
        'x-fc-access-key-secret': 'secret',
      },
    });
  });

  it('is kept, has as many invocations as it may, and is frozen in between', async () => {
    const fc = await deploy(
      `(() => { let now = 0; let most = 0;
        return async () => { most = Math.max(most, ++now); note('came'); await leave(); now -= 1; return { pid: process.pid, most }; }; })()`,
      { instanceConcurrency: 3 },
    );
    const coming = [1, 2, 3].map(() => fc.invoke(Buffer.from('')));
    await expect.poll(notes, patience).toHaveLength(3);
    await giveLeave();
    const three = (await Promise.all(coming)).map(valueOf) as { pid: number }[];
    const pid = three[0]?.pid;
    expect(new Set(three.map((one) => one.pid)).size).toBe(1);
    await expect.poll(() => stateOf(pid), patience).toBe('T (stopped)');
    expect(valueOf(await fc.invoke(Buffer.from('')))).toEqual({ pid, most: 3 });
    expect(fc.counts).toMatchObject({ coldStarts: 1, peak: 3 });
  });

  it('is one of several, up to the reserved concurrency; more is throttled', async () => {
    const fc = await deploy(`() => process.pid`, { mostInstances: 2 });
    const outcomes = (await Promise.all([1, 2, 3].map(() => fc.invoke(Buffer.from(''))))).map(valueOf);
    expect(outcomes.filter((outcome) => outcome === undefined)).toHaveLength(1);
    expect(new Set(outcomes).size).toBe(3);
    expect(fc.counts).toMatchObject({ coldStarts: 2, throttled: 1 });
  });

  it.each([
    ['throws', `() => { throw new Error('no'); }`, {}, 'error', 'no'],
    ['ends its process', `() => process.exit(1)`, {}, 'exit', 'FunctionExited'],
    ['takes too long', `() => new Promise(() => {})`, { timeoutSeconds: 0.5 }, 'timeout', 'timed out'],
    ['listens on the loopback only', `() => 1`, { variables: { HOST: '127.0.0.1' } }, 'exit', 'FunctionNotStarted'],
  ])('is reported as failed when its function %s', async (_, handle, more, failed, message) => {
    const fc = await deploy(handle, more);
    expect(await fc.invoke(Buffer.from(''))).toEqual({ failed, message: expect.stringContaining(message) });
  });

  it.each([
    ['killed', 'kill', 180, 'exit'],
    // Only its timeout ends it.
    ['stalled', 'stall', 1, 'timeout'],
  ] as const)('is replaced after it was %s', async (_, how, timeoutSeconds, failed) => {
    const fc = await deploy(`(_, body) => body === 'stay' ? new Promise(() => {}) : process.pid`, { timeoutSeconds });
    expect(await struckBy(fc, how)).toMatchObject({ failed });
    fc.options.timeoutSeconds = 180;
    expect(valueOf(await fc.invoke(Buffer.from('')))).toEqual(expect.any(Number));
  });
});

/** As Linux describes a process: `T (stopped)` runs no timer and answers nothing. */
async function stateOf(pid: number | undefined): Promise<string | undefined> {
  return /^State:\s+(.*)$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
}

/** The outcome of the first invocation that was struck; one may end by its timeout before that. */
async function struckBy(fc: FcFunction, how: 'kill' | 'stall'): Promise<Outcome | undefined> {
  for (;;) {
    let isOver = false;
    const outcome = fc.invoke(Buffer.from('stay')).finally(() => (isOver = true));
    while (!isOver) {
      if (fc.strike(how, () => 0)) return await outcome;
      await sleep(5);
    }
  }
}

describe('an asynchronous invocation', () => {
  it('is repeated with its count after a function error, and kept when it fails for good', async () => {
    await deploy(
      `(headers, body) => { note(headers['x-fc-retry-count']); throw new Error('no'); }`,
      {},
      { maxRetries: 2 },
    );
    await invoker().start('f', 'payload');
    await expect.poll(() => host.deadLetters.length, patience).toBe(1);
    expect(await notes()).toEqual(['0', '1', '2']);
    expect(host.deadLetters[0]).toMatchObject({
      requestPayload: 'payload',
      responsePayload: 'Error: no',
      requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 3 },
    });
  });

  it('waits while the function is throttled, and is not counted for it', async () => {
    const fc = await deploy(`async (headers) => { await leave(); note(headers['x-fc-retry-count']); }`, {
      mostInstances: 1,
    });
    for (let n = 0; n < 3; n += 1) await invoker().start('f', '');
    await expect.poll(() => fc.counts.throttled, patience).toBeGreaterThanOrEqual(2);
    await giveLeave();
    await expect.poll(() => host.pending(), patience).toBe(0);
    expect(await notes()).toEqual(['0', '0', '0']);
  });

  it('comes after its delay, so that a later one may overtake it', async () => {
    // A second takes a day: the delayed one never comes.
    await deploy(`(headers, body) => note(body)`, {}, { second: 86_400_000 });
    await invoker().start('f', 'delayed', 20);
    expect(host.queueOf('f').counts.delaySeconds).toBe(20);
    await invoker().start('f', 'at once');
    await expect.poll(() => host.pending(), patience).toBe(1);
    expect(await notes()).toEqual(['at once']);
  });

  it('comes after a delay all the same, twice or never where the faults say so', async () => {
    await deploy(`(headers) => note(headers['x-fc-request-id'])`, {}, { duplicates: 1, second: 1 });
    await invoker().start('f', '', 100);
    await expect.poll(() => host.pending(), patience).toBe(0);
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
