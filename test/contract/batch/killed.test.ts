import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { BatchView } from '../../../lib/batch/index.ts';
import { listBatches, results } from '../../../lib/batch/index.ts';
import type { Embedded } from '../../../lib/runtime/embedded/open.ts';
import type { Rig } from './rig.ts';
import { useRig } from './rig.ts';

/** `ferry batch run` in a process of its own, killed when the twin has seen so many requests of a kind. */
async function killedAt(rig: Rig, operation: string, count: number, flags: string[]): Promise<void> {
  const { url, accessKeyId, secretAccessKey } = rig.twin;
  const where = ['--state', rig.home, '--endpoint-url', url, '--region', 'cn-hangzhou'];
  const args = ['dist/ferry.mjs', 'batch', 'run', 'oss://photos/in/', 'oss://backup/in/', ...flags, ...where];
  const env = { PATH: process.env['PATH'], OSS_ACCESS_KEY_ID: accessKeyId, OSS_ACCESS_KEY_SECRET: secretAccessKey };
  const child = spawn(process.execPath, args, { env, stdio: 'ignore' });
  const exited = once(child, 'exit');
  while (rig.twin.requests.count(operation) < count && child.exitCode === null) await sleep(2);
  child.kill('SIGKILL');
  await exited;
}

/** Goes on with what the dead process left; undefined when it had not even begun. */
async function resumed(embedded: Embedded): Promise<BatchView | undefined> {
  const [found] = await listBatches(embedded.batches);
  return found && (await embedded.runBatch(found.id));
}

async function keysOf(embedded: Embedded, id: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of results(embedded.batches, id)) keys.push(key);
  return keys.sort();
}

test.each([
  ['HeadObject', 2],
  ['CopyObject', 1],
  ['CopyObject', 40],
  ['CopyObject', 119],
] as const)('killed at %s %i, a copy is resumed and its report is exact', async (operation, count) => {
  const rig = await useRig();
  const keys = await rig.put(120);
  await killedAt(rig, operation, count, ['--page-size', '20']);
  const embedded = await rig.open();
  const view = await resumed(embedded);
  expect(view?.summary).toMatchObject({ entries: 120, counts: { copied: 120 } });
  expect(await keysOf(embedded, view?.id ?? '')).toEqual(keys);
  expect(rig.twin.store.keys('backup')).toEqual(keys);
});

test.each([
  ['CopyObject', 10],
  ['DeleteObject', 1],
  ['DeleteObject', 25],
] as const)('killed at %s %i, a rename is resumed and no object is lost or called failed', async (operation, count) => {
  const rig = await useRig();
  const keys = await rig.put(40);
  await killedAt(rig, operation, count, ['--rename', '--page-size', '10']);
  const embedded = await rig.open();
  const view = await resumed(embedded);
  expect(view?.summary).toMatchObject({ entries: 40, counts: { renamed: 40 } });
  expect(rig.twin.store.keys('backup')).toEqual(keys);
  expect(rig.twin.store.keys('photos')).toEqual([]);
});
