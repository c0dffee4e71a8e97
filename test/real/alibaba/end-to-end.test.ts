/**
 * The whole installation on Alibaba Cloud: the built bundles in processes that are frozen and killed as on Function Compute, on
 * stand-ins of OSS and Tablestore. Messages come twice or never, and the API is too busy. `FERRY_E2E_SCALE` (1) scales the
 * number of small objects; 50 makes a batch of 10,000.
 */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { RequestRecord } from '../../../lib/twin/requests.ts';
import { openStore } from '../../../lib/store/open.ts';
import type { Installation } from './installation.ts';
import { apiKey, archive, backup, expectAtRest, install, partSize, patience, source, stage } from './installation.ts';
import { withMischief } from './mischief.ts';

const scale = Number(process.env.FERRY_E2E_SCALE ?? 1);
const parts = 1_000;
const pageSize = 100;
/** 16 parts in flight by default, and four tasks for each of them. */
const partsPerTask = Math.ceil(parts / (16 * 4));

let at: Installation;
beforeAll(async () => {
  at = await install();
}, 120_000);
afterEach(() => at.forget());
afterAll(async () => {
  await at?.close();
}, 60_000);

async function call<Answer = View>(method: string, path: string, body?: object): Promise<Answer & { path: string }> {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  for (let left = 50; ; left -= 1) {
    const response = await fetch(at.api + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await response.text();
    // The store of jobs may be busy, and the API says so.
    if (response.status >= 429 && left > 0) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      continue;
    }
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return { ...(JSON.parse(text) as Answer), path: response.headers.get('location') ?? path };
  }
}
interface View {
  id: string;
  state: string;
  ended?: boolean;
  result?: object;
  progress?: object;
}
const stateOf = (path: string) => call('GET', path).then(({ state }) => state);
const endOf = (path: string) => expect.poll(() => stateOf(path), patience).toMatch(/done|failed|cancelled|superseded/);

const isThere = async (bucket: string, key: string) => (await at.oss.store.head(bucket, key)) !== undefined;
const bytes = (bucket: string, key: string) => at.oss.store.bytes(bucket, key);
const done = (operation: string, more: (record: RequestRecord) => boolean = () => true) =>
  at.oss.requests.all({ operation }).filter((record) => record.status === 200 && more(record));
const writes = () => at.table.requests.filter(({ operation }) => /^(?:Put|Update)Row$/.test(operation)).length;
const deliveries = () => {
  const queues = [at.functions.parts, at.functions.work].map(({ name }) => at.host.queueOf(name));
  return queues.reduce((sum, { counts }) => sum + counts.delivered, 0);
};
const killed = () => [at.functions.parts, at.functions.work].reduce((sum, { counts }) => sum + counts.killed, 0);

/** One Complete of each upload (I4), every part under its pin (I1), the source removed after the destination was verified (I3). */
function expectOneCompleted(to: string): void {
  const completed = done('CompleteMultipartUpload', ({ key }) => key === to);
  expect(completed.map(({ query }) => query['uploadId'])).toHaveLength(1);
  expect(done('UploadPartCopy').filter(({ carries }) => !carries?.['copy-source-if-match'])).toEqual([]);
  const order = at.oss.requests.all();
  const verified = order.findIndex(({ operation, key }, n) => {
    const isAfter = n > order.indexOf(completed[0] as RequestRecord);
    return isAfter && operation === 'HeadObject' && key === to;
  });
  const removed = order.findIndex(({ operation }) => operation === 'DeleteObject');
  expect(verified).toBeGreaterThan(0);
  expect(removed).toBeGreaterThan(verified);
}

async function rename(key: string) {
  await at.oss.store.put(backup, key, { size: parts * partSize, seed: 7 });
  const before = await bytes(backup, key);
  at.forget();
  const from = deliveries();
  const to = `renamed/größer + ${key}`;
  const { path } = await call('POST', '/v1/renames', { from: `oss://${backup}/${key}`, to: `oss://${archive}/${to}` });
  return {
    path,
    expectRenamed: async () => {
      expect(await call('GET', path)).toMatchObject({ state: 'done', result: { way: 'parts', sourceRemoved: true } });
      expect((await bytes(archive, to)).equals(before)).toBe(true);
      expect(await isThere(backup, key)).toBe(false);
      expectOneCompleted(to);
      return { deliveries: deliveries() - from, writes: writes(), copied: done('UploadPartCopy').length };
    },
  };
}

it('renames an object of 1,000 parts within the budget of requests and writes', async () => {
  const { path, expectRenamed } = await rename('undisturbed');
  await endOf(path);
  const counted = await expectRenamed();
  await expectAtRest(at);
  console.log('1,000 parts, undisturbed', counted);
  expect(counted.copied).toBe(parts);
  expect(counted.writes).toBeLessThanOrEqual(parts / partsPerTask + 5);
});

it('renames it when instances are killed, messages come twice or never, and the API is too busy', async () => {
  const before = killed();
  const { path, expectRenamed } = await rename('disturbed');
  // Long enough for the strikes to meet it.
  at.oss.faults.add({ match: { operation: 'UploadPartCopy' }, effect: { kind: 'latency', ms: 40 } });
  await withMischief(at, [at.functions.parts, at.functions.work], () => endOf(path)).finally(() =>
    at.oss.faults.clear(),
  );
  const counted = await expectRenamed();
  await expectAtRest(at);
  console.log('1,000 parts, disturbed', { ...counted, killed: killed() - before });
  expect(killed()).toBeGreaterThan(before);
  // Each delivery after the first counts its parts again, and marks and unmarks its task.
  const again = counted.deliveries - Math.ceil(parts / partsPerTask);
  expect(counted.writes).toBeLessThanOrEqual(parts / partsPerTask + 5 + 3 * again);
});

it('copies each object of a batch, and counts it once', async () => {
  const count = Math.ceil(200 * scale);
  for (let n = 0; n < count; n += 1) await at.oss.store.put(archive, `in/${n % 7}/ä ${n}`, { body: `body ${n}` });
  await at.oss.store.put(archive, 'in/large', { size: 40 * partSize });
  const before = killed();
  const started = Date.now();
  const { path } = await call('POST', '/v1/batches', {
    source: { prefix: `oss://${archive}/in/` },
    destination: `oss://${backup}/out/`,
    pageSize,
  });
  const ended = async () => (await call('GET', path)).ended;
  await withMischief(at, [at.functions.parts, at.functions.work], () => expect.poll(ended, patience).toBe(true));
  await expectAtRest(at);
  const [copies, seconds] = [done('CopyObject').length, (Date.now() - started) / 1_000];
  console.log('a batch in trouble', { count, copies, writes: writes(), seconds, killed: killed() - before });
  expect(await call('GET', path)).toMatchObject({ state: 'done', counts: { copied: count + 1 } });
  for (let n = 0; n < count; n += 1) {
    expect((await bytes(backup, `out/${n % 7}/ä ${n}`)).toString()).toBe(`body ${n}`);
  }
  expect((await bytes(backup, 'out/large')).equals(await bytes(archive, 'in/large'))).toBe(true);
  expect(killed()).toBeGreaterThan(before);
});

it('moves all below a prefix, and leaves nothing behind', async () => {
  const count = Math.ceil(50 * scale);
  for (let n = 0; n < count; n += 1) await at.oss.store.put(backup, `old/${n}`, { body: `body ${n}` });
  await at.oss.store.put(backup, 'old/large', { size: 40 * partSize, seed: 3 });
  const large = await bytes(backup, 'old/large');
  const body = { fromPrefix: `oss://${backup}/old/`, toPrefix: `oss://${archive}/new/` };
  const { path } = await call('POST', '/v1/renames', body);
  await withMischief(at, [at.functions.parts, at.functions.work], () => endOf(path));
  await expectAtRest(at);
  expect(await stateOf(path)).toBe('done');
  for (let n = 0; n < count; n += 1) {
    expect((await bytes(archive, `new/${n}`)).toString()).toBe(`body ${n}`);
    expect(await isThere(backup, `old/${n}`)).toBe(false);
  }
  expect((await bytes(archive, 'new/large')).equals(large)).toBe(true);
  expect(await isThere(backup, 'old/large')).toBe(false);
});

it('leaves source and destination as they were when a rename is cancelled', async () => {
  await at.oss.store.put(backup, 'kept', { size: 400 * partSize, seed: 4 });
  const before = await bytes(backup, 'kept');
  at.oss.faults.add({ match: { operation: 'UploadPartCopy' }, effect: { kind: 'latency', ms: 300 } });
  const { path } = await call('POST', '/v1/renames', { from: `oss://${backup}/kept`, to: `oss://${archive}/kept` });
  await withMischief(at, [at.functions.parts], async () => {
    await expect.poll(() => done('UploadPartCopy').length, patience).toBeGreaterThan(0);
    await call('DELETE', path);
  }).finally(() => at.oss.faults.clear());
  await expectAtRest(at, ['done', 'cancelled']);
  expect(await stateOf(path)).toBe('cancelled');
  expect((await bytes(backup, 'kept')).equals(before)).toBe(true);
  expect(await isThere(archive, 'kept')).toBe(false);
});

it('replicates both ways without a loop, and ends with the newest version of each object', async () => {
  const count = Math.ceil(50 * scale);
  const { url: endpoint, ...credentials } = at.oss;
  const address = { scheme: 'oss' as const, endpoint, region: stage.region };
  const client = openStore({ address, credentials: async () => credentials });
  const { objectCreated } = at.functions;
  const before = objectCreated.counts.killed;
  at.oss.faults.add({ match: { operation: 'CopyObject' }, effect: { kind: 'latency', ms: 100 } });
  await withMischief(at, [objectCreated], async () => {
    for (const version of ['first', 'second']) {
      for (let n = 0; n < count; n += 1) {
        const bucket = n % 2 === 0 ? source : backup;
        await client.putObject({ bucket, key: `both/${n}` }, `${version} ${n}`);
      }
    }
    await expect.poll(() => at.host.pending(), { ...patience, interval: 50 }).toBe(0);
  }).finally(() => at.oss.faults.clear());
  await client.close();
  await expectAtRest(at, ['done', 'cancelled']);
  for (let n = 0; n < count; n += 1) {
    const both = [await bytes(source, `both/${n}`), await bytes(backup, `both/${n}`)].map(String);
    expect(both).toEqual([`second ${n}`, `second ${n}`]);
  }
  expect(objectCreated.counts.killed).toBeGreaterThan(before);
  // Two events for each object, each twice, and a further copy where the source changed meanwhile: none of a replica's own.
  console.log('both ways', { count, copies: done('CopyObject').length, ...objectCreated.counts });
});

it('has asked for nothing that its roles do not allow, and has written no secret to a log', () => {
  expect(at.refused()).toEqual([]);
  expect(at.lines.length).toBeGreaterThan(0);
  const secrets = /role-secret|role-token|end-to-end-key|ACS3-HMAC-SHA256 C|Signature=/;
  expect(at.lines.filter((line) => secrets.test(line))).toEqual([]);
});
