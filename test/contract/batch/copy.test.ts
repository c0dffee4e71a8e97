import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { BatchInput } from '../../../lib/batch/index.ts';
import { createBatch, dryRunBatch } from '../../../lib/batch/index.ts';
import { GiveUp } from '../../../lib/copy/model/errors.ts';
import { linesOf, runToEnd, useRig } from './rig.ts';

test('a prefix of 400 objects is copied, each counted once', async () => {
  const rig = await useRig();
  const keys = await rig.put(400);
  const embedded = await rig.open();
  const view = await runToEnd(embedded, rig.request({ pageSize: 50 }));
  expect(view).toMatchObject({ state: 'done', ended: true, pages: { complete: true } });
  expect(view.summary).toMatchObject({ entries: 400, counts: { copied: 400 }, failures: {}, losses: {} });
  const lines = await linesOf(embedded, view.id);
  expect(lines.map(({ key }) => key).sort()).toEqual(keys);
  expect(view.summary?.bytes).toBe(lines.reduce((sum, { size = 0 }) => sum + size, 0));
  for (const key of keys) expect((await rig.twin.store.head('backup', key))?.size).toBeGreaterThan(0);
});

test('one idempotency key is one batch', async () => {
  const rig = await useRig();
  await rig.put(3);
  const embedded = await rig.open();
  const request = rig.request({ idempotencyKey: 'nightly' });
  const first = await runToEnd(embedded, request);
  const again = await createBatch(embedded.batches, request);
  expect(again).toMatchObject({ id: first.id, state: 'done' });
  await expect(createBatch(embedded.batches, { ...request, mode: 'rename' })).rejects.toMatchObject({
    code: 'BadRequest',
  });
});

test('pages and report may be kept in a bucket, and the runtime then keeps none', async () => {
  const rig = await useRig('s3');
  await rig.put(25);
  const embedded = await rig.open();
  const work = { kind: 'bucket', store: rig.address, bucket: 'work', prefix: 'ferry/' } as const;
  const view = await runToEnd(embedded, rig.request({ work, pageSize: 10 }));
  expect(view.summary).toMatchObject({ entries: 25, counts: { copied: 25 } });
  expect(rig.twin.store.keys('work', `ferry/${view.id}/results/`)).toHaveLength(3);
  expect(existsSync(join(rig.home, 'batches'))).toBe(false);
  expect(await linesOf(embedded, view.id)).toHaveLength(25);
});

test('what cannot be done is refused before anything is written', async () => {
  const rig = await useRig();
  await rig.put(3);
  const embedded = await rig.open();
  const refused = [
    { destination: { bucket: 'nowhere' } },
    { source: { kind: 'prefix', bucket: 'nowhere', prefix: 'in/' } },
    { destination: { bucket: 'photos' }, mapping: { kind: 'prefix', from: 'in/', to: 'in/copy/' } },
    { pageSize: 0 },
    { limits: { requestsPerSecond: 0 } },
    { mapping: { kind: 'pattern', pattern: '(a+)+b', to: '$1' } },
    { mode: 'metadata' },
    { source: { kind: 'results', batchId: 'none' } },
  ] as const satisfies Partial<BatchInput>[];
  for (const change of refused) {
    await expect(createBatch(embedded.batches, rig.request(change)), JSON.stringify(change)).rejects.toBeInstanceOf(
      GiveUp,
    );
  }
  expect(existsSync(join(rig.home, 'batches'))).toBe(false);
  expect((await embedded.jobs({ limit: 10 })).jobs).toEqual([]);
});

test('a dry run tells what would be done and writes nothing', async () => {
  const rig = await useRig();
  await rig.put(30);
  const embedded = await rig.open();
  const dry = await dryRunBatch(embedded.batches, rig.request({ filters: { suffix: '5' } }), { look: 2 });
  expect(dry).toMatchObject({ objects: 3, leftOut: 27, more: false, looked: 2, failures: {} });
  expect(dry.calls['CopyObject']).toBe(2);
  expect(dry.examples[0]).toEqual({
    source: { bucket: 'photos', key: 'in/0005' },
    destination: { bucket: 'backup', key: 'in/0005' },
  });
  expect(rig.twin.store.keys('backup')).toEqual([]);
});
