import { Agent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FaultRule } from '../../../lib/twin/faults.ts';
import { startTwin, type Twin } from '../../../lib/twin/start.ts';
import { BOTH, oss, s3, type Answer } from './raw.ts';

let twin: Twin;
beforeEach(async () => {
  twin = await startTwin({ buckets: [{ name: 'a' }, { name: 'b' }] });
  await twin.store.put('a', 'k', { body: 'old' });
});
afterEach(() => twin.close());

const get = (key = 'k', send = oss): Promise<Answer> => send(twin, { method: 'GET', bucket: 'a', key });
const copy = (key = 'copy', send = oss, prefix = 'x-oss-'): Promise<Answer> =>
  send(twin, { method: 'PUT', bucket: 'b', key, headers: { [`${prefix}copy-source`]: '/a/k' } });
const refusal = (match: FaultRule['match'], more: Partial<FaultRule> = {}): FaultRule => ({
  match,
  effect: { kind: 'error', status: 500 },
  ...more,
});

describe('a rule hits', () => {
  const statuses = async (count: number): Promise<number[]> => {
    const all: number[] = [];
    for (let n = 0; n < count; n++) all.push((await get()).status);
    return all;
  };

  it('what it names: operation, dialect, bucket, key, part', async () => {
    const misses: FaultRule['match'][] = [
      { operation: 'HeadObject' },
      { dialect: 's3' },
      { bucket: 'b' },
      { key: 'other*' },
      { partNumber: 1 },
    ];
    for (const match of misses) twin.faults.add(refusal(match));
    expect((await get()).status).toBe(200);
    twin.faults.add(refusal({ operation: ['HeadObject', 'GetObject'], dialect: 'oss', bucket: 'a', key: '*k*' }));
    expect((await get()).status).toBe(500);
    twin.faults.clear();
    expect((await get()).status).toBe(200);
  });

  it('the nth, each nth, or a number of times', async () => {
    const remove = twin.faults.add(refusal({ nth: 2 }));
    expect(await statuses(3)).toEqual([200, 500, 200]);
    remove();
    twin.faults.add(refusal({ every: 2 }, { times: 1 }));
    expect(await statuses(5)).toEqual([200, 500, 200, 200, 200]);
    expect(twin.faults.list()[0]?.hits).toBe(1);
  });

  it('no request that is signed wrong', async () => {
    twin.faults.add(refusal({ nth: 1 }));
    await oss(twin, { method: 'GET', bucket: 'a', key: 'k', secretAccessKey: 'wrong' });
    expect(await statuses(2)).toEqual([500, 200]);
  });

  it('by chance, the same way for the same seed', async () => {
    const run = async (seed: number): Promise<number[]> => {
      await twin.close();
      twin = await startTwin({ buckets: [{ name: 'a' }], seed, faults: [refusal({ probability: 0.5 })] });
      await twin.store.put('a', 'k', { body: 'x' });
      return statuses(12);
    };
    const first = await run(7);
    expect(new Set(first)).toEqual(new Set([200, 500]));
    expect(await run(7)).toEqual(first);
    expect(await run(8)).not.toEqual(first);
  });
});

it('503 tells how long to wait, each store its way', async () => {
  twin.faults.add({ effect: { kind: 'error', status: 503, delayMs: 1500 } });
  const fromOss = await get();
  expect([fromOss.status, fromOss.xml('Code'), fromOss.headers['x-oss-qos-delay-time']]).toEqual([
    503,
    'TotalQpsLimitExceeded',
    '1500',
  ]);
  const fromS3 = await get('k', s3);
  expect([fromS3.status, fromS3.xml('Code'), fromS3.headers['retry-after']]).toEqual([503, 'SlowDown', '2']);
});

describe.each([
  ['before', false],
  ['after', true],
] as const)('%s the effect', (when, copied) => {
  const there = async (): Promise<boolean> => (await twin.store.head('b', 'copy')) !== undefined;

  it('an error', async () => {
    twin.faults.add({ effect: { kind: 'error', status: 500, when } });
    const answer = await copy();
    expect([answer.status, answer.xml('Code'), await there()]).toEqual([500, 'InternalError', copied]);
  });

  it('a dropped connection', async () => {
    twin.faults.add({ effect: { kind: 'drop', when } });
    await expect(copy()).rejects.toThrow();
    expect(await there()).toBe(copied);
    expect(twin.requests.all()).toMatchObject([{ operation: 'CopyObject', status: 0, fault: 'drop' }]);
  });

  it.each(BOTH)('an error inside a 200 ($name)', async ({ send, prefix }) => {
    twin.faults.add({ effect: { kind: 'error-in-200', when } });
    const answer = await copy('copy', send, prefix);
    expect([answer.status, answer.xml('Code'), await there()]).toEqual([200, 'InternalError', copied]);
  });

  it('lets another client overwrite the source', async () => {
    twin.faults.add({ effect: { kind: 'overwrite', bucket: 'a', key: 'k', body: 'new', when } });
    await copy();
    expect(String(await twin.store.bytes('b', 'copy'))).toBe(copied ? 'old' : 'new');
    expect(String(await twin.store.bytes('a', 'k'))).toBe('new');
  });
});

it('lets another client delete the source', async () => {
  twin.faults.add({ effect: { kind: 'delete', bucket: 'a', key: 'k' } });
  expect((await copy()).status).toBe(404);
});

it('a 304 with a body breaks the connection for the request behind it', async () => {
  twin.faults.add({ times: 1, effect: { kind: 'not-modified-with-body' } });
  const dispatcher = new Agent({ connections: 1, pipelining: 1 });
  const ask = { dispatcher, headers: { 'x-amz-date': 'unsigned' } };
  await twin.store.put('a', 'open', { body: 'x', acl: { canned: 'public-read' } });
  const first = await request(`${twin.url}/a/open`, ask);
  expect(first.statusCode).toBe(304);
  await first.body.dump();
  const attempts = await Promise.allSettled([request(`${twin.url}/a/open`, ask), request(`${twin.url}/a/open`, ask)]);
  expect(attempts.map(({ status }) => status)).toContain('fulfilled');
  await dispatcher.destroy();
});

it('slow copies take latency and then their bytes at the bandwidth', async () => {
  await twin.close();
  const waits: number[] = [];
  twin = await startTwin({ buckets: [{ name: 'a' }, { name: 'b' }], sleep: async (ms) => waits.push(ms) });
  await twin.store.put('a', 'k', { size: 1_000_000 });
  const bandwidth = { kind: 'bandwidth', bytesPerSecond: 10_000_000, latencyMs: 20 } as const;
  twin.faults.add({ match: { operation: 'CopyObject' }, effect: bandwidth });
  twin.faults.add({ match: { operation: 'GetObject' }, effect: { kind: 'latency', ms: 7 } });
  await copy();
  await get();
  expect(waits).toEqual([120, 7]);
  expect(twin.requests.all({ operation: 'CopyObject' })).toMatchObject([{ copied: 1_000_000, fault: 'bandwidth' }]);
});

describe('the record of requests', () => {
  it('counts by operation and measures the bytes of data', async () => {
    await oss(twin, { method: 'PUT', bucket: 'a', key: 'n', body: '12345' });
    await get('n');
    await get('none');
    await copy();
    expect(twin.requests.counts).toEqual({ PutObject: 1, GetObject: 2, CopyObject: 1 });
    expect([twin.requests.count(), twin.requests.count('GetObject'), twin.requests.count({ status: 404 })]).toEqual([
      4, 2, 1,
    ]);
    expect([twin.requests.bytesIn, twin.requests.bytesOut]).toEqual([5, 5]);
    expect(twin.requests.all({ code: 'NoSuchKey' })).toMatchObject([
      { operation: 'GetObject', bucket: 'a', key: 'none', status: 404 },
    ]);
    twin.requests.reset();
    expect([twin.requests.count(), twin.requests.bytesIn]).toEqual([0, 0]);
  });
});

it('all of it is reachable over HTTP', async () => {
  const control = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${twin.url}/__twin/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return answer.json();
  };
  expect(await control('GET', 'health')).toEqual({ ok: true });
  await control('POST', 'buckets', { name: 'c' });
  await control('POST', 'objects', { bucket: 'c', key: 'big', size: 2 ** 40 });
  expect(await control('GET', 'objects?bucket=c')).toEqual(['big']);
  await control('POST', 'faults', refusal({ key: 'big' }));
  expect((await oss(twin, { method: 'GET', bucket: 'c', key: 'big' })).status).toBe(500);
  expect(await control('GET', 'faults')).toMatchObject([{ hits: 1 }]);
  expect(await control('GET', 'requests')).toMatchObject({ counts: { GetObject: 1 } });
  await control('DELETE', 'faults');
  await control('DELETE', 'requests');
  await control('DELETE', 'objects?bucket=c&key=big');
  expect([twin.store.keys('c'), twin.requests.count(), twin.faults.list()]).toEqual([[], 0, []]);
  expect(await control('GET', 'nothing')).toHaveProperty('error');
});
