import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cancelBatch, createBatch, readBatch, retryBatch } from '../../../lib/batch/index.ts';
import { systemClock } from '../../../lib/runtime/shared/system-clock.ts';
import { WorkFolder } from '../../../lib/store/work-folder.ts';
import type { Rig } from './rig.ts';
import { runToEnd, useRig } from './rig.ts';

const dayMs = 86_400_000;

/** A runtime of a later day. */
const openLater = (rig: Rig, days: number) =>
  rig.open({ clock: { ...systemClock, now: () => Date.now() + days * dayMs } });

const isThere = ({ home }: Rig, id: string): boolean => existsSync(join(home, 'batches', id));

test('the files of a batch go 30 days after its end, and its row with them', async () => {
  const rig = await useRig();
  await rig.put(30);
  const embedded = await rig.open();
  const { id } = await runToEnd(embedded, rig.request({ pageSize: 10 }));
  await (await openLater(rig, 29)).sweep();
  expect(isThere(rig, id)).toBe(true);
  expect(await readBatch(embedded.batches, id)).toMatchObject({ summary: { entries: 30 } });
  const later = await openLater(rig, 31);
  await later.sweep();
  expect(isThere(rig, id)).toBe(false);
  await later.sweep();
  expect(await embedded.job(id)).toBeUndefined();
  expect(rig.twin.store.keys('backup')).toHaveLength(30);
});

test('a batch whose files may be going is not tried again, for some of its failures may be gone', async () => {
  const rig = await useRig();
  await rig.put(1);
  const { id } = await runToEnd(await rig.open(), rig.request());
  const later = await openLater(rig, 31);
  await expect(retryBatch(later.batches, id)).rejects.toMatchObject({ code: 'NotFound' });
});

test('so do those of a batch that was cancelled, and never those of one that has not ended', async () => {
  const rig = await useRig();
  await rig.put(30);
  const embedded = await rig.open();
  const open = await createBatch(embedded.batches, rig.request());
  const dropped = await createBatch(embedded.batches, rig.request({ destination: { bucket: 'work' } }));
  await cancelBatch(embedded.batches, dropped.id);
  await embedded.runBatch(dropped.id);
  // Left by a process that is gone, long ago.
  await embedded.close();
  const later = await openLater(rig, 400);
  await later.sweep({ wait: false });
  expect(isThere(rig, dropped.id)).toBe(false);
  expect(isThere(rig, open.id)).toBe(true);
  expect((await later.runBatch(open.id)).summary).toMatchObject({ state: 'done', entries: 30 });
});

test('files stay while an unfinished batch reads them, and where the request named the place', async () => {
  const rig = await useRig();
  await rig.put(10);
  const embedded = await rig.open();
  const first = await runToEnd(embedded, rig.request());
  const named = await runToEnd(embedded, rig.request({ work: { kind: 'folder', path: join(rig.home, 'mine') } }));
  const source = { kind: 'results' as const, batchId: first.id, statuses: ['copied'] };
  await createBatch(embedded.batches, rig.request({ source }));
  await embedded.close();
  const later = await openLater(rig, 400);
  await later.sweep({ wait: false });
  expect(isThere(rig, first.id)).toBe(true);
  expect(readdirSync(join(rig.home, 'mine'))).toEqual([named.id]);
});

test('a folder is removed a number of files at a time', async () => {
  const rig = await useRig();
  const files = new WorkFolder(rig.home);
  for (let n = 0; n < 5; n += 1) await files.write(`b/pages/${n}`, 'x');
  await files.write('b/request.json', 'x');
  await files.write('bb/request.json', 'x');
  expect(await files.remove('b/', 4)).toEqual({ removed: 4, isGone: false });
  expect(await files.remove('b/', 4)).toEqual({ removed: 2, isGone: true });
  expect(existsSync(join(rig.home, 'b'))).toBe(false);
  expect(await files.remove('b/', 4)).toEqual({ removed: 0, isGone: true });
  expect(await files.read('bb/request.json')).toBe('x');
});
