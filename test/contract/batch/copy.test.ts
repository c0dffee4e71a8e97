import { expect, test } from 'vitest';
import { createBatch } from '../../../lib/batch/batch.ts';
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
