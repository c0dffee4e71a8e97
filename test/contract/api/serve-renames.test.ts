/** `POST /v1/renames` of a prefix: a batch, which callers see as one job. */
import { afterEach, expect, it } from 'vitest';
import { callerFrom } from '../../../lib/api/callers/callers.ts';
import { continuePrefix } from '../../../lib/api/jobs/prefix-batch.ts';
import type { ApiDeps } from '../../../lib/api/model/deps.ts';
import type { ApiMessage } from '../../../lib/api/model/message.ts';
import type { JobView } from '../../../lib/api/views/job.ts';
import { openEmbedded } from '../../../lib/runtime/embedded/open.ts';
import { key, openReceiver, openService, until, type Service, type ServiceOptions } from './support.ts';

const toClose: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of toClose.splice(0).reverse()) await one.close();
});

async function open(options: ServiceOptions = {}): Promise<Service> {
  const service = await openService(options);
  toClose.push(service);
  return service;
}

async function put({ twin }: Service, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await twin.store.put('photos', `old/${n}`, { size: n });
}

const body = { fromPrefix: 'oss://photos/old/', toPrefix: 'oss://backup/new/' };

async function read<T = JobView>(response: Promise<Response>): Promise<{ status: number; body: T }> {
  const answer = await response;
  return { status: answer.status, body: (await answer.json()) as T };
}

async function ended({ call }: Service, self: string): Promise<JobView> {
  const get = async () => (await read(call(self))).body;
  await until(async () => ['done', 'failed', 'cancelled'].includes((await get()).state));
  return await get();
}

const keyed = (name: string): RequestInit => ({
  headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'idempotency-key': name },
});

it('is one job for a repeated request, and for another request of its key a mistake', async () => {
  const service = await open();
  await put(service, 3);
  const first = await read(service.call('/v1/renames', body, keyed('k')));
  expect(first).toMatchObject({ status: 202, body: { state: 'copying', mode: 'rename', source: 'oss://photos/old/' } });
  expect(first.body).toMatchObject({ destination: 'oss://backup/new/', self: `/v1/renames/${first.body.id}` });
  expect((await read(service.call('/v1/renames', body, keyed('k')))).body.id).toBe(first.body.id);
  const other = { ...body, toPrefix: 'oss://backup/other/' };
  expect((await service.call('/v1/renames', other, keyed('k'))).status).toBe(422);
  expect(await ended(service, first.body.self)).toMatchObject({ state: 'done', progress: { objectsDone: 3 } });
  expect((await service.call('/v1/renames', body, keyed('k'))).status).toBe(200);
  expect(service.twin.store.keys('photos')).toEqual([]);
});

it('of nothing is done', async () => {
  const service = await open();
  const { self } = (await read(service.call('/v1/renames', body))).body;
  expect(await ended(service, self)).toMatchObject({ state: 'done', progress: { objectsDone: 0, objectsFailed: 0 } });
});

it('has failed when an object keeps its old name, is listed so, and its batch says why', async () => {
  const receiver = await openReceiver();
  toClose.push(receiver);
  const service = await open({ callbackHosts: [receiver.url] });
  await put(service, 2);
  await service.twin.store.put('photos', 'old/cold', { body: 'x', storageClass: 'DEEP_ARCHIVE' });
  const asked = { ...body, callback: receiver.url };
  const { id, self } = (await read(service.call('/v1/renames', asked, keyed('f')))).body;
  expect(await ended(service, self)).toMatchObject({
    ...{ state: 'failed', progress: { objectsDone: 2, objectsFailed: 1 } },
    reason: { code: 'SomeFailed', message: expect.stringMatching(/^1 of 3 .*old\/cold.*archived/) as string },
  });
  const { jobs } = (await read<{ jobs: JobView[] }>(service.call('/v1/renames?state=failed'))).body;
  expect(jobs.map((job) => job.id)).toEqual([id]);
  const done = (await read<{ jobs: JobView[] }>(service.call('/v1/renames?state=done'))).body;
  expect(done.jobs.map((job) => job.id)).not.toContain(id);
  const results = await read(service.call(`/v1/batches/${id}/results?status=failed`));
  expect(results.body).toMatchObject({ results: [{ source: 'oss://photos/old/cold', error: { code: 'Archived' } }] });
  expect((await service.call('/v1/renames', asked, keyed('f'))).status).toBeGreaterThanOrEqual(400);
  await until(async () => receiver.received.length > 0);
  expect(JSON.parse(receiver.received[0]?.body ?? '')).toMatchObject({
    ...{ type: 'object-ferry.job.failed', subject: id },
    data: { self, progress: { objectsFailed: 1 } },
  });
});

it('stops when it is cancelled, and what has no new name keeps its old one', async () => {
  const service = await open();
  await put(service, 150);
  service.twin.faults.add({ match: { operation: 'CopyObject' }, effect: { kind: 'latency', ms: 200 } });
  const { self } = (await read(service.call('/v1/renames', body))).body;
  await until(async () => service.twin.store.keys('backup').length > 0);
  const cancelled = await read(service.call(self, undefined, { method: 'DELETE', headers: keyed('c').headers }));
  expect(cancelled).toMatchObject({ status: 200, body: { state: 'cancelled', self } });
  await until(
    async () => (await read<{ ended: boolean }>(service.call(self.replace('renames', 'batches')))).body.ended,
  );
  const names = (bucket: string) => service.twin.store.keys(bucket).map((name) => name.replace(/^.*\//, ''));
  expect(names('photos').length).toBeGreaterThan(0);
  expect(new Set([...names('photos'), ...names('backup')]).size).toBe(150);
  expect((await read(service.call(self, undefined, { method: 'DELETE' }))).body.state).toBe('cancelled');
});

it('does not follow dots out of what the policy allows', async () => {
  const area = ['oss://photos/old/'];
  const caller = { name: 'contract', keys: [key], read: area, write: [...area, 'oss://backup'] };
  const service = await open({ config: { callers: [caller] } });
  await service.twin.store.put('photos', 'old/../../secret', { body: 'x' });
  const { self } = (await read(service.call('/v1/renames', body))).body;
  expect(await ended(service, self)).toMatchObject({ state: 'failed', progress: { objectsFailed: 1 } });
  expect(service.twin.store.keys('photos')).toEqual(['old/../../secret']);
});

it('that a version before batches began is finished by a batch', async () => {
  const service = await open();
  await put(service, 3);
  const { twin } = service;
  const store = { scheme: 'oss' as const, endpoint: twin.url, region: 'cn-hangzhou' };
  const { accessKeyId, secretAccessKey } = twin;
  const embedded = await openEmbedded({
    home: `${service.home}/old`,
    credentials: { oss: async () => ({ accessKeyId, secretAccessKey }) },
  });
  toClose.push(embedded);
  const sent: ApiMessage[] = [];
  const all = ['oss://photos', 'oss://backup'];
  const deps = {
    ...{ world: embedded.world, batches: embedded.batches, stores: { oss: store } },
    callers: [callerFrom({ name: 'contract', keys: [key], read: all, write: all })],
    messages: { send: async (messages: ApiMessage[]) => void sent.push(...messages) },
  } as unknown as ApiDeps;
  const now = Date.now();
  await embedded.world.state.create({
    ...{ id: 'old1', revision: 0, state: 'copying', many: true, mode: 'rename', store, options: {}, partsDone: 0 },
    ...{ source: { bucket: 'photos', key: 'old/' }, destination: { bucket: 'backup', key: 'new/' } },
    labels: { caller: 'contract', prefix: JSON.stringify({ after: 'old/', moved: 7, failed: 0 }) },
    ...{ idempotencyKey: 'api:contract:x', createdAt: now, updatedAt: now },
  });
  const invocation = () => ({ id: 'i', deadline: Date.now() + 60_000, attempt: 1 });
  const message = { kind: 'rename-prefix' as const, jobId: 'old1' };
  await continuePrefix(deps, message, invocation());
  expect(sent).toEqual([message]);
  await embedded.runBatch('old1-rest');
  await continuePrefix(deps, message, invocation());
  expect(await embedded.job('old1')).toMatchObject({
    state: 'done',
    labels: { prefix: JSON.stringify({ moved: 10, failed: 0 }) },
  });
  expect(twin.store.keys('photos')).toEqual([]);
});
