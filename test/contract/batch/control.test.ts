import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { cancelBatch, createBatch, pauseBatch, readBatch, resumeBatch } from '../../../lib/batch/index.ts';
import type { Rig } from './rig.ts';
import { linesOf, runToEnd, useRig } from './rig.ts';

const slow = { match: { operation: 'CopyObject' }, effect: { kind: 'latency', ms: 20 } } as const;

/** The value once it has not changed for a while. */
async function settled(value: () => number): Promise<number> {
  for (let before = -1; ;) {
    const now = value();
    if (now === before) return now;
    before = now;
    await sleep(500);
  }
}

/** Objects that have a line in a result, or in what is known of a page that is not finished. */
async function writtenDown({ home }: Rig, id: string): Promise<number> {
  const read = async (folder: string, name: string) => await readFile(join(home, 'batches', id, folder, name), 'utf8');
  const names = async (folder: string) => await readdir(join(home, 'batches', id, folder)).catch((): string[] => []);
  const [results, partial] = await Promise.all([names('results'), names('partial')]);
  let count = 0;
  for (const name of results) count += (await read('results', name)).trim().split('\n').length - 1;
  for (const name of partial) {
    if (results.includes(`${name}l`)) continue;
    count += (JSON.parse(await read('partial', name)) as { lines: unknown[] }).lines.length;
  }
  return count;
}

test('a paused batch does nothing until it is resumed, and copies at most one page twice', async () => {
  const rig = await useRig();
  await rig.put(60);
  const embedded = await rig.open();
  rig.twin.faults.add(slow);
  const { id } = await createBatch(embedded.batches, rig.request({ pageSize: 10, concurrency: 1 }));
  const running = embedded.runBatch(id);
  while (rig.twin.requests.count('CopyObject') < 10) await sleep(10);
  expect(await pauseBatch(embedded.batches, id)).toMatchObject({ paused: true });
  // A worker in the middle of a page writes down what it did before it lets go of the page.
  const isWrittenDown = async () => (await writtenDown(rig, id)) === rig.twin.requests.count('CopyObject');
  // A worker that has just read the row may begin yet: it looks at the row again within a second.
  for (let before = -1; !(await isWrittenDown()) || before !== rig.twin.requests.count('CopyObject');) {
    before = rig.twin.requests.count('CopyObject');
    await sleep(2_500);
  }
  expect(rig.twin.requests.count('CopyObject')).toBeLessThan(60);
  await resumeBatch(embedded.batches, id);
  const view = await running;
  expect(view.summary).toMatchObject({ entries: 60, counts: { copied: 60 } });
  // On a slow machine the resume may come before the worker has let go of its page.
  expect(rig.twin.requests.count('CopyObject')).toBeLessThanOrEqual(60 + 10);
});

test('a cancelled batch reports what was copied, and that is what is there', async () => {
  const rig = await useRig();
  await rig.put(80);
  const embedded = await rig.open();
  rig.twin.faults.add(slow);
  const { id } = await createBatch(embedded.batches, rig.request({ pageSize: 10, concurrency: 2 }));
  const running = embedded.runBatch(id);
  while (rig.twin.requests.count('CopyObject') < 15) await sleep(10);
  await cancelBatch(embedded.batches, id);
  await running;
  // Who was in the middle of a page tells of it after the end.
  const there = await settled(() => rig.twin.store.keys('backup').length);
  let view = await readBatch(embedded.batches, id);
  while (view.summary?.entries !== there) {
    await sleep(50);
    view = await readBatch(embedded.batches, id);
  }
  const copied = (await linesOf(embedded, id)).map(({ key }) => key).sort();
  expect(view).toMatchObject({ state: 'cancelled', summary: { state: 'cancelled', entries: copied.length } });
  expect(copied).toEqual(rig.twin.store.keys('backup').sort());
  expect(copied.length).toBeLessThan(80);
});

test('a store that says SlowDown slows the batch down and loses nothing', async () => {
  const rig = await useRig('s3');
  await rig.put(100);
  const embedded = await rig.open();
  rig.twin.faults.add({
    match: { operation: 'CopyObject', probability: 0.4 },
    times: 60,
    effect: { kind: 'error', status: 503, code: 'SlowDown' },
  });
  const view = await runToEnd(embedded, rig.request({ pageSize: 20 }));
  expect(view.summary).toMatchObject({ entries: 100, counts: { copied: 100 }, failures: {} });
  expect(view.throttled).toBeGreaterThan(0);
});

test('pages of a batch wait while a more important one has work', async () => {
  const rig = await useRig();
  await rig.put(10);
  await rig.put(10, 'urgent/');
  const embedded = await rig.open();
  const urgent = { kind: 'prefix', bucket: 'photos', prefix: 'urgent/' } as const;
  const first = await createBatch(embedded.batches, rig.request({ source: urgent, priority: 5 }));
  const second = await createBatch(embedded.batches, rig.request());
  await Promise.all([embedded.runBatch(second.id), embedded.runBatch(first.id)]);
  const copied = rig.twin.requests.all({ operation: 'CopyObject' }).map(({ key = '' }) => key.split('/')[0]);
  expect(copied.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 'urgent'));
});
