/** What a service shows of its rules: in its metrics, in the API, and after a restart. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openEmbedded } from '../../../lib/runtime/embedded/open.ts';
import { keptRules, readTotals } from '../../../lib/runtime/watch/totals.ts';
import { startTwin } from '../../../lib/twin/start.ts';
import { freePort } from '../../free-port.ts';
import { useRig } from '../cli/harness.ts';
import type { Service, ServiceOptions } from './support.ts';
import { key, openService, token, until } from './support.ts';

const MiB = 1024 * 1024;
const toClose: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of toClose.splice(0).reverse()) await one.close();
});

async function open(options: ServiceOptions): Promise<Service> {
  const service = await openService({ scheme: 's3', shape: 's3', ...options });
  toClose.push(service);
  return service;
}

const rules = [
  { name: 'all', source: { bucket: 'photos' }, destination: { bucket: 'backup', key: 'all/{key}' }, deletes: 'all' },
  {
    name: 'small',
    source: { bucket: 'photos' },
    destination: { bucket: 'backup', key: 'small/{key}' },
    filters: { maxSize: 10 },
  },
];

/** Value of one series; 0 where it is not there. */
async function metric({ url }: Service, series: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1) ?? 0);
}

describe('figures of a rule', () => {
  const rig = useRig();

  it('count what was replicated, skipped and deleted, bytes, requests and lag', async () => {
    const service = await open({
      config: { rules },
      events: { bucket: 'photos' },
      settings: { directMax: 6 * MiB, partSizeMin: 5 * MiB },
    });
    const { client, settled, call, logs } = service;
    await client.putObject({ bucket: 'photos', key: 'a' }, Buffer.from('12345'));
    await client.putObject({ bucket: 'photos', key: 'large' }, Buffer.alloc(16 * MiB, 'x'));
    await settled();
    await until(async () => (await metric(service, 'ferry_rule_replicated_total{rule="all",action="copied"}')) === 2);
    await client.delete({ bucket: 'photos', key: 'a' });
    await settled();
    await until(async () => (await metric(service, 'ferry_rule_replicated_total{rule="all",action="deleted"}')) === 1);

    expect(await metric(service, 'ferry_rule_events_total{rule="all"}')).toBe(3);
    expect(await metric(service, 'ferry_rule_replicated_bytes_total{rule="all"}')).toBe(16 * MiB + 5);
    expect(await metric(service, 'ferry_rule_replicated_total{rule="small",action="copied"}')).toBe(1);
    expect(await metric(service, 'ferry_rule_skipped_total{rule="small",why="filtered"}')).toBe(1);
    expect(await metric(service, 'ferry_rule_skipped_total{rule="small",why="deletes-off"}')).toBe(1);
    expect(await metric(service, 'ferry_rule_lag_seconds_count{rule="all"}')).toBe(3);
    await until(async () => (await metric(service, 'ferry_rule_backlog_objects{rule="all"}')) === 0);
    expect(await metric(service, 'ferry_rule_oldest_unreplicated_seconds{rule="all"}')).toBe(0);
    // The parts, Initiate, Complete and looks of the large object among them.
    expect(await metric(service, 'ferry_rule_store_requests_total{rule="all"}')).toBeGreaterThan(8);

    const body = (await (await call('/v1/rules')).json()) as { rules: Record<string, unknown>[] };
    expect(body.rules).toMatchObject([
      {
        name: 'all',
        source: 's3://photos/',
        destinations: ['s3://backup/all/'],
        figures: {
          ...{ events: 3, replicated: 2, deleted: 1, bytes: 16 * MiB + 5, failed: {}, skipped: {}, backlog: 0 },
          lagSeconds: { of: 3 },
        },
      },
      { name: 'small', destinations: ['s3://backup/small/'], figures: { replicated: 1, skipped: { filtered: 1 } } },
    ]);
    const lines = logs.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.find(({ message, rule }) => message === 'copied' && rule === 'all')).toMatchObject({
      ...{ bucket: 'photos', key: 'a', destination: 'backup/all/a', bytes: 5, requests: 2, ms: expect.any(Number) },
    });
  });

  it('measure the lag from the time that the event tells', async () => {
    const service = await open({ shape: undefined, config: { rules } });
    const { client, call, settled, twin } = service;
    await client.putObject({ bucket: 'photos', key: 'late' }, Buffer.from('x'));
    const head = await twin.store.head('photos', 'late');
    const record = {
      eventVersion: '2.1',
      eventSource: 'aws:s3',
      awsRegion: 'us-east-1',
      eventTime: new Date(Date.now() - 60_000).toISOString(),
      eventName: 'ObjectCreated:Put',
      s3: { bucket: { name: 'photos' }, object: { key: 'late', size: 1, eTag: head?.etag, sequencer: '01' } },
    };
    expect((await call('/events', { Records: [record] })).status).toBe(202);
    await settled();
    await until(async () => (await metric(service, 'ferry_rule_lag_seconds_count{rule="all"}')) === 1);
    const lag = await metric(service, 'ferry_rule_lag_seconds_sum{rule="all"}');
    expect(lag).toBeGreaterThanOrEqual(60);
    expect(await metric(service, 'ferry_rule_lag_seconds_bucket{le="60",rule="all"}')).toBe(0);
  });

  it('show a broken destination as failures, and what waits as the backlog with its age', async () => {
    const service = await open({ config: { rules: [rules[0]] }, events: { bucket: 'photos' } });
    const { client, twin, call } = service;
    const broken = { match: { bucket: 'backup' }, effect: { kind: 'error', status: 503, code: 'ServiceUnavailable' } };
    twin.faults.add(broken as Parameters<typeof twin.faults.add>[0]);
    await client.putObject({ bucket: 'photos', key: 'a' }, Buffer.from('a'));
    await until(async () => (await metric(service, 'ferry_rule_backlog_objects{rule="all"}')) === 1);
    await until(async () => (await metric(service, 'ferry_rule_oldest_unreplicated_seconds{rule="all"}')) > 0);
    await until(async () => (await metric(service, 'ferry_rule_failures_total{rule="all",code="RetryLater"}')) > 0);
    const { rules: seen } = (await (await call('/v1/rules')).json()) as { rules: { figures: object }[] };
    expect(seen[0]?.figures).toMatchObject({ backlog: 1, replicated: 0, oldestAt: expect.any(String) });
    twin.faults.clear();
    await until(async () => (await metric(service, 'ferry_rule_backlog_objects{rule="all"}')) === 0);
  });

  it('go on over a restart, and `ferry status --rules` reads them with no service running', async () => {
    const home = mkdtempSync(join(tmpdir(), 'ferry-rules-'));
    const port = await freePort();
    const target = { url: `http://127.0.0.1:${port}/events/${token}`, shape: 's3' as const, bucket: 'photos' };
    const twin = await startTwin({ buckets: [{ name: 'photos' }, { name: 'backup' }], events: [target] });
    toClose.push(twin, { close: () => rmSync(home, { recursive: true, force: true }) });
    const options: ServiceOptions = { scheme: 's3', home, twin, config: { rules, port } };
    const first = await openService(options);
    await first.client.putObject({ bucket: 'photos', key: 'a' }, Buffer.from('a'));
    await until(async () => (await metric(first, 'ferry_rule_replicated_total{rule="all",action="copied"}')) === 1);
    const lastSuccess = await metric(first, 'ferry_rule_last_success_timestamp_seconds{rule="all"}');
    expect(lastSuccess).toBeGreaterThan(0);
    await first.serving.close();
    await first.client.close();

    const embedded = await openEmbedded({ home });
    expect(await keptRules(embedded.world.shared)).toMatchObject({ rules: [{ name: 'all' }, { name: 'small' }] });
    expect(await readTotals(embedded.world.shared, 'all')).toMatchObject({ replicated: 1, bytes: 1, requests: 2 });
    await embedded.close();
    const shown = await rig.run('status', '--rules', '--state', home);
    expect(shown.stdout).toMatch(/^RULE .*\nall +0 +- +0 +1 +0 +0 +1 B +2 /);

    const second = await openService(options);
    toClose.push(second.client, second.serving);
    expect(await metric(second, 'ferry_rule_last_success_timestamp_seconds{rule="all"}')).toBe(lastSuccess);
    await second.client.putObject({ bucket: 'photos', key: 'b' }, Buffer.from('b'));
    await until(async () => (await metric(second, 'ferry_rule_replicated_total{rule="all",action="copied"}')) === 1);
    const body = (await (await second.call('/v1/rules')).json()) as { rules: { figures: object }[] };
    expect(body.rules[0]?.figures).toMatchObject({ replicated: 2, bytes: 2 });
  });
});

describe('GET /v1/rules', () => {
  const caller = (name: string, areas: object) => ({ name, keys: [`${name}-key-0123456789abcdef`], ...areas });

  it('shows a caller only rules both of whose sides its policy covers', async () => {
    const callers = [
      { name: 'contract', keys: [key], read: ['s3://photos'], write: ['s3://backup'] },
      caller('source-only', { read: ['s3://photos'] }),
      caller('a-folder', { read: ['s3://photos/a/', 's3://backup'] }),
      caller('everything', { seesAllJobs: true }),
    ];
    const { url, call } = await open({ config: { rules, callers } });
    const names = async (response: Promise<Response>) =>
      ((await (await response).json()) as { rules: { name: string }[] }).rules.map(({ name }) => name);
    const as = (name: string) =>
      names(fetch(`${url}/v1/rules`, { headers: { authorization: `Bearer ${name}-key-0123456789abcdef` } }));
    expect(await names(call('/v1/rules'))).toEqual(['all', 'small']);
    expect(await as('source-only')).toEqual([]);
    expect(await as('a-folder')).toEqual([]);
    expect(await as('everything')).toEqual(['all', 'small']);
    expect((await fetch(`${url}/v1/rules`)).status).toBe(401);
  });
});
