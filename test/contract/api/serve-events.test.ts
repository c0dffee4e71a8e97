import { afterEach, describe, expect, it } from 'vitest';
import { openEmbedded } from '../../../lib/runtime/embedded/open.ts';
import { openQueues } from '../../../lib/runtime/serve/queues.ts';
import type { EventShape } from '../../../lib/twin/events/target.ts';
import type { Twin } from '../../../lib/twin/start.ts';
import type { Service, ServiceOptions } from './support.ts';
import { key, openService, token, until } from './support.ts';

const MiB = 1024 * 1024;
const toClose: Service[] = [];
afterEach(async () => {
  for (const one of toClose.splice(0)) await one.close();
});

async function open(options: ServiceOptions): Promise<Service> {
  const service = await openService(options);
  toClose.push(service);
  return service;
}

const backup = { name: 'backup', source: { bucket: 'photos' }, destination: { bucket: 'backup' }, deletes: 'all' };

const shapes: [EventShape, 'oss' | 's3'][] = [
  ['oss', 'oss'],
  ['oss-eventbridge', 'oss'],
  ['s3', 's3'],
  ['s3-eventbridge', 's3'],
];

/** By key: what a reader would get. */
async function contents({ store }: Twin, bucket: string): Promise<Record<string, string>> {
  const pairs = store.keys(bucket).map(async (name) => [name, `${(await store.head(bucket, name))?.crc64}`] as const);
  return Object.fromEntries(await Promise.all(pairs));
}

describe.each(shapes)('events in the shape of %s', (shape, scheme) => {
  it('replicate uploads of all kinds, and deletes', async () => {
    const { twin, client, settled } = await open({
      ...{ scheme, shape },
      config: { rules: [backup] },
      events: { bucket: 'photos', duplicate: 0.3, partEvents: true },
      settings: { directMax: 6 * MiB, partSizeMin: 5 * MiB, staleMs: 2_000 },
    });
    const put = (name: string, body: string) => client.putObject({ bucket: 'photos', key: name }, Buffer.from(body));
    const names = [
      'a b',
      'a+b',
      'a%20b',
      'ü/é/日本',
      '?#&=',
      '"quotes\'',
      'x//y',
      '.hidden',
      `deep/${'d/'.repeat(50)}end`,
    ];
    await Promise.all(names.map((name) => put(name, name)));
    await put('empty', '');
    for (let i = 0; i < 10; i++) await put('often', `version ${i}`);
    await client.putObject({ bucket: 'photos', key: 'large' }, Buffer.alloc(16 * MiB, 'x'));
    await put('gone', 'soon');
    await put('back', 'first');
    await client.delete({ bucket: 'photos', key: 'gone' });
    await client.delete({ bucket: 'photos', key: 'back' });
    await put('back', 'again');
    await settled();
    const wanted = await contents(twin, 'photos');
    expect(Object.keys(wanted).length).toBe(names.length + 4);
    // Parts of large objects go on after their event is done.
    await until(async () => JSON.stringify(await contents(twin, 'backup')) === JSON.stringify(wanted));
    expect(twin.store.uploads('backup')).toEqual([]);
  });
});

describe('a replica that others write at the same time', () => {
  it('is written when they rest, and is no dead letter', async () => {
    const { twin, client, settled, url } = await open({
      shape: 's3',
      scheme: 's3',
      config: { rules: [{ ...backup, deletes: 'verified' }] },
      settings: { orphanGraceMs: 500 },
    });
    twin.faults.add({
      match: { operation: 'HeadObject', bucket: 'backup', key: 'k' },
      times: 4,
      effect: { kind: 'overwrite', bucket: 'backup', key: 'k', body: 'theirs' },
    });
    await client.putObject({ bucket: 'photos', key: 'k' }, Buffer.from('ours'));
    await settled();
    expect(String(await twin.store.bytes('backup', 'k'))).toBe('ours');
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/^ferry_events_dead 0$/m);
    // A second delivery looks once more, later: the worker of the first may have died with a CopyObject on its way (I2).
    expect(metrics).toMatch(/^ferry_tasks_done_total\{kind="copy"\} [1-9]/m);
  });
});

describe('rules in both directions', () => {
  it('come to rest, with both sides equal', async () => {
    const rules = [
      { name: 'there', source: { bucket: 'photos' }, destination: { bucket: 'backup' } },
      { name: 'back', source: { bucket: 'backup' }, destination: { bucket: 'photos' } },
    ];
    const { twin, client, settled } = await open({ shape: 'oss', config: { rules } });
    for (let i = 0; i < 5; i++) {
      await client.putObject({ bucket: 'photos', key: `p${i}` }, Buffer.from(`p${i}`));
      await client.putObject({ bucket: 'backup', key: `b${i}` }, Buffer.from(`b${i}`));
    }
    await until(async () => Object.keys(await contents(twin, 'photos')).length === 10);
    await settled();
    // Events of our own writes come a moment after them.
    await new Promise((resolve) => setTimeout(resolve, 300));
    await settled();
    const copies = twin.requests.count('CopyObject');
    expect(await contents(twin, 'photos')).toEqual(await contents(twin, 'backup'));
    expect(copies).toBeLessThanOrEqual(20);
  });
});

describe('POST /events', () => {
  const event = {
    events: [
      {
        eventName: 'ObjectCreated:PutObject',
        eventSource: 'acs:oss',
        eventTime: '2026-01-02T03:04:05.000Z',
        eventVersion: '1.0',
        region: 'cn-hangzhou',
        oss: {
          bucket: { name: 'photos' },
          object: { key: 'a', size: 1, eTag: 'E', deltaSize: 1 },
          ossSchemaVersion: '1.0',
        },
        requestParameters: { sourceIPAddress: '192.0.2.1' },
        responseElements: { requestId: 'R' },
        userIdentity: { principalId: '1' },
      },
    ],
  };

  it('asks who posts', async () => {
    const { url, call } = await open({});
    const post = async (path: string, headers: Record<string, string> = {}) =>
      (await fetch(url + path, { method: 'POST', body: JSON.stringify(event), headers })).status;
    expect(await post('/events')).toBe(401);
    expect(await post('/events/token-0123456789-0123456780')).toBe(401);
    expect(await post(`/events/${token}/more`)).toBe(404);
    expect(await post(`/events/${token}`)).toBe(202);
    expect(await post('/events', { authorization: `Bearer ${key}` })).toBe(202);
    expect((await call(`/events/${token}`)).status).toBe(405);
  });

  it('refuses what no store sends and keeps it as a dead letter, which can be sent again', async () => {
    const service = await open({});
    const response = await service.call('/events', { hello: 'world' });
    expect([response.status, ((await response.json()) as { type: string }).type]).toEqual([422, '/problems/invalid']);
    const embedded = await openEmbedded({ home: service.home });
    const { events } = openQueues(embedded);
    await until(async () => events.listDead(10).length === 1);
    expect(events.listDead(10)).toMatchObject([{ task: { body: '{"hello":"world"}' }, reason: /unknown trigger/ }]);
    expect(events.redrive()).toBe(1);
    await until(async () => events.listDead(10).length === 1);
    expect(events.drop()).toBe(1);
    await embedded.close();
  });

  it('keeps no more of what no store sends than it has room for, and still takes events', async () => {
    const { call } = await open({ config: { deadLetters: { unknownMegabytes: 1 } } });
    const junk = { hello: 'x'.repeat(600_000) };
    expect((await call('/events', junk)).status).toBe(422);
    const refused = await call('/events', junk);
    expect([refused.status, await refused.json()]).toMatchObject([
      503,
      { type: '/problems/retry-later', detail: /is not kept.*`ferry dead list`/s },
    ]);
    expect((await call('/events', { hello: 'small' })).status).toBe(422);
    expect((await call('/events', event)).status).toBe(202);
  });

  it('removes dead letters that are too old, and says so in the log', async () => {
    const { home, logs } = await open({});
    const embedded = await openEmbedded({ home });
    const { events } = openQueues(embedded);
    await events.keepDead([{ kind: 'posted', body: 'recent' }], 1, 'because');
    await events.keepDead([{ kind: 'posted', body: 'old' }], 1, 'because');
    const ninetyDays = 90 * 86_400_000;
    embedded.database.rows('UPDATE inbox SET dead_at = dead_at - ? WHERE task LIKE ?', ninetyDays, '%old%');
    await until(async () => events.listDead(10).length === 1);
    expect(events.listDead(10)).toMatchObject([{ task: { body: 'recent' } }]);
    expect(logs.join()).toMatch(/"message":"removed old dead letters","queue":"events","removed":1/);
    await embedded.close();
  });

  it('needs no worker for part-level events', async () => {
    const { call, logs } = await open({});
    const part = { ...event.events[0], eventName: 'ObjectCreated:UploadPart' };
    const response = await call('/events', { events: [part, part] });
    expect([response.status, await response.json()]).toEqual([202, { accepted: 0, skipped: { part: 2 } }]);
    expect(logs.join()).not.toContain('nothing to replicate');
  });
});
