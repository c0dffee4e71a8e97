/** The request budgets of a copy, counted by the server that answered them. */
import { afterEach, describe, expect, test } from 'vitest';
import { startCopy } from '../../../lib/copy/start.ts';
import type { Rig } from './rig.ts';
import { dialects, openRig } from './rig.ts';

const MiB = 1024 ** 2;

let rig: Rig;
afterEach(() => rig.close());

/** Where a bucket is gets asked once per process and bucket, not per copy. */
function counted(counts: Readonly<Record<string, number>>): Record<string, number> {
  const { GetBucketLocation: _once, ...rest } = counts;
  return rest;
}

/** Requests by operation. A client of a server that had this port before may still knock; no store knows what it asks for. */
function counts(): Record<string, number> {
  const { Unknown: _stray, ...known } = rig.twin.requests.counts;
  return known;
}

describe.each(dialects)('%s', (scheme) => {
  test('a copy of 12 parts: every part once, and six requests around them, seven on S3', async () => {
    rig = await openRig(scheme);
    await rig.twin.store.put('photos', 'big', { size: 60 * MiB, meta: { author: 'alice' } });
    rig.twin.requests.reset();
    const { result } = await rig.run({
      source: { bucket: 'photos', key: 'big' },
      destination: { bucket: 'backup', key: 'big' },
      options: { partSize: 5 * MiB },
    });
    expect(result).toMatchObject({ way: 'parts', parts: 12, lost: [] });
    expect(counted(counts())).toEqual({
      HeadObject: 3,
      InitiateMultipartUpload: 1,
      UploadPartCopy: 12,
      ListParts: 1,
      CompleteMultipartUpload: 1,
      // HEAD tells nothing of annotations, and no part carries them.
      ...(scheme === 's3' && { ListObjectAnnotations: 1 }),
    });
    expect(rig.twin.requests.bytesIn + rig.twin.requests.bytesOut).toBe(0);
  });

  test('tags cost one request more, and only when there are any', async () => {
    rig = await openRig(scheme);
    await rig.twin.store.put('photos', 'big', { size: 10 * MiB, tags: { team: 'blue' } });
    rig.twin.requests.reset();
    await rig.run({
      source: { bucket: 'photos', key: 'big' },
      destination: { bucket: 'backup', key: 'big' },
      options: { partSize: 5 * MiB },
    });
    expect(rig.twin.requests.count('GetObjectTagging')).toBe(1);
    expect(rig.twin.requests.count('PutObjectTagging')).toBe(0);
  });

  test('a replica in parts looks at its source once more', async () => {
    rig = await openRig(scheme);
    await rig.twin.store.put('photos', 'big', { size: 10 * MiB });
    rig.twin.requests.reset();
    await rig.run({
      mode: 'replicate',
      source: { bucket: 'photos', key: 'big' },
      destination: { bucket: 'backup', key: 'big' },
      options: { partSize: 5 * MiB },
    });
    expect(rig.twin.requests.count('HeadObject')).toBe(4);
  });

  test('a plain small copy: one look at the source, one CopyObject', async () => {
    rig = await openRig(scheme);
    await rig.twin.store.put('photos', 'small', { body: 'hello', meta: { author: 'alice' } });
    rig.twin.requests.reset();
    const outcome = await startCopy(
      rig.embedded.world,
      {
        mode: 'copy',
        store: rig.address,
        source: { bucket: 'photos', key: 'small' },
        destination: { bucket: 'backup', key: 'small' },
        options: {},
      },
      { id: 'test', deadline: Date.now() + 60_000, attempt: 1 },
    );
    expect(outcome).toMatchObject({ kind: 'done', result: { way: 'direct', lost: [] } });
    expect(counts()).toEqual({ HeadObject: 1, CopyObject: 1 });
  });

  test('a small replica that an event told of: one CopyObject, one HEAD, no state', async () => {
    rig = await openRig(scheme);
    const { etag, size } = await rig.twin.store.put('photos', 'small', { body: 'hello', meta: { author: 'alice' } });
    rig.twin.requests.reset();
    const outcome = await startCopy(
      rig.embedded.world,
      {
        mode: 'replicate',
        store: rig.address,
        source: { bucket: 'photos', key: 'small' },
        destination: { bucket: 'backup', key: 'small' },
        options: {},
        seen: { etag: scheme === 'oss' ? etag.toUpperCase() : etag, size },
      },
      { id: 'test', deadline: Date.now() + 60_000, attempt: 1 },
    );
    expect(outcome).toMatchObject({ kind: 'done', result: { way: 'direct' } });
    expect(counts()).toEqual({ CopyObject: 1, HeadObject: 1 });
    expect((await rig.embedded.world.state.list({ limit: 10 })).jobs).toEqual([]);
  });
});

test('a copy of 2,500 parts lists them in three pages and writes the state once per task', async () => {
  rig = await openRig('oss', { settings: { partsPerTaskMax: 100 } });
  await rig.twin.store.put('photos', 'big', { size: 250 * MiB });
  rig.twin.requests.reset();
  const { job } = await rig.run({
    source: { bucket: 'photos', key: 'big' },
    destination: { bucket: 'backup', key: 'big' },
    options: { partSize: 104_858 },
  });
  expect(rig.twin.requests.count('UploadPartCopy')).toBe(2_500);
  expect(rig.twin.requests.count('ListParts')).toBe(3);
  // Created, attached, leased, done: the counts of the tasks do not change the revision.
  expect(job?.revision).toBeLessThanOrEqual(4);
});
