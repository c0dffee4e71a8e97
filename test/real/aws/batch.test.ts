/**
 * Batches on the whole installation: pages and results in a bucket, the built bundles on the Lambda host, without faults,
 * killed and told everything twice, paused, and cancelled. `FERRY_E2E_SCALE` (1) scales the number of small objects.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BatchWorld, ResultLine, Summary } from '../../../lib/batch/index.ts';
import { results } from '../../../lib/batch/index.ts';
import { putLarge, sha256 } from '../../contract/store/large.ts';
import { MiB, unique } from '../../contract/store/target.ts';
import { quirks } from '../quirks.ts';
import type { Passed } from '../servers/proxy.ts';
import { isPartCopy } from '../servers/proxy.ts';
import type { ServerInfo } from '../servers/server.ts';
import { expectAtRest, patience } from './at-rest.ts';
import type { Installation } from './installation.ts';
import { apiKey, install } from './installation.ts';
import { withMischief } from './mischief.ts';
import { onBoth } from './on-both.ts';

const scale = Number(process.env.FERRY_E2E_SCALE ?? 1);
const pageSize = 200;
const parts = 8;
const larges = ['in/large 1', 'in/large 2'];

/** As the API answers. */
interface View {
  id: string;
  paused: boolean;
  ended: boolean;
  /** Path of the batch. */
  self: string;
}

onBoth('batches on AWS', batches);

function batches(server: ServerInfo, queueServer: ServerInfo<'moto'>): void {
  const small = Math.ceil(3_000 * scale);
  /** What lies in the source: key, bytes, ETag. */
  let wanted: [string, number, string][] = [];
  const sums: Record<string, string> = {};
  let at: Installation;
  let world: BatchWorld;
  beforeAll(async () => {
    at = await install(server, queueServer, { FERRY_DIRECT_MAX: String(32 * MiB) });
    const runtime = await at.open();
    if (!runtime.batches) throw new Error('the runtime has no batches');
    world = runtime.batches;
    let next = 0;
    const put = async (): Promise<void> => {
      for (let n = next++; n < small; n = next++) {
        await at.store.putObject({ bucket: at.aside, key: `in/${n % 7}/ä ${n}` }, `body ${n}`.repeat(50));
      }
    };
    await Promise.all(Array.from({ length: 24 }, put));
    for (const key of larges) {
      const place = { store: at.store, bucket: at.aside, quirks: quirks[server.kind] };
      sums[key] = (await putLarge(place, { bucket: at.aside, key }, { parts, partSize: 5 * MiB })).sha256;
    }
    wanted = await listed(at.aside, 'in/');
    expect(wanted).toHaveLength(small + larges.length);
  });
  afterAll(() => at?.close());

  const isCopy = (request: Passed) => request.method === 'PUT' && 'x-amz-copy-source' in request.headers;
  const requests = (is: (request: Passed) => boolean) => at.calls.store.passed.filter(is).length;
  const copies = () => ({
    CopyObject: requests((r) => isCopy(r) && !isPartCopy(r)),
    UploadPartCopy: requests(isPartCopy),
  });
  const bytesOf = (objects: [string, number, string][]) => objects.reduce((sum, [, size]) => sum + size, 0);

  async function listed(bucket: string, prefix: string): Promise<[string, number, string][]> {
    const found: [string, number, string][] = [];
    let token: string | undefined;
    do {
      const page = await at.store.listObjects(bucket, { prefix, token });
      found.push(...page.contents.map(({ key, size, etag }): [string, number, string] => [key, size, etag]));
      token = page.next;
    } while (token !== undefined);
    return found;
  }

  async function call(method: string, path: string, body?: object): Promise<View> {
    const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
    const answer = await fetch(at.front.url + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text) as View;
  }

  /** Asks for a copy of all of `in/` into a prefix of its own. */
  async function start(): Promise<{ id: string; prefix: string; path: string }> {
    const prefix = `${unique('batch')}/`;
    at.calls.store.passed.length = 0;
    at.deliveries.clear();
    const { id, self } = await call('POST', '/v1/batches', {
      source: { prefix: `s3://${at.aside}/in/` },
      destination: `s3://${at.replica}/${prefix}`,
      pageSize,
    });
    return { id, prefix, path: self };
  }

  const ended = ({ path }: { path: string }) =>
    expect.poll(async () => (await call('GET', path)).ended, patience).toBe(true);
  const delivered = (queue: string) => at.deliveries.get(at.queues[queue]?.url ?? '') ?? 0;
  const copied = async (prefix: string) => (await listed(at.replica, prefix)).length;

  /** As it lies in the bucket. */
  async function summaryOf(id: string): Promise<Summary> {
    const text = await world
      .files({
        kind: 'bucket',
        store: { scheme: 's3', endpoint: at.calls.store.url, region: server.region },
        bucket: at.workBucket,
        prefix: 'batches/',
      })
      .read(`${id}/summary.json`);
    return JSON.parse(text ?? '{}') as Summary;
  }

  async function linesOf(id: string): Promise<ResultLine[]> {
    const lines: ResultLine[] = [];
    for await (const line of results(world, id)) lines.push(line);
    return lines;
  }

  /** Each object is there and counted once, and nothing else. */
  async function expectAll({ id, prefix }: { id: string; prefix: string }): Promise<Summary> {
    const summary = await summaryOf(id);
    const all = small + larges.length;
    expect(summary).toMatchObject({
      state: 'done',
      entries: all,
      counts: { copied: all },
      bytes: bytesOf(wanted),
      failures: {},
      rejected: 0,
    });
    const lines = await linesOf(id);
    expect(lines.map(({ key }) => key).sort()).toEqual(wanted.map(([key]) => key).sort());
    const there = (await listed(at.replica, prefix)).map(([key, ...rest]) => [
      `in/${key.slice(prefix.length)}`,
      ...rest,
    ]);
    expect(there.sort()).toEqual([...wanted].sort());
    for (const key of larges) {
      expect(await sha256(at.store, { bucket: at.replica, key: prefix + key.slice(3) })).toBe(sums[key]);
    }
    return summary;
  }

  it('copies every object with one call each, and every part of the large ones once', async () => {
    const batch = await start();
    await ended(batch);
    await expectAtRest(at);
    const summary = await expectAll(batch);
    const { CopyObject, UploadPartCopy } = copies();
    console.log('a batch without faults', {
      CopyObject,
      UploadPartCopy,
      seconds: summary.seconds,
      tasks: delivered('TasksQueue'),
    });
    // A function that a slow machine let run out of time is followed by another.
    const again = at.work.counts.timeouts + at.work.counts.errors;
    expect(CopyObject).toBeLessThanOrEqual(small + again * pageSize);
    expect(UploadPartCopy).toBeLessThanOrEqual(larges.length * parts + again);
    expect(summary.calls['UploadPartCopy']).toBe(larges.length * parts);
    expect(summary.calls['CopyObject']).toBeGreaterThanOrEqual(small - again * pageSize);
    expect(summary.calls['CopyObject']).toBeLessThanOrEqual(CopyObject);
    expect(summary.cost).toMatchObject({ currency: 'USD' });
    // A copy each and a look each, and what the parts take, at 5 and 0.4 USD for a million.
    expect(summary.cost.amount).toBeCloseTo((small * (5 + 0.4) + larges.length * (parts + 2) * 5) / 1e6, 4);
  });

  it('counts each object once when its functions are killed and stalled and messages come twice', async () => {
    const { killed, timeouts } = { ...at.work.counts };
    const batch = await start();
    await withMischief(at, at.work, () => ended(batch));
    await expectAtRest(at);
    const summary = await expectAll(batch);
    expect(at.work.counts.killed).toBeGreaterThan(killed);
    console.log('a batch in trouble', {
      told: summary.calls,
      ...copies(),
      seconds: summary.seconds,
      before: { killed, timeouts },
      ...at.work.counts,
    });
  });

  it('begins nothing while it is paused, and goes on when it is resumed', async () => {
    const batch = await start();
    await expect.poll(() => copied(batch.prefix), { timeout: 100_000, interval: 100 }).toBeGreaterThan(small / 20);
    expect(await call('POST', `${batch.path}/pause`)).toMatchObject({ paused: true });
    await expectAtRest(at, ['done', 'planned', 'copying']);
    const before = await copied(batch.prefix);
    expect(before).toBeLessThan(small);
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    expect(await copied(batch.prefix)).toBe(before);
    await call('POST', `${batch.path}/resume`);
    await ended(batch);
    await expectAtRest(at);
    await expectAll(batch);
  });

  it('begins nothing more when it is cancelled, and tells what was copied', async () => {
    const batch = await start();
    await expect.poll(() => copied(batch.prefix), { timeout: 100_000, interval: 100 }).toBeGreaterThan(small / 20);
    await call('DELETE', batch.path);
    await ended(batch);
    await expectAtRest(at, ['done', 'cancelled']);
    const summary = await summaryOf(batch.id);
    const there = new Set((await listed(at.replica, batch.prefix)).map(([key]) => key));
    const lines = await linesOf(batch.id);
    const told = lines.filter(({ status }) => status === 'copied');
    expect(there.size).toBeLessThan(small);
    expect(summary).toMatchObject({ state: 'cancelled', entries: lines.length, counts: { copied: told.length } });
    expect(told.filter(({ destination }) => !there.has(destination.key))).toEqual([]);
    expect(new Set(told.map(({ destination }) => destination.key))).toEqual(there);
  });
}
