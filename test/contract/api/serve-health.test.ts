/** `/readyz`, events and jobs while stores cannot be used, and after they are mended. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { StateDatabase } from '../../../lib/state/database.ts';
import { EmbeddedSharedRecords } from '../../../lib/state/embedded-shared.ts';
import type { Twin } from '../../../lib/twin/start.ts';
import { startTwin } from '../../../lib/twin/start.ts';
import { Health } from '../../../lib/runtime/watch/health.ts';
import { systemClock } from '../../../lib/runtime/shared/system-clock.ts';
import { jsonLog } from '../../../lib/log.ts';
import { useRig } from '../cli/harness.ts';
import type { Service, ServiceOptions } from './support.ts';
import { key, openService, until } from './support.ts';

const MiB = 1024 * 1024;
const toClose: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of toClose.splice(0).reverse()) await one.close();
});

async function open(options: ServiceOptions): Promise<Service> {
  const service = await openService({ scheme: 's3', ...options });
  toClose.push(service);
  return service;
}

const rule = { name: 'all', source: { bucket: 'photos' }, destination: { bucket: 'backup' } };
const readiness = async ({ url }: Service) => {
  const response = await fetch(`${url}/readyz`);
  return { status: response.status, why: ((await response.json()) as { why?: string }).why ?? '' };
};
const metrics = async ({ url }: Service) => await (await fetch(`${url}/metrics`)).text();
const lines = ({ logs }: Service) => logs.map((line) => JSON.parse(line) as Record<string, unknown>);
type Fault = Parameters<Twin['faults']['add']>[0];

async function brokenTwin(effect: Fault['effect'], match: Fault['match'] = {}): Promise<Twin> {
  const twin = await startTwin({ buckets: [{ name: 'photos' }, { name: 'backup' }] });
  twin.faults.add({ match, effect });
  toClose.push(twin);
  return twin;
}

const created = (key: string) => ({
  Records: [
    {
      ...{ eventVersion: '2.1', eventSource: 'aws:s3', awsRegion: 'us-east-1', eventName: 'ObjectCreated:Put' },
      eventTime: new Date().toISOString(),
      s3: { bucket: { name: 'photos' }, object: { key, size: 1, sequencer: '01' } },
    },
  ],
});

describe('/readyz', () => {
  it.each([
    ['credentials are refused', { kind: 'error', status: 403, code: 'InvalidAccessKeyId' }, /credentials/],
    ['a store is away', { kind: 'drop' }, /rule all, caller contract: s3:/],
  ] as const)('is 503 with the reason while %s, and 200 by itself afterwards', async (_, effect, why) => {
    const twin = await brokenTwin(effect);
    const service = await open({ twin, unchecked: true, config: { rules: [{ ...rule }] } });
    await until(async () => why.test((await readiness(service)).why));
    expect((await readiness(service)).status).toBe(503);
    expect(await metrics(service)).toMatch(/^ferry_ready 0$[^]*^ferry_rule_healthy\{rule="all"\} 0$/m);
    expect(lines(service)).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'a store cannot be used' }),
    );
    twin.faults.clear();
    await until(async () => (await readiness(service)).status === 200);
    expect(await metrics(service)).toMatch(/^ferry_rule_healthy\{rule="all"\} 1$/m);
  });

  it('stays 200 while one bucket is missing, which its rule shows', async () => {
    const missing = { name: 'gone', source: { bucket: 'photos' }, destination: { bucket: 'nowhere' } };
    const callers = [{ name: 'contract', keys: [key], seesAllJobs: true }];
    const service = await open({ config: { rules: [missing], callers } });
    expect((await readiness(service)).status).toBe(200);
    const { rules } = (await (await service.call('/v1/rules')).json()) as { rules: object[] };
    expect(rules).toMatchObject([{ name: 'gone', problem: expect.stringContaining('no such bucket') }]);
    expect(await metrics(service)).toMatch(/^ferry_rule_healthy\{rule="gone"\} 0$/m);
    expect(lines(service)).toContainEqual(
      expect.objectContaining({ message: 'a store cannot be used', code: 'NoSuchBucket' }),
    );
  });

  it('is 503 while the disk is full', async () => {
    const home = mkdtempSync(join(tmpdir(), 'ferry-disk-'));
    toClose.push({ close: () => rmSync(home, { recursive: true, force: true }) });
    const database = StateDatabase.openIn(home);
    const shared = new EmbeddedSharedRecords(database, systemClock);
    const logged: string[] = [];
    const health = new Health({
      places: [],
      client: () => {
        throw new Error('there is no place to check');
      },
      writeProbe: async () => {
        const id = `probe-${Math.random()}`;
        await shared.compareAndSet(id, undefined, { filler: 'x'.repeat(8_192) }, Date.now() + 60_000);
      },
      clock: { now: Date.now, sleep: () => new Promise((resolve) => setTimeout(resolve, 5)) },
      log: jsonLog({ write: (line) => void logged.push(line) }),
    });
    const stop = new AbortController();
    const running = health.keep(stop.signal);
    await until(async () => health.notReady() === undefined);
    const [page] = database.rows<{ page_count: number }>('PRAGMA page_count');
    database.rows(`PRAGMA max_page_count = ${page?.page_count ?? 0}`);
    health.suspectDisk();
    await until(async () => /No space is left/.test(health.notReady() ?? ''));
    database.rows('PRAGMA max_page_count = 1000000');
    await until(async () => health.notReady() === undefined);
    stop.abort();
    await running;
    database.close();
    expect(logged.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual([
      'the disk cannot be written',
      'the disk can be written again',
    ]);
  });
});

describe('an event whose rule cannot work', () => {
  it.each([
    ['credentials are refused', { status: 403, code: 'InvalidAccessKeyId' }],
    ['a permission is missing', { status: 403, code: 'AccessDenied' }],
    ['the bucket is missing', { status: 404, code: 'NoSuchBucket' }],
  ])('waits while %s, and is replicated when that is mended', async (_, answer) => {
    const service = await open({ config: { rules: [rule] } });
    const { client, twin, call } = service;
    await client.putObject({ bucket: 'photos', key: 'a' }, Buffer.from('a'));
    twin.faults.add({ match: { operation: 'CopyObject' }, effect: { kind: 'error', ...answer } });
    expect((await call('/events', created('a'))).status).toBe(202);
    await until(async () => lines(service).some(({ message }) => message === 'a task will be tried again'));
    expect(await metrics(service)).toMatch(/^ferry_events_dead 0$/m);
    expect(await metrics(service)).toMatch(/^ferry_rule_backlog_objects\{rule="all"\} 1$/m);
    twin.faults.clear();
    await until(async () => twin.store.keys('backup').includes('a'));
  });

  it('comes back when the job that it began fails for such a reason', async () => {
    const settings = { directMax: 6 * MiB, partSizeMin: 5 * MiB };
    const service = await open({ config: { rules: [rule] }, settings });
    const { client, twin, call } = service;
    await client.putObject({ bucket: 'photos', key: 'large' }, Buffer.alloc(8 * MiB, 'x'));
    const effect = { kind: 'error', status: 403, code: 'AccessDenied' } as const;
    twin.faults.add({ match: { operation: 'UploadPartCopy' }, effect });
    expect((await call('/events', created('large'))).status).toBe(202);
    await until(async () => lines(service).some(({ message }) => message === 'job failed'));
    expect(await metrics(service)).toMatch(/^ferry_events_open 1$/m);
    twin.faults.clear();
    await until(async () => twin.store.keys('backup').includes('large'));
  });
});

describe('ferry serve --check', () => {
  const rig = useRig();
  const env = { EVENT_TOKEN: 'token-0123456789-0123456789' };

  async function check(config: object, more: Record<string, string | undefined> = env) {
    const path = join(rig.folder, 'ferry.yaml');
    writeFileSync(path, JSON.stringify({ eventTokens: ['env:EVENT_TOKEN'], defaultStore: 's3', ...config }));
    return await rig.runWith(more, 'serve', '--check', '--config', path);
  }

  it('exits with 0 when all can be used, and leaves nothing behind', async () => {
    const { code, stdout } = await check({ rules: [rule] });
    expect(stdout).toContain('✓ rule all: s3://photos/');
    expect(stdout).toContain('✓ rule all: s3://backup/');
    expect(code).toBe(0);
    expect(rig.twin.store.uploads('backup')).toEqual([]);
  });

  it('names each problem of the stores', async () => {
    const missing = { ...rule, name: 'gone', destination: { bucket: 'nowhere' } };
    const { code, stdout } = await check({ rules: [rule, missing] });
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ rule gone: s3:\/\/nowhere\/: .*no such bucket/);
    expect(stdout).toContain('✓ rule all: s3://backup/');
  });

  it('names credentials that the store refuses', async () => {
    const { code, stdout } = await check({ rules: [rule] }, { ...env, AWS_SECRET_ACCESS_KEY: 'wrong' });
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ rule all: s3:\/\/photos\/: .*does not accept the credentials/);
  });

  it('names a variable without a value, and what is wrong in the file', async () => {
    const unset = await check({ rules: [rule] }, {});
    expect([unset.code, unset.stderr]).toEqual([2, expect.stringContaining('EVENT_TOKEN is not set')]);
    const misspelt = await check({ rules: [{ ...rule, filter: {} }] });
    expect([misspelt.code, misspelt.stderr]).toEqual([2, expect.stringContaining('filter')]);
  });
});
