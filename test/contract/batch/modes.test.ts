import { expect, test } from 'vitest';
import { retryBatch } from '../../../lib/batch/index.ts';
import { MiB } from '../runtime/rig.ts';
import { linesOf, runToEnd, useRig } from './rig.ts';

const prefix = { kind: 'prefix', from: 'in/', to: 'out/' } as const;

test('a rename moves every object', async () => {
  const rig = await useRig();
  const keys = await rig.put(30);
  const embedded = await rig.open();
  const view = await runToEnd(embedded, rig.request({ mode: 'rename', mapping: prefix, pageSize: 10 }));
  expect(view.summary).toMatchObject({ entries: 30, counts: { renamed: 30 } });
  for (const key of keys) {
    expect(await rig.twin.store.head('photos', key)).toBeUndefined();
    expect(await rig.twin.store.head('backup', key.replace('in/', 'out/'))).toBeDefined();
  }
});

test('large objects are copied by jobs, and their page waits for them', async () => {
  const rig = await useRig('s3');
  await rig.put(3);
  await rig.twin.store.put('photos', 'in/large', { size: 40 * MiB, seed: 7 });
  const embedded = await rig.open({ settings: { directMax: 16 * MiB, partSizeMin: 8 * MiB } });
  const view = await runToEnd(embedded, rig.request());
  expect(view.summary).toMatchObject({ entries: 4, counts: { copied: 4 } });
  const large = (await linesOf(embedded, view.id)).find(({ key }) => key === 'in/large');
  expect(large).toMatchObject({ way: 'parts', size: 40 * MiB });
});

test('metadata is changed in place', async () => {
  const rig = await useRig();
  await rig.put(5);
  const embedded = await rig.open();
  const options = { metadata: { base: 'merge', set: { owner: 'alice' } } } as const;
  const request = rig.request({ mode: 'metadata', destination: undefined, options });
  const view = await runToEnd(embedded, request);
  expect(view.summary?.counts).toEqual({ copied: 5 });
  const head = await embedded.store(rig.address).head({ bucket: 'photos', key: 'in/0003' });
  expect(head.userMetadata).toEqual({ owner: 'alice' });
  const again = await runToEnd(embedded, request);
  expect(again.summary?.counts).toEqual({ unchanged: 5 });
});

test('what is there already is unchanged, or left alone', async () => {
  const rig = await useRig();
  await rig.put(4);
  const embedded = await rig.open();
  await runToEnd(embedded, rig.request());
  await rig.twin.store.put('photos', 'in/0001', { body: Buffer.from('newer') });
  const never = await runToEnd(embedded, rig.request({ options: { overwrite: 'never' } }));
  expect(never.summary).toMatchObject({ counts: { unchanged: 3, skipped: 1 }, failures: {} });
  const different = await runToEnd(embedded, rig.request({ options: { overwrite: 'if-different' } }));
  expect(different.summary?.counts).toEqual({ unchanged: 3, copied: 1 });
});

test('verify tells what differs and writes nothing; what differs can be copied', async () => {
  const rig = await useRig();
  await rig.put(6);
  const embedded = await rig.open();
  await runToEnd(embedded, rig.request());
  rig.twin.store.delete('backup', 'in/0000');
  await rig.twin.store.put('backup', 'in/0001', { body: Buffer.from('BODY of in/0001') });
  await rig.twin.store.put('backup', 'in/0002', { body: Buffer.from('short') });
  rig.twin.requests.reset();
  const view = await runToEnd(embedded, rig.request({ mode: 'verify' }));
  expect(view.summary).toMatchObject({
    counts: { same: 3, different: 3 },
    differences: { missing: 1, content: 1, size: 1 },
  });
  const asked = Object.keys(rig.twin.requests.counts).filter((name) => !/^(Head|Get|List)/.test(name));
  expect(asked).toEqual([]);
  const retry = await retryBatch(embedded.batches, view.id, { statuses: ['different'], mode: 'copy' });
  const mended = await embedded.runBatch(retry.id);
  expect(mended.summary?.counts).toEqual({ copied: 3 });
});

test('one object that fails fails alone, and is retried alone', async () => {
  const rig = await useRig();
  await rig.put(8);
  const embedded = await rig.open();
  const mend = rig.twin.faults.add({
    match: { operation: 'CopyObject', key: 'in/0005' },
    effect: { kind: 'error', status: 403, code: 'AccessDenied' },
  });
  const view = await runToEnd(embedded, rig.request());
  expect(view.summary).toMatchObject({ counts: { copied: 7, failed: 1 }, failures: { AccessDenied: 1 } });
  mend();
  const retry = await retryBatch(embedded.batches, view.id);
  expect((await embedded.runBatch(retry.id)).summary).toMatchObject({ entries: 1, counts: { copied: 1 } });
});
