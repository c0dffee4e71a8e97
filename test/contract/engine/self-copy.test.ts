/** A copy of an object onto itself: nothing that it takes away is lost, whichever worker dies on the way. */
import { afterEach, describe, expect, it } from 'vitest';
import { dryRun } from '../../../lib/copy/dry-run.ts';
import type { CopyOptions, CopyRequest } from '../../../lib/copy/model/request.ts';
import type { CopyResult } from '../../../lib/copy/model/result.ts';
import { startCopy } from '../../../lib/copy/start.ts';
import type { DirectPut } from '../../../lib/twin/access.ts';
import type { TwinQuirks } from '../../../lib/twin/options.ts';
import { idOf } from '../../../lib/twin/users.ts';
import { redeliver, runMortal, sweepUp } from './mortal.ts';
import type { Rig } from './rig.ts';
import { dialects, openRig } from './rig.ts';

const MiB = 1024 ** 2;
const ceph20: TwinQuirks = { tagFates: { keepAndSet: 'source', replaceAndKeep: 'none' } };
const ceph16: TwinQuirks = {
  ignoreCopyConditions: true,
  tagFates: { keepAndSet: 'source', replaceAndKeep: 'none', replaceAndSet: 'none', initiate: 'none' },
};
const at = { bucket: 'photos', key: 'a' };
const tags = { a: '1', b: '2' };
const longAgo = Date.now() - 3_600_000;

let rig: Rig;
afterEach(() => rig.close());

async function open(scheme: 'oss' | 's3', quirks: TwinQuirks = {}): Promise<void> {
  const users = [{ name: 'friend', accessKeyId: 'friend', secretAccessKey: 'friend-secret' }];
  rig = await openRig(scheme, { twin: { quirks, users, buckets: [{ name: 'photos' }, { name: 'backup' }] } });
}

async function put(more: DirectPut = {}): Promise<void> {
  await rig.twin.store.put('photos', 'a', {
    body: 'bytes',
    meta: { old: 'yes' },
    tags,
    lastModified: longAgo,
    ...more,
  });
}

const changing = (options: CopyOptions, more: Partial<CopyRequest> = {}): CopyRequest => ({
  mode: 'metadata',
  store: rig.address,
  source: at,
  destination: at,
  options,
  ...more,
});

const setX: CopyOptions = { metadata: { base: 'merge', set: { x: 'y' } } };

async function change(options: CopyOptions = setX, more: Partial<CopyRequest> = {}): Promise<CopyResult> {
  const invocation = { id: 'test', deadline: Date.now() + 60_000, attempt: 1 };
  const outcome = await startCopy(rig.embedded.world, changing(options, more), invocation);
  if (outcome.kind !== 'done') throw new Error('a small object was not changed at once');
  return outcome.result;
}

const found = async () => (await rig.twin.store.head('photos', 'a'))!;

const stores = [
  ['OSS', 'oss', {}],
  ['S3', 's3', {}],
  ['Ceph 20', 's3', ceph20],
  ['Ceph 16', 's3', ceph16],
] as const;

describe.each(stores)('on %s', (_name, scheme, quirks) => {
  it('keeps tags and ACL when metadata changes', async () => {
    await open(scheme, quirks);
    await put({ acl: { canned: 'public-read' } });
    expect(await change()).toMatchObject({ way: 'direct', lost: [] });
    expect(await found()).toMatchObject({ tags, acl: { canned: 'public-read' }, meta: { old: 'yes', x: 'y' } });
  });

  it('merges the tags that are asked for', async () => {
    await open(scheme, quirks);
    await put();
    expect((await change({ ...setX, tags: { base: 'merge', set: { c: '3' }, remove: ['a'] } })).lost).toEqual([]);
    expect((await found()).tags).toEqual({ b: '2', c: '3' });
  });

  it('keeps the tags of a large object', async () => {
    await open(scheme, quirks);
    await put({ body: undefined, size: 12 * MiB });
    const { result } = await rig.run(changing({ ...setX, partSize: 5 * MiB }));
    expect(result).toMatchObject({ way: 'parts', lost: [] });
    expect(await found()).toMatchObject({ tags, meta: { x: 'y' } });
  });

  it('keeps the tags of an old version that becomes the current one', async () => {
    await open(scheme, quirks);
    rig.twin.store.configure('photos', { versioning: 'Enabled' });
    await put();
    const { versionId } = await found();
    await put({ body: 'newer', tags: { other: '1' } });
    expect((await change(setX, { source: { ...at, versionId } })).lost).toEqual([]);
    expect(await found()).toMatchObject({ tags, size: 5, meta: { x: 'y' } });
    expect(await rig.store.getTags({ ...at, versionId })).toEqual(tags);
  });
});

describe('a worker that dies at any step', () => {
  const withTag: CopyOptions = { ...setX, tags: { base: 'merge', set: { c: '3' } } };
  const inParts: CopyOptions = { ...setX, partSize: 5 * MiB };
  const works: [string, 'oss' | 's3', TwinQuirks, CopyOptions][] = [
    ['a change of metadata on OSS', 'oss', {}, setX],
    ['a change of metadata on Ceph 16', 's3', ceph16, setX],
    ['a change of metadata and a tag on Ceph 20', 's3', ceph20, withTag],
    ['a change of metadata and a tag on Ceph 16', 's3', ceph16, withTag],
    ['a change of a large object on Ceph 16', 's3', ceph16, inParts],
  ];
  it.each(works)(
    'of %s costs neither tags nor ACL',
    async (_what, scheme, quirks, options) => {
      await open(scheme, quirks);
      const { world } = rig.embedded;
      const acl = { canned: 'public-read' };
      const due = { tags: options === withTag ? { ...tags, c: '3' } : tags, acl, meta: { old: 'yes', x: 'y' } };
      const is = options === inParts ? { body: undefined, size: 6 * MiB } : {};
      let [at, died] = [0, true];
      while (died) {
        at += 1;
        for (const when of ['before', 'after'] as const) {
          for (const recover of ['redelivered', 'swept'] as const) {
            await put({ acl, ...is });
            // A trial of its own, with a row of its own.
            const set = { x: 'y', trial: `${at} ${when} ${recover}` };
            const request = changing({ ...options, metadata: { base: 'merge', set } });
            const run = await runMortal(world, { kind: 'copy', request }, { at, when });
            died = run.died;
            await (recover === 'redelivered' ? redeliver(world, request) : sweepUp(world));
            const object = await found();
            const isChanged = recover === 'redelivered' || object.meta['x'] === 'y';
            const wanted = isChanged ? due : { tags, acl };
            expect(object, `${run.calls.join(' ')}, died ${when} call ${at}, ${recover}`).toMatchObject(wanted);
          }
        }
      }
      expect(at).toBeGreaterThan(8);
    },
    300_000,
  );
});

describe('a redelivered change', () => {
  const dieAfter = async (at: string): Promise<CopyRequest> => {
    const request = changing(setX);
    await runMortal(rig.embedded.world, { kind: 'copy', request }, { at, when: 'after' });
    return request;
  };
  const lastResult = async () => (await rig.embedded.world.state.list({ limit: 1 })).jobs[0]?.result;

  it('leaves the tags that a user has written since the copy, and names those that are lost', async () => {
    await open('s3', ceph16);
    await put();
    const request = await dieAfter('copyObject');
    expect((await found()).tags).toEqual({});
    await rig.store.putTags(at, { mine: '1' });
    await redeliver(rig.embedded.world, request);
    expect((await found()).tags).toEqual({ mine: '1' });
    expect((await lastResult())?.lost).toMatchObject([{ what: 'tags', wanted: 'a=1&b=2', got: 'mine=1' }]);
  });

  it('keeps the tags that a user has changed before the copy', async () => {
    await open('s3', ceph16);
    await put();
    const request = await dieAfter('create');
    await rig.store.putTags(at, { a: '9' });
    await redeliver(rig.embedded.world, request);
    expect(await found()).toMatchObject({ tags: { a: '9' }, meta: { x: 'y' } });
  });

  it('gives no old tags to an object that a user has uploaded since', async () => {
    await open('s3', ceph16);
    await put();
    const request = await dieAfter('copyObject');
    await put({ body: 'other bytes', tags: {} });
    await redeliver(rig.embedded.world, request);
    expect(await found()).toMatchObject({ tags: {}, meta: { x: 'y' } });
  });

  it('does not open an object again that a user has closed since', async () => {
    await open('s3');
    await put({ acl: { canned: 'public-read' } });
    const request = await dieAfter('copyObject');
    await rig.store.putAcl(at, { canned: 'private' });
    await redeliver(rig.embedded.world, request);
    expect((await found()).acl).toEqual({ canned: 'private' });
    expect((await lastResult())?.lost).toMatchObject([{ what: 'acl', wanted: 'public-read', got: 'private' }]);
  });

  it('gives grants back that the copy took away', async () => {
    await open('s3');
    const grants = [
      { permission: 'FULL_CONTROL', grantee: '1234567890' },
      { permission: 'READ', grantee: idOf('friend') },
    ];
    await put({ tags: {}, acl: { canned: 'private', grants } });
    const request = await dieAfter('copyObject');
    expect((await found()).acl.grants).toBeUndefined();
    await redeliver(rig.embedded.world, request);
    expect((await found()).acl.grants).toEqual(grants);
  });
});

describe('what cannot be kept', () => {
  const refuse = (operation: string, status = 403, code = 'AccessDenied') =>
    rig.twin.faults.add({ match: { operation }, effect: { kind: 'error', status, code } });
  const copies = () => rig.twin.requests.count('CopyObject');

  it.each([
    ['the ACL may not be read', 'GetObjectAcl', 403, 'AccessDenied', /acl \(keep\)/],
    ['the tags may not be read', 'GetObjectTagging', 403, 'AccessDenied', /tags \(2 of them\)/],
    ['the store knows no tags', 'GetObjectTagging', 501, 'NotImplemented', /tags \(2 of them\)/],
  ])('refuses a metadata change before it writes when %s', async (_why, operation, status, code, names) => {
    await open('s3');
    await put();
    refuse(operation, status, code);
    await expect(change()).rejects.toMatchObject({ code: 'WouldLose', message: expect.stringMatching(names) });
    expect(copies()).toBe(0);
    expect((await change({ ...setX, acceptLoss: true })).lost).toHaveLength(1);
    expect((await found()).meta).toEqual({ old: 'yes', x: 'y' });
  });

  it('refuses a rename before it writes when the ACL may not be read', async () => {
    await open('s3');
    await put();
    refuse('GetObjectAcl');
    const rename = { mode: 'rename' as const, source: at, destination: { bucket: 'backup', key: 'a' } };
    await expect(rig.run(rename)).rejects.toMatchObject({ code: 'WouldLose' });
    expect(copies()).toBe(0);
    expect((await rig.run({ ...rename, options: { acceptLoss: true } })).result).toMatchObject({
      sourceRemoved: true,
      lost: [{ what: 'acl' }],
    });
  });

  it.each([
    ['a header that no request can set', { others: { 'x-amz-annotation-count': '3' } }, 'x-amz-annotation-count'],
    ['metadata that HEAD does not show', { missingMeta: 2 }, 'hidden-metadata'],
  ])('refuses a metadata change of an object with %s', async (_what, has, name) => {
    await open('s3');
    await put(has);
    await expect(change()).rejects.toMatchObject({ code: 'WouldLose', message: expect.stringContaining(name) });
    expect(copies()).toBe(0);
    await change({ ...setX, acceptLoss: true });
    expect((await found()).meta['x']).toBe('y');
  });

  it('refuses a rename by parts before it writes when only one call would carry a header', async () => {
    await open('s3');
    await put({ body: undefined, size: 12 * MiB, others: { 'x-amz-annotation-count': '3' } });
    const destination = { bucket: 'backup', key: 'a' };
    const options = { partSize: 5 * MiB };
    const rename = { mode: 'rename' as const, store: rig.address, source: at, destination, options };
    await expect(rig.run(rename)).rejects.toMatchObject({ code: 'WouldLose' });
    await expect(dryRun(rig.embedded.world, rename)).rejects.toMatchObject({ code: 'WouldLose' });
    expect(rig.twin.requests.count('InitiateMultipartUpload')).toBe(0);
    expect((await rig.run({ ...rename, options: {} })).result).toMatchObject({ sourceRemoved: true, lost: [] });
  });

  it('has no ACL to lose on a store that knows none', async () => {
    await open('s3');
    await put();
    refuse('GetObjectAcl', 501, 'NotImplemented');
    expect((await change()).lost).toEqual([]);
  });

  it.each([
    ['in one call', {}],
    ['by parts', { partSize: 5 * MiB }],
  ])('keeps the source of a rename %s whose copy lacks its tags, and says so', async (_how, how) => {
    await open('s3', ceph16);
    await put({ body: undefined, size: 12 * MiB });
    refuse('PutObjectTagging');
    const destination = { bucket: 'backup', key: 'a' };
    const rename = { mode: 'rename' as const, source: at, destination, options: { ...setX, ...how } };
    await expect(rig.run(rename)).rejects.toMatchObject({
      code: 'WouldLose',
      message: expect.stringMatching(/backup\/a lacks tags \(a=1&b=2\).*not deleted. Both objects are kept/),
    });
    expect(await found()).toMatchObject({ tags });
    const accepted = await rig.run({
      ...rename,
      options: { ...rename.options, acceptLoss: true, overwrite: 'always' },
    });
    expect(accepted.result).toMatchObject({ sourceRemoved: true, lost: [{ what: 'tags' }] });
    expect(await rig.twin.store.head('photos', 'a')).toBeUndefined();
  });

  it('names the tags that a metadata change could not put right', async () => {
    await open('s3', ceph16);
    await put();
    refuse('PutObjectTagging');
    expect((await change()).lost).toMatchObject([{ what: 'tags', wanted: 'a=1&b=2' }]);
  });
});

describe.each(dialects)('what it costs on %s', (scheme) => {
  it('is one copy between two looks for an object without tags, and no row', async () => {
    await open(scheme);
    await put({ tags: {} });
    rig.twin.requests.reset();
    await change();
    expect(rig.twin.requests.counts).toEqual({ HeadObject: 2, GetObjectAcl: 1, CopyObject: 1 });
    expect((await rig.embedded.world.state.list({ limit: 1 })).jobs).toEqual([]);
  });

  it('is two more requests for tags, and a row', async () => {
    await open(scheme);
    await put();
    rig.twin.requests.reset();
    await change();
    expect(rig.twin.requests.counts).toEqual({ HeadObject: 2, GetObjectAcl: 1, GetObjectTagging: 2, CopyObject: 1 });
    expect((await rig.embedded.world.state.list({ limit: 2 })).jobs).toMatchObject([
      { state: 'done', tagsBefore: tags },
    ]);
  });
});
