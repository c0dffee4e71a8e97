/** The Lambda host itself: what it says of bad functions has to be true, or the tests on it are worth nothing. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LambdaFunction } from '../../lambda-host/function.ts';
import { openHttpFront } from '../../lambda-host/http-front.ts';

let root = '';
const functions: LambdaFunction[] = [];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ferry-host-'));
});
afterEach(async () => {
  await Promise.all(functions.splice(0).map((one) => one.close()));
  await rm(root, { recursive: true, force: true });
});

async function deploy(code: string, timeoutMs = 20_000): Promise<LambdaFunction> {
  await writeFile(join(root, 'index.mjs'), code);
  const options = { root, handler: 'index.handler', variables: { NAME: 'value' }, arn: 'arn', name: 'test', timeoutMs };
  const deployed = new LambdaFunction(options);
  functions.push(deployed);
  return deployed;
}

describe('Lambda host', () => {
  it('hands on event, context and variables, and the answer back', async () => {
    const { invoke } = bound(
      await deploy(`export const handler = async (event, context) => ({
        event, name: process.env.NAME, id: context.awsRequestId, left: context.getRemainingTimeInMillis() });`),
    );
    const outcome = await invoke({ a: ['ä'] });
    expect(outcome).toMatchObject({ answer: { event: { a: ['ä'] }, name: 'value', id: expect.any(String) } });
    const { left } = (outcome as { answer: { left: number } }).answer;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(20_000);
  });

  it('keeps what a process knows, and freezes it in between', async () => {
    const { invoke } = bound(
      await deploy(`let ticks = 0; setInterval(() => { ticks += 1; }, 10);
        export const handler = async () => process.pid + ':' + ticks;`),
    );
    const read = async (): Promise<number[]> => {
      const outcome = (await invoke({})) as { answer: string };
      return outcome.answer.split(':').map(Number);
    };
    const [pid = 0, before = 0] = await read();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const [samePid, after = 0] = await read();
    expect(samePid).toBe(pid);
    // Two hundred if it had run.
    expect(after - before).toBeLessThan(100);
  });

  it('gives simultaneous invocations a process each', async () => {
    const one = await deploy(
      `export const handler = () => new Promise((done) => setTimeout(() => done(process.pid), 500));`,
    );
    const outcomes = await Promise.all([1, 2, 3].map(() => one.invoke({})));
    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(3);
    expect(one.counts).toMatchObject({ invocations: 3, coldStarts: 3, peak: 3, errors: 0 });
  });

  it.each([
    ['throws', `export const handler = async () => { throw new TypeError('no'); };`, 'error', 'TypeError'],
    ['cannot be loaded', `throw new Error('broken');`, 'error', 'broken'],
    ['ends its process', `export const handler = async () => process.exit(1);`, 'exit', 'Runtime exited'],
    [
      'takes too long',
      `export const handler = () => new Promise(() => setInterval(() => {}, 9));`,
      'timeout',
      'timed out',
    ],
  ])('says of a function that %s what Lambda would', async (_, code, failed, message) => {
    const one = await deploy(code, 1_000);
    expect(await one.invoke({})).toEqual({ failed, message: expect.stringContaining(message) });
  });

  it('starts a new process after one was killed or stalled', async () => {
    const one = await deploy(
      `export const handler = ({ wait }) => new Promise((done) => setTimeout(() => done('ok'), wait));`,
      1_500,
    );
    for (const [how, failed] of [
      ['kill', 'exit'],
      ['stall', 'timeout'],
    ] as const) {
      const struck = one.invoke({ wait: 1_000 });
      await expect.poll(() => one.strike(how, () => 0)).toEqual({ wait: 1_000 });
      expect(await struck).toMatchObject({ failed });
      expect(await one.invoke({ wait: 0 })).toEqual({ answer: 'ok' });
    }
  });

  it('does not find a module that a folder hides, as Lambda does not', async () => {
    const one = await deploy(`export const handler = async () => 'ok';`);
    await mkdir(join(root, 'index'));
    expect(await one.invoke({})).toMatchObject({ failed: 'error', message: expect.stringContaining('hides') });
  });

  it('speaks HTTP for a function, and answers 500 and 503 in its place', async () => {
    const { invoke } = bound(
      await deploy(
        `export const handler = async ({ rawPath, rawQueryString, headers, body, requestContext }) => {
          if (rawPath === '/throws') throw new Error('no');
          if (rawPath === '/hangs') return new Promise(() => setInterval(() => {}, 9));
          const { method } = requestContext.http;
          const text = [method, rawPath, rawQueryString, headers['x-a'], body].join(' ');
          return { statusCode: 201, headers: { 'x-b': 'b' }, body: text };
        };`,
        1_500,
      ),
    );
    const front = await openHttpFront(invoke);
    try {
      const answer = await fetch(`${front.url}/a%20b?c=%2B`, { method: 'POST', body: 'ä', headers: { 'X-A': '1' } });
      expect([answer.status, answer.headers.get('x-b'), await answer.text()]).toEqual([
        201,
        'b',
        'POST /a%20b c=%2B 1 ä',
      ]);
      expect((await fetch(`${front.url}/throws`)).status).toBe(500);
      expect((await fetch(`${front.url}/hangs`)).status).toBe(503);
    } finally {
      await front.close();
    }
  });
});

function bound(one: LambdaFunction): { invoke: LambdaFunction['invoke'] } {
  return { invoke: (event) => one.invoke(event) };
}
