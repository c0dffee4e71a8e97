/** Archived sources: refused, or restored and then copied, on the clock of the twin. */
import { afterEach, describe, expect, it } from 'vitest';
import { loadRules } from '../../../lib/replicate/rules/rules.ts';
import { replicateEvents } from '../../../lib/replicate/replicate-events.ts';
import { runToEnd } from '../batch/rig.ts';
import { until } from '../cli/harness.ts';
import { dialects, openRig, type Rig } from './rig.ts';

const hour = 3_600_000;
const MiB = 1024 ** 2;
const source = { bucket: 'photos', key: 'old.tar' };
const destination = { bucket: 'backup', key: 'old.tar' };
const restored = 4 * hour;

let rig: Rig;
let ahead = 0;
afterEach(async () => {
  ahead = 0;
  await rig.close();
});

async function open(scheme: 'oss' | 's3', settings = {}): Promise<void> {
  rig = await openRig(scheme, {
    twin: { clock: () => Date.now() + ahead, limits: { restoreMs: restored } },
    settings: { restoreLookMs: 20, ...settings },
  });
}

const asked = () => rig.twin.requests.count('RestoreObject');
const waits = () => until(() => asked() > 0, 'a restore to be asked for');

describe.each(dialects)('an archived source on %s', (scheme) => {
  it('is refused before any write, in words that name the option', async () => {
    await open(scheme);
    await rig.twin.store.put('photos', 'old.tar', { body: 'old', storageClass: 'GLACIER' });
    await expect(rig.run({ source, destination })).rejects.toMatchObject({
      code: 'Archived',
      message: expect.stringContaining('--restore DAYS') as string,
    });
    expect(asked()).toBe(0);
  });

  it.each([
    ['in one call', 3, {}],
    ['by parts', 12 * MiB, { partSize: 5 * MiB }],
  ])('is restored once and then copied %s', async (_how, size, options) => {
    await open(scheme);
    const { crc64 } = await rig.twin.store.put('photos', 'old.tar', {
      size,
      storageClass: 'GLACIER',
      tags: { a: 'b' },
    });
    const running = rig.run({ source, destination, options: { ...options, restore: { days: 2 } } });
    await waits();
    const { jobs } = await rig.embedded.world.state.list({ limit: 5 });
    expect(jobs).toMatchObject([{ state: 'planned', restoringSince: expect.any(Number) as number }]);
    expect(rig.twin.store.keys('backup')).toEqual([]);
    ahead = restored + 1;
    const { result } = await running;
    expect(result).toMatchObject({ size, way: size > MiB ? 'parts' : 'direct', lost: [] });
    expect(await rig.twin.store.head('backup', 'old.tar')).toMatchObject({ crc64, tags: { a: 'b' } });
    expect(asked()).toBe(1);
    expect(rig.twin.requests.all({ operation: 'RestoreObject' })[0]?.status).toBe(202);
  });

  it('is copied by another process when the first one has died while it waited', async () => {
    await open(scheme);
    await rig.twin.store.put('photos', 'old.tar', { body: 'old', storageClass: 'GLACIER' });
    const stop = new AbortController();
    const request = { mode: 'rename' as const, store: rig.address, source, destination };
    const first = rig.embedded.run({ ...request, options: { restore: { days: 1 } } }, { signal: stop.signal });
    await waits();
    stop.abort();
    await expect(first).rejects.toThrow('Interrupted');
    ahead = restored + 1;
    const outcomes = await rig.embedded.resume();
    expect(outcomes.map(({ job }) => job.state)).toEqual(['done']);
    expect(rig.twin.store.keys('backup')).toEqual(['old.tar']);
    expect(rig.twin.store.keys('photos')).toEqual([]);
    expect(asked()).toBe(1);
  });

  it('is left alone when the destination may not be overwritten: no restore is paid for', async () => {
    await open(scheme);
    await rig.twin.store.put('photos', 'old.tar', { body: 'old', storageClass: 'GLACIER' });
    await rig.twin.store.put('backup', 'old.tar', { body: 'there' });
    const options = { restore: { days: 1 } };
    await expect(rig.run({ mode: 'rename', source, destination, options })).rejects.toMatchObject({
      code: 'DestinationExists',
    });
    expect(asked()).toBe(0);
  });

  it('ends the job as changed when it is overwritten while the restore is waited for', async () => {
    await open(scheme);
    await rig.twin.store.put('photos', 'old.tar', { body: 'old', storageClass: 'GLACIER' });
    const running = rig.run({ source, destination, options: { restore: { days: 1 } } });
    const failed = expect(running).rejects.toMatchObject({ code: 'SourceChanged' });
    await waits();
    await rig.twin.store.put('photos', 'old.tar', { body: 'newer' });
    await failed;
    expect(rig.twin.store.keys('backup')).toEqual([]);
  });

  it('ends the job when the store does not restore it in time', async () => {
    await open(scheme, { restoreWaitMs: 1 });
    await rig.twin.store.put('photos', 'old.tar', { body: 'old', storageClass: 'GLACIER' });
    const options = { restore: { days: 1 } };
    await expect(rig.run({ source, destination, options })).rejects.toMatchObject({ code: 'Archived' });
    const { jobs } = await rig.embedded.world.state.list({ limit: 5 });
    expect(jobs).toMatchObject([{ state: 'failed' }]);
  });

  it('is restored for a rule, whose event brings the whole object', async () => {
    await open(scheme);
    await rig.twin.store.put('photos', 'old.tar', { body: 'old', storageClass: 'GLACIER' });
    const rules = loadRules(
      {
        rules: [{ name: 'all', source: { bucket: 'photos', restore: { days: 1 } }, destination: { bucket: 'backup' } }],
      },
      { defaultStore: rig.address },
    );
    const { etag, size } = await rig.store.head(source);
    const what = { kind: 'created' as const, scheme, bucket: 'photos', key: 'old.tar', etag, size };
    const event = { ...what, at: 0, source: 'test', id: 'one' };
    const { world } = rig.embedded;
    const invocation = { id: 'test', deadline: Date.now() + 60_000, attempt: 1 };
    await replicateEvents(world, rules, { events: [event] }, invocation);
    expect(asked()).toBe(1);
    ahead = restored + 1;
    await until(async () => {
      await rig.embedded.sweep();
      return rig.twin.store.keys('backup').length === 1;
    }, 'the replica');
  });
});

it('a batch restores what is archived, copies the rest meanwhile, and asks nothing more of a plain object', async () => {
  await open('s3');
  for (const [key, storageClass] of Object.entries({ a: 'GLACIER', b: 'STANDARD', c: 'DEEP_ARCHIVE' }))
    await rig.twin.store.put('photos', `in/${key}`, { body: key, storageClass });
  const running = runToEnd(rig.embedded, {
    mode: 'copy',
    store: rig.address,
    source: { kind: 'prefix', bucket: 'photos', prefix: 'in/' },
    destination: { bucket: 'backup' },
    options: { restore: { days: 1, tier: 'Bulk' } },
  });
  await until(() => asked() === 2 && rig.twin.store.keys('backup').length === 1, 'two restores and a copy');
  expect(rig.twin.store.keys('backup')).toEqual(['in/b']);
  ahead = restored + 1;
  expect((await running).counts.counts).toEqual({ copied: 3 });
  expect(rig.twin.store.keys('backup')).toEqual(['in/a', 'in/b', 'in/c']);
  expect(asked()).toBe(2);
  expect(rig.twin.requests.count({ key: 'in/b' })).toBe(2);
});

describe('the tier of a restore', () => {
  it.each([
    ['oss', 'GLACIER', 'Bulk', 1, 'it has none'],
    ['oss', 'DEEP_ARCHIVE', 'Bulk', 1, 'it has Expedited, Standard'],
    ['oss', 'GLACIER', undefined, 8, 'at most 7 days'],
    ['s3', 'DEEP_ARCHIVE', 'Expedited', 1, 'it has Standard, Bulk'],
  ] as const)('on %s is refused before any request where class %s has no %s for %d days', async (...row) => {
    const [scheme, storageClass, tier, days, words] = row;
    await open(scheme);
    await rig.twin.store.put('photos', 'old.tar', { body: 'old', storageClass });
    const options = { restore: { days, ...(tier && { tier }) } };
    await expect(rig.run({ source, destination, options })).rejects.toMatchObject({
      code: 'BadRequest',
      message: expect.stringContaining(words) as string,
    });
    expect(asked()).toBe(0);
  });

  it.each([
    ['oss', 'COLD_ARCHIVE', 'Expedited'],
    ['s3', 'GLACIER', 'Bulk'],
  ] as const)('on %s reaches the store', async (scheme, storageClass, tier) => {
    await open(scheme);
    await rig.twin.store.put('photos', 'old.tar', { body: 'old', storageClass });
    const running = rig.run({ source, destination, options: { restore: { days: 1, tier } } });
    await waits();
    ahead = restored + 1;
    await running;
    expect(rig.twin.requests.all({ operation: 'RestoreObject' }).map(({ status }) => status)).toEqual([202]);
  });
});

it('a metadata change takes no restore, and says so', async () => {
  await open('s3');
  const request = { mode: 'metadata' as const, store: rig.address, source, destination: source };
  await expect(rig.embedded.run({ ...request, options: { restore: { days: 1 } } })).rejects.toThrow(
    'A restore is for copies',
  );
});
