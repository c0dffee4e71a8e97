/** Batches by HTTP: `ferry serve` in this process, on a twin. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it } from 'vitest';
import type { BatchView } from '../../../lib/api/views/batch.ts';
import type { Receiver, Service, ServiceOptions } from './support.ts';
import { key, openReceiver, openService, secret, until } from './support.ts';

const toClose: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of toClose.splice(0).reverse()) await one.close();
});

async function open(options: ServiceOptions = {}): Promise<Service> {
  const service = await openService(options);
  toClose.push(service);
  return service;
}

async function openWithReceiver(): Promise<Service & { receiver: Receiver }> {
  const receiver = await openReceiver();
  toClose.push(receiver);
  return { ...(await open({ callbackHosts: [receiver.url] })), receiver };
}

/** `count` objects under photos/in/. */
async function furnish({ twin }: Service, count: number): Promise<string[]> {
  const keys = Array.from({ length: count }, (_, i) => `in/${String(i).padStart(4, '0')} ü+%.txt`);
  for (const name of keys) await twin.store.put('photos', name, { body: name, meta: { name: 'kept' } });
  return keys;
}

async function json<T>(response: Promise<Response>): Promise<{ status: number; body: T }> {
  const answer = await response;
  return { status: answer.status, body: (await answer.json()) as T };
}

async function started(service: Service, body: object, init?: RequestInit): Promise<BatchView> {
  const answer = await service.call('/v1/batches', body, init);
  const view = (await answer.json()) as BatchView;
  expect([answer.status, view]).toEqual([202, view]);
  expect(answer.headers.get('location')).toBe(`/v1/batches/${view.id}`);
  return view;
}

const get = async ({ call }: Service, path: string) => (await json<BatchView>(call(path))).body;
const post = ({ call }: Service, path: string) => json<BatchView>(call(path, undefined, { ...auth, method: 'POST' }));
const auth = { headers: { authorization: `Bearer ${key}` } };

async function ended(service: Service, { self }: BatchView): Promise<BatchView> {
  await until(async () => (await get(service, self)).ended);
  return await get(service, self);
}

interface Results {
  results: { source: string; destination: string; status: string; error?: { code: string; message: string } }[];
  next?: string;
}

async function allResults({ call }: Service, { self }: BatchView, query: string): Promise<Results['results']> {
  const all: Results['results'] = [];
  let cursor = '';
  do {
    const { body } = await json<Results>(call(`${self}/results?${query}${cursor}`));
    all.push(...body.results);
    cursor = body.next === undefined ? '' : `&cursor=${encodeURIComponent(body.next)}`;
  } while (cursor !== '');
  return all;
}

const copyAll = { source: { prefix: 'oss://photos/in/' }, destination: 'oss://backup/out/' };

describe('a batch by HTTP', () => {
  it('copies a prefix, calls back once with exact counts, and tells what became of each object', async () => {
    const service = await openWithReceiver();
    const { twin, call, receiver } = service;
    const keys = await furnish(service, 250);
    const batch = await started(service, { ...copyAll, pageSize: 60, callback: `${receiver.url}/done` });
    const end = await ended(service, batch);
    expect(end).toMatchObject({
      mode: 'copy',
      state: 'done',
      source: 'oss://photos/in/',
      objectsKnown: 250,
      objectsDone: 250,
      counts: { copied: 250 },
      failures: {},
      calls: { CopyObject: 250 },
      cost: { currency: 'CNY' },
      bytes: keys.reduce((sum, name) => sum + Buffer.byteLength(name), 0),
    });
    const results = await allResults(service, batch, 'limit=77');
    expect(results.map(({ source }) => source).sort()).toEqual(keys.map((name) => `oss://photos/${name}`).sort());
    for (const { source, destination, status } of results) {
      expect([destination, status]).toEqual([source.replace('photos/in/', 'backup/out/'), 'copied']);
    }
    expect(twin.store.keys('backup').sort()).toEqual(keys.map((name) => name.replace('in/', 'out/')));
    await until(async () => receiver.received.length > 0);
    await after(500, () => undefined);
    expect(receiver.received.length).toBe(1);
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.received;
    const event = new Webhook(secret).verify(body, headers as Record<string, string>);
    expect(event).toMatchObject({ type: 'object-ferry.batch.done', subject: batch.id, data: { counts: end.counts } });

    const { body: list } = await json<{ batches: BatchView[] }>(call('/v1/batches'));
    const { id, state, counts, bytes, calls, cost } = end;
    expect(list.batches).toMatchObject([{ id, state, counts, bytes, calls, cost, ended: true }]);
    const { body: jobs } = await json<{ jobs: unknown[] }>(call('/v1/jobs'));
    expect(jobs.jobs).toEqual([]);
    expect((await call(`/v1/copies/${batch.id}`)).status).toBe(404);
  });

  it('is the same batch for the same key, and refuses another under it', async () => {
    const service = await open();
    await furnish(service, 3);
    const init = (body: object) => ({
      method: 'POST',
      body: JSON.stringify(body),
      headers: { ...auth.headers, 'content-type': 'application/json', 'idempotency-key': 'nightly-1' },
    });
    const batch = await started(service, copyAll, init(copyAll));
    await ended(service, batch);
    const again = await json<BatchView>(service.call('/v1/batches', copyAll, init(copyAll)));
    expect([again.status, again.body.id]).toEqual([200, batch.id]);
    const other = { ...copyAll, destination: 'oss://backup/elsewhere/' };
    const refused = await json<{ type: string }>(service.call('/v1/batches', other, init(other)));
    expect([refused.status, refused.body.type]).toEqual([422, '/problems/idempotency-mismatch']);
  });

  it('is paused, resumed and cancelled', async () => {
    const service = await open();
    await furnish(service, 200);
    const batch = await started(service, { ...copyAll, pageSize: 20, limits: { requestsPerSecond: 40 } });
    await until(async () => (await get(service, batch.self)).counts['copied'] !== undefined);
    const paused = await post(service, `${batch.self}/pause`);
    expect([paused.status, paused.body.paused]).toEqual([200, true]);
    await until(async () => service.twin.requests.count() === (await after(300, () => service.twin.requests.count())));
    expect((await get(service, batch.self)).ended).toBe(false);
    const resumed = await post(service, `${batch.self}/resume`);
    expect(resumed.body).toMatchObject({ paused: false, state: expect.stringMatching(/planned|copying/) as string });
    const moved = service.twin.requests.count();
    await until(async () => service.twin.requests.count() > moved + 10);
    const early = await json<{ type: string }>(service.call('/v1/batches', { source: { batch: batch.id } }));
    expect([early.status, early.body.type]).toEqual([422, '/problems/invalid']);
    const cancel = { ...auth, method: 'DELETE' };
    expect((await service.call(batch.self, undefined, cancel)).status).toBe(200);
    const end = await ended(service, batch);
    expect(end).toMatchObject({ state: 'cancelled', reason: { code: 'Cancelled' } });
    // A worker in the middle of a page adds what it did.
    const there = () => service.twin.store.keys('backup').length;
    await until(async () => (await get(service, batch.self)).counts['copied'] === there());
    const late = await json<{ type: string }>(service.call(batch.self, undefined, cancel));
    expect([late.status, late.body.type]).toEqual([409, '/problems/already-final']);
    expect((await post(service, `${batch.self}/pause`)).status).toBe(409);
  });

  it('calls back with exact counts when it was cancelled', async () => {
    const service = await openWithReceiver();
    await furnish(service, 100);
    const slow = { ...copyAll, pageSize: 10, limits: { requestsPerSecond: 40 } };
    const batch = await started(service, { ...slow, callback: `${service.receiver.url}/done` });
    await until(async () => (await get(service, batch.self)).counts['copied'] !== undefined);
    expect((await service.call(batch.self, undefined, { ...auth, method: 'DELETE' })).status).toBe(200);
    await until(async () => service.receiver.received.length > 0);
    const [{ body } = { body: '' }] = service.receiver.received;
    const event = JSON.parse(body) as { type: string; data: BatchView };
    expect(event).toMatchObject({ type: 'object-ferry.batch.cancelled', data: { ended: true } });
    expect(event.data.counts['copied']).toBe(service.twin.store.keys('backup').length);
  });

  it('tells its lifecycle, and nothing of what its workers note for each other', async () => {
    const receiver = await openReceiver();
    toClose.push(receiver);
    const service = await open({ config: { lifecycle: { url: `${receiver.url}/hook`, secrets: [secret] } } });
    await furnish(service, 5);
    const body = { ...copyAll, limits: { requestsPerSecond: 1000 }, priority: 1 };
    const { id } = await ended(service, await started(service, body));
    await until(async () => receiver.received.length >= 3);
    await after(300, () => undefined);
    const events = receiver.received.map(({ body: text }) => JSON.parse(text) as { type: string; subject: string });
    const types = ['planned', 'copying', 'finishing', 'done'].map((state) => `object-ferry.batch.${state}`);
    expect(events.map(({ type }) => type).sort()).toEqual(types.sort());
    expect(new Set(events.map(({ subject }) => subject))).toEqual(new Set([id]));
  });

  it('goes on after the service was stopped', async () => {
    const first = await open();
    const keys = await furnish(first, 120);
    const batch = await started(first, { ...copyAll, pageSize: 20, limits: { requestsPerSecond: 60 } });
    await until(async () => (await get(first, batch.self)).counts['copied'] !== undefined);
    await first.serving.close();
    const second = await open({ twin: first.twin, home: first.home });
    const end = await ended(second, batch);
    expect(end).toMatchObject({ state: 'done', counts: { copied: 120 } });
    expect(first.twin.store.keys('backup').length).toBe(keys.length);
  });
});

describe('the policy of a caller', () => {
  const other = {
    name: 'other',
    keys: ['other-key-0123456789abcdef'],
    read: ['oss://photos'],
    write: ['oss://photos'],
  };
  const narrow = {
    name: 'narrow',
    keys: [key],
    read: ['oss://photos/in/', 'oss://photos/lists/'],
    write: ['oss://backup/mine/'],
  };
  const config = { callers: [narrow, other] };

  it('holds for each object that a manifest names, and for where it goes; what failed can be asked for again', async () => {
    const service = await open({ config });
    const [allowed = ''] = await furnish(service, 1);
    await service.twin.store.put('photos', 'secret.txt', { body: 'not yours' });
    const rows = [
      { bucket: 'photos', key: allowed, destination: 'mine/a' },
      { bucket: 'photos', key: 'secret.txt', destination: 'mine/b' },
      { bucket: 'photos', key: 'in/../secret.txt', destination: 'mine/c' },
      { bucket: 'photos', key: allowed, destination: 'yours/a' },
      { bucket: 'backup', key: 'mine/x', destination: 'mine/d' },
    ];
    await service.twin.store.put('photos', 'lists/l.jsonl', {
      body: rows.map((row) => JSON.stringify(row)).join('\n'),
    });
    const list = { source: { manifest: 'oss://photos/lists/l.jsonl' }, destination: 'oss://backup/' };
    const refused = await json<{ type: string }>(service.call('/v1/batches', list));
    expect([refused.status, refused.body.type]).toEqual([403, '/problems/forbidden']);
    const batch = await started(service, { ...list, destination: 'oss://backup/mine/' });
    const end = await ended(service, batch);
    expect(end).toMatchObject({ state: 'done', counts: { copied: 1, failed: 4 }, failures: { Forbidden: 4 } });
    expect(service.twin.store.keys('backup').sort()).toEqual(['mine/a']);
    const failed = await allResults(service, batch, 'status=failed');
    expect(failed.map(({ source }) => source)).toEqual([
      'oss://photos/secret.txt',
      'oss://photos/in/../secret.txt',
      `oss://photos/${allowed}`,
      'oss://backup/mine/x',
    ]);
    const retry = await ended(service, await started(service, { source: { batch: batch.id } }));
    expect(retry).toMatchObject({ source: batch.self, counts: { failed: 4 }, failures: { Forbidden: 4 } });
    const asOther = { headers: { authorization: `Bearer ${other.keys[0]}` } };
    expect((await service.call(batch.self, undefined, asOther)).status).toBe(404);
    expect((await service.call(`${batch.self}/results`, undefined, asOther)).status).toBe(404);
    expect((await json<{ batches: [] }>(service.call('/v1/batches', undefined, asOther))).body.batches).toEqual([]);
  });

  it('holds for every file of the work folder, whichever client wrote it', async () => {
    const service = await open({ config });
    await furnish(service, 50);
    await service.twin.store.put('photos', 'secret.txt', { body: 'not yours' });
    const slow = { ...copyAll, destination: 'oss://backup/mine/', limits: { requestsPerSecond: 20 }, pageSize: 1 };
    const batch = await started(service, slow);
    await until(async () => (await get(service, batch.self)).allRead);
    expect((await post(service, `${batch.self}/pause`)).status).toBe(200);
    // The last in line, so no worker has it.
    const pages = join(service.home, 'batches', batch.id, 'pages');
    const page = join(pages, readdirSync(pages).sort().at(-1) ?? '');
    const [header] = readFileSync(page, 'utf8').split('\n');
    const forged = { bucket: 'photos', key: 'secret.txt', destination: { bucket: 'backup', key: 'mine/secret' } };
    writeFileSync(page, `${header}\n${JSON.stringify(forged)}\n`);
    await post(service, `${batch.self}/resume`);
    expect(await ended(service, batch)).toMatchObject({
      counts: { copied: 49, failed: 1 },
      failures: { Forbidden: 1 },
    });
    expect(service.twin.store.keys('backup')).not.toContain('mine/secret');
  });

  it('holds for the files that an inventory names', async () => {
    const service = await open({ config });
    await service.twin.store.put('photos', 'salaries.csv', { body: '"photos","x","1"\n' });
    const manifest = {
      sourceBucket: 'photos',
      destinationBucket: 'arn:aws:s3:::photos',
      fileFormat: 'CSV',
      fileSchema: 'Bucket, Key, Size',
      files: [{ key: 'salaries.csv', size: 17 }],
    };
    await service.twin.store.put('photos', 'lists/manifest.json', { body: JSON.stringify(manifest) });
    const body = { source: { inventory: 'oss://photos/lists/manifest.json' }, destination: 'oss://backup/mine/' };
    const refused = await json<{ type: string; detail: string }>(service.call('/v1/batches', body));
    expect([refused.status, refused.body.detail]).toEqual([403, expect.stringContaining('photos/salaries.csv')]);
    expect(service.twin.requests.all({ key: 'salaries.csv' })).toEqual([]);
  });
});

async function after<T>(ms: number, look: () => T): Promise<T> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return look();
}
