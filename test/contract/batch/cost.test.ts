/** The requests that a summary counts, held against those that the server was asked. */
import { expect, test } from 'vitest';
import type { BatchInput } from '../../../lib/batch/index.ts';
import { createBatch } from '../../../lib/batch/index.ts';
import type { Rig } from './rig.ts';
import { useRig } from './rig.ts';

const MiB = 1024 * 1024;

/** Runs a batch, and gives what it counted beside what it asked; listings are not counted. */
async function run(rig: Rig, change: Partial<BatchInput>) {
  const embedded = await rig.open({ settings: { directMax: 32 * MiB, directOtherBucketMax: 32 * MiB } });
  const { id } = await createBatch(embedded.batches, rig.request({ pageSize: 10, ...change }));
  rig.twin.requests.reset();
  const view = await embedded.runBatch(id);
  const { ListObjectsV2: _, ...asked } = rig.twin.requests.counts;
  return { summary: view.summary, asked };
}

test.each(['s3', 'oss'] as const)('of a copy on %s, with a large object', async (scheme) => {
  const rig = await useRig(scheme);
  await rig.put(25);
  await rig.twin.store.put('photos', 'in/large', { size: 200 * MiB });
  const { summary, asked } = await run(rig, {});
  expect(summary).toMatchObject({ entries: 26, counts: { copied: 26 } });
  expect(summary?.calls['CopyObject']).toBe(25);
  expect(summary?.calls['UploadPartCopy']).toBeGreaterThan(1);
  expect(summary?.calls).toEqual(asked);
});

test.each(['s3', 'oss'] as const)('of a move on %s', async (scheme) => {
  const rig = await useRig(scheme);
  await rig.put(5);
  await rig.twin.store.put('photos', 'in/large', { size: 200 * MiB });
  const { summary, asked } = await run(rig, { mode: 'rename' });
  expect(summary).toMatchObject({ counts: { renamed: 6 } });
  expect(summary?.calls).toEqual(asked);
});

test('of a copy that first looks what is there, and of a comparison', async () => {
  const rig = await useRig('s3');
  await rig.put(12);
  const copy = await run(rig, { options: { overwrite: 'if-different' } });
  expect(copy.summary?.calls).toEqual(copy.asked);
  const verify = await run(rig, { mode: 'verify' });
  expect(verify.summary?.calls).toEqual({ HeadObject: 24 });
  expect(verify.asked).toEqual({ HeadObject: 24 });
});

test('of a store that answers only when it is asked again', async () => {
  const rig = await useRig('s3');
  await rig.put(10);
  rig.twin.faults.add({
    match: { operation: 'CopyObject' },
    effect: { kind: 'error', status: 503, code: 'SlowDown' },
    times: 4,
  });
  const { summary, asked } = await run(rig, {});
  expect(summary).toMatchObject({ counts: { copied: 10 }, calls: { CopyObject: 14 } });
  expect(summary?.calls).toEqual(asked);
});

test('at the prices of the class that is written', async () => {
  const rig = await useRig('s3');
  await rig.put(10);
  const plain = await run(rig, {});
  const cold = await run(rig, { options: { storageClass: 'DEEP_ARCHIVE' } });
  // 0.005 and 0.05 USD for a thousand copies, 0.0004 for a thousand looks.
  expect(plain.summary?.calls).toEqual({ CopyObject: 10, HeadObject: 10 });
  expect(plain.summary?.cost).toMatchObject({ currency: 'USD', region: 'us-east-1' });
  expect(plain.summary?.cost.amount).toBeCloseTo(0.000_05 + 0.000_004, 9);
  // A class that changes is looked at again.
  expect(cold.summary?.calls).toEqual({ CopyObject: 10, HeadObject: 20 });
  expect(cold.summary?.cost.amount).toBeCloseTo(0.000_5 + 0.000_008, 9);
});
