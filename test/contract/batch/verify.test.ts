/** No difference is denied: what `verify` and `if-different` see, on stores that tell only so much. */
import { describe, expect, it } from 'vitest';
import type { BatchInput } from '../../../lib/batch/index.ts';
import type { DirectPut } from '../../../lib/twin/access.ts';
import { MiB } from '../runtime/rig.ts';
import type { Rig } from './rig.ts';
import { linesOf, runToEnd, useRig } from './rig.ts';

/** S3 tells no checksum of the whole of such an object. */
const ofParts = (seed: number, partSize: number): DirectPut => ({
  size: 12 * MiB,
  seed,
  partSize,
  checksum: { algorithm: 'SHA256', type: 'COMPOSITE', value: `${seed}-${partSize}` },
});

async function verified(rig: Rig, source: DirectPut, copy: DirectPut, change: Partial<BatchInput> = {}) {
  await rig.twin.store.put('photos', 'in/a', source);
  await rig.twin.store.put('backup', 'in/a', copy);
  const embedded = await rig.open();
  const { id, summary } = await runToEnd(embedded, rig.request({ mode: 'verify', ...change }));
  const [line] = await linesOf(embedded, id);
  return { line, summary };
}

describe('the bytes of objects in parts', () => {
  it('differ where equal layouts have other ETags', async () => {
    const { line } = await verified(await useRig('s3'), ofParts(1, 5 * MiB), ofParts(2, 5 * MiB));
    expect(line).toMatchObject({ status: 'different', differences: [{ what: 'content' }] });
    expect(line?.verifiedBy).toBeUndefined();
  });

  it.each([1, 2])('stay undecided where the layouts differ, whatever they are (seed %s)', async (seed) => {
    const { line, summary } = await verified(await useRig('s3'), ofParts(1, 5 * MiB), ofParts(seed, 6 * MiB));
    expect(line).toMatchObject({ status: 'undecided', differences: [{ what: 'content' }] });
    expect(summary?.counts).toEqual({ undecided: 1 });
  });

  it('are read by a deep verify, which says how much it read', async () => {
    const rig = await useRig('s3');
    const { line, summary } = await verified(rig, ofParts(1, 5 * MiB), ofParts(1, 6 * MiB), { deep: true });
    expect(line).toMatchObject({ status: 'same', verifiedBy: 'bytes', read: { bytes: 24 * MiB, requests: 2 } });
    expect(summary).toMatchObject({ counts: { same: 1 }, bytesRead: 24 * MiB, calls: { GetObject: 2 } });
    expect(rig.twin.requests.count('GetObject')).toBe(2);
  });

  it('are found to differ by a deep verify', async () => {
    const rig = await useRig('s3');
    const { line } = await verified(rig, ofParts(1, 5 * MiB), ofParts(2, 6 * MiB), { deep: true });
    expect(line).toMatchObject({ status: 'different', differences: [{ what: 'content' }] });
  });

  it('are not read where the stores tell enough', async () => {
    const rig = await useRig('oss');
    const { line } = await verified(rig, { size: 12 * MiB }, { size: 12 * MiB, partSize: 5 * MiB }, { deep: true });
    expect(line).toMatchObject({ status: 'same', verifiedBy: 'crc64' });
    expect(rig.twin.requests.count('GetObject')).toBe(0);
  });

  it('count as the same by their size only for who asks for no more', async () => {
    const options = { verify: 'size' as const };
    const { line } = await verified(await useRig('s3'), ofParts(1, 5 * MiB), ofParts(1, 6 * MiB), { options });
    expect(line).toMatchObject({ status: 'same', verifiedBy: 'size' });
  });
});

describe('what only the copy has', () => {
  const plain: DirectPut = { body: 'hello' };

  it.each<[string, DirectPut]>([
    ['metadata:color', { meta: { color: 'red' } }],
    ['content:contentLanguage', { headers: { 'content-language': 'fr' } }],
    ['content:contentEncoding', { headers: { 'content-encoding': 'gzip' } }],
    ['content:expires', { headers: { expires: 'Thu, 01 Dec 2033 16:00:00 GMT' } }],
    ['website-redirect', { redirect: '/elsewhere' }],
    ['legal-hold', { lock: { 'object-lock-legal-hold': 'ON' } }],
    ['tags', { tags: { team: 'blue' } }],
  ])('is a difference: %s', async (what, more) => {
    const { line } = await verified(await useRig('s3'), plain, { ...plain, ...more });
    expect(line).toMatchObject({ status: 'different' });
    expect(line?.differences?.map((difference) => difference.what)).toEqual([what]);
  });

  it('is no difference where replication keeps it for itself', async () => {
    const { line } = await verified(await useRig('s3'), plain, { ...plain, meta: { 'ferry-replica': '1;x' } });
    expect(line).toMatchObject({ status: 'same' });
  });

  it('is a difference of tags where only a value is another', async () => {
    const tagged = (team: string): DirectPut => ({ ...plain, tags: { team } });
    const { line } = await verified(await useRig('s3'), tagged('red'), tagged('blue'));
    expect(line?.differences).toEqual([{ what: 'tags', wanted: 'team=red', got: 'team=blue' }]);
  });

  it('is an ACL, for who asks', async () => {
    const open: DirectPut = { ...plain, acl: { canned: 'public-read' } };
    const { line } = await verified(await useRig('oss'), plain, open, { compareAcl: true });
    expect(line?.differences).toEqual([{ what: 'acl', wanted: 'default', got: 'public-read' }]);
    expect((await verified(await useRig('oss'), plain, open)).line).toMatchObject({ status: 'same' });
  });
});

it.each<[string, DirectPut]>([
  ['tags of other values', { tags: { team: 'blue' } }],
  ['metadata of its own', { tags: { team: 'red' }, meta: { color: 'red' } }],
  ['a content header of its own', { tags: { team: 'red' }, headers: { 'content-language': 'fr' } }],
])('if-different copies over an object of the same bytes that has %s', async (_, more) => {
  const rig = await useRig('s3');
  await rig.twin.store.put('photos', 'in/a', { body: 'hello', tags: { team: 'red' } });
  await rig.twin.store.put('backup', 'in/a', { body: 'hello', ...more });
  const embedded = await rig.open();
  const request = rig.request({ options: { overwrite: 'if-different' } });
  expect((await runToEnd(embedded, request)).summary?.counts).toEqual({ copied: 1 });
  expect(await rig.twin.store.head('backup', 'in/a')).toMatchObject({ tags: { team: 'red' }, meta: {} });
  expect((await runToEnd(embedded, request)).summary?.counts).toEqual({ unchanged: 1 });
});
