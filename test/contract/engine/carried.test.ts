/** What HEAD tells of a source beside its bytes: carried, or named as lost, the same by CopyObject and by parts (I6). */
import { afterEach, describe, expect, it } from 'vitest';
import { dryRun } from '../../../lib/copy/dry-run.ts';
import type { CopyResult } from '../../../lib/copy/model/result.ts';
import { startCopy } from '../../../lib/copy/start.ts';
import type { DirectPut } from '../../../lib/twin/access.ts';
import type { Rig } from './rig.ts';
import { openRig } from './rig.ts';

const MiB = 1024 ** 2;
const until = '2099-01-01T00:00:00.000Z';
const lock = {
  'object-lock-mode': 'GOVERNANCE',
  'object-lock-retain-until-date': until,
  'object-lock-legal-hold': 'ON',
};

let rig: Rig;
afterEach(() => rig.close());

const sides = { source: { bucket: 'photos', key: 'a' }, destination: { bucket: 'backup', key: 'a' } };

async function copyOf(put: DirectPut, way: 'direct' | 'parts', lockedBucket = false): Promise<CopyResult> {
  rig = await openRig('s3', {
    twin: { buckets: [{ name: 'photos' }, { name: 'backup', objectLock: lockedBucket }] },
  });
  await rig.twin.store.put('photos', 'a', { size: 10 * MiB, ...put });
  const options = way === 'parts' ? { partSize: 5 * MiB } : {};
  const { result } = await rig.run({ ...sides, options });
  expect(result.way).toBe(way);
  return result;
}

const what = (result: CopyResult): string[] => result.lost.map((loss) => loss.what).sort();

describe.each(['direct', 'parts'] as const)('a copy by way of %s', (way) => {
  it('carries the website redirect', async () => {
    expect((await copyOf({ redirect: '/new.html' }, way)).lost).toEqual([]);
    expect(await rig.twin.store.head('backup', 'a')).toMatchObject({ redirect: '/new.html' });
  });

  it('carries the object lock where the bucket takes one', async () => {
    expect((await copyOf({ lock }, way, true)).lost).toEqual([]);
    expect(await rig.twin.store.head('backup', 'a')).toMatchObject({ lock });
  });

  it('names the object lock as lost where the bucket takes none', async () => {
    expect(what(await copyOf({ lock }, way))).toEqual(['legal-hold', 'object-lock', 'object-lock-until']);
    expect((await rig.twin.store.head('backup', 'a'))?.lock).toBeUndefined();
  });

  it('keeps a CRC of the whole object', async () => {
    expect((await copyOf({ checksum: { algorithm: 'CRC32', type: 'FULL_OBJECT' } }, way)).lost).toEqual([]);
  });

  it('says once that it leaves the ACL out unless asked', async () => {
    const result = await copyOf({}, way);
    expect(result).toMatchObject({ lost: [], notKept: ['acl'] });
    expect(await dryRun(rig.embedded.world, { mode: 'copy', store: rig.address, options: {}, ...sides })).toMatchObject(
      {
        notKept: result.notKept,
      },
    );
    expect(rig.twin.requests.count('GetObjectAcl')).toBe(0);
  });
});

it('a copy by parts names what only a CopyObject carries along, and so does its dry run', async () => {
  const put = { missingMeta: 2, others: { 'x-amz-annotation-count': '3' } };
  const result = await copyOf(put, 'parts');
  expect(what(result)).toEqual(['hidden-metadata', 'x-amz-annotation-count']);
  const options = { partSize: 5 * MiB };
  const plan = await dryRun(rig.embedded.world, { mode: 'copy', store: rig.address, ...sides, options });
  expect(plan.lost.map((loss) => loss.what).sort()).toEqual(['etag', 'hidden-metadata', 'x-amz-annotation-count']);
});

it('a CopyObject that leaves the metadata alone loses none of it', async () => {
  expect((await copyOf({ missingMeta: 2, others: { 'x-amz-annotation-count': '3' } }, 'direct')).lost).toEqual([]);
});

it('a CopyObject that states the metadata anew names the entries that HEAD does not show', async () => {
  await copyOf({ missingMeta: 2 }, 'direct');
  const metadata = { base: 'merge' as const, set: { color: 'red' } };
  const { result } = await rig.run({ ...sides, options: { metadata } });
  expect(what(result)).toEqual(['hidden-metadata']);
});

it('a change of metadata keeps the website redirect', async () => {
  rig = await openRig('s3');
  await rig.twin.store.put('photos', 'a', { body: 'hello', redirect: '/new.html' });
  const here = { bucket: 'photos', key: 'a' };
  const metadata = { base: 'merge' as const, set: { color: 'red' } };
  const { result } = await rig.run({ mode: 'metadata', source: here, destination: here, options: { metadata } });
  expect(result.lost).toEqual([]);
  expect(await rig.twin.store.head('photos', 'a')).toMatchObject({ redirect: '/new.html', meta: { color: 'red' } });
});

it('a replica that an event told of needs no look at a copy whose answer tells the kind of checksum', async () => {
  rig = await openRig('s3');
  const checksum = { algorithm: 'SHA256', type: 'COMPOSITE', value: 'AAA=-2' } as const;
  const { etag, size } = await rig.twin.store.put('photos', 'a', { body: 'hello', checksum });
  rig.twin.requests.reset();
  const request = { mode: 'replicate' as const, store: rig.address, ...sides, options: {}, seen: { etag, size } };
  const invocation = { id: 'test', deadline: Date.now() + 60_000, attempt: 1 };
  const outcome = await startCopy(rig.embedded.world, request, invocation);
  expect(outcome).toMatchObject({ kind: 'done', result: { lost: [] } });
  expect((await rig.twin.store.head('backup', 'a'))?.checksum).toMatchObject({ algorithm: 'SHA256' });
  expect(rig.twin.requests.counts).toEqual({ CopyObject: 1, HeadObject: 1 });
});

it('a replica that an event told of carries the redirect that only the look afterwards showed', async () => {
  rig = await openRig('s3');
  const { etag, size } = await rig.twin.store.put('photos', 'a', { body: 'hello', redirect: '/new.html' });
  const { result } = await rig.run({ mode: 'replicate', ...sides, seen: { etag, size } });
  expect(result.lost).toEqual([]);
  expect(await rig.twin.store.head('backup', 'a')).toMatchObject({ redirect: '/new.html' });
});
