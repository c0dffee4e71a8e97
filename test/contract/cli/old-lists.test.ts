/** A store with lists of the first kind, and without the length of empty objects: what cannot get better is not waited for. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { documents, MiB, useRig } from './harness.ts';

const rig = useRig({ quirks: { firstLists: true, hidesEmptyLength: true }, region: 'us-east-1' });
const keys = Array.from({ length: 1_100 }, (_, n) => `p/${String(n).padStart(4, '0')}`);

beforeAll(async () => {
  // Every tenth is empty.
  for (const [n, key] of keys.entries()) await rig.twin.store.put('photos', key, { body: n % 10 === 0 ? '' : 'x' });
});
beforeEach(() => {
  for (const key of rig.twin.store.keys('backup')) rig.twin.store.delete('backup', key);
  rig.twin.requests.reset();
});

describe('a store whose lists have no tokens', () => {
  it('is listed to its end', async () => {
    const { code, stdout } = await rig.run('ls', '-r', 's3://photos/p/', '--json');
    expect(code).toBe(0);
    expect(documents(stdout).map(({ key }) => key)).toEqual(keys);
    expect(rig.twin.requests.count()).toBe(2);
  });

  it('is copied, each object by one HEAD and one CopyObject', async () => {
    const run = await rig.run('cp', '-r', 's3://photos/p/', 's3://backup/p/', '--quiet');
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(rig.twin.store.keys('backup')).toEqual(keys);
    // And one look at a destination, before anything is copied.
    expect([rig.twin.requests.count('HeadObject'), rig.twin.requests.count('CopyObject')]).toEqual([1_101, 1_100]);
  });

  it('is read by a batch in stretches, with every object once', async () => {
    const run = await rig.run('batch', 'run', 's3://photos/p/', 's3://backup/p/', '--page-size', '100', '--json');
    expect(documents(run.stdout)).toMatchObject([{ counts: { entries: 1_100, counts: { copied: 1_100 } } }]);
    expect(run.code).toBe(0);
    expect(rig.twin.store.keys('backup')).toEqual(keys);
  });

  it('is reconciled', async () => {
    const config = join(rig.folder, 'old.yaml');
    const rule = { name: 'all', source: { bucket: 'photos' }, destination: { bucket: 'backup' } };
    writeFileSync(config, JSON.stringify({ rules: [rule], defaultStore: 's3' }));
    const run = await rig.run('reconcile', 'all', '--config', config, '--fix', '--json');
    expect(documents(run.stdout).at(-1)).toMatchObject({ compared: 1_100, repaired: 1_100, failed: 0 });
    expect((await rig.run('reconcile', 'all', '--config', config)).code).toBe(0);
  });
});

describe('an ETag', () => {
  it.each([
    ['that two objects share is called equal', 5, /ETag equal/],
    ['that follows from other parts is not', 9, /ETag as its parts make it/],
  ])('%s', async (_name, partSize, words) => {
    // Nothing but the ETag can be compared: a checksum of parts says nothing of other parts.
    const checksum = { algorithm: 'SHA256', type: 'COMPOSITE', value: 'of-6-parts' } as const;
    await rig.twin.store.put('photos', 'big', { size: 30 * MiB, partSize: 5 * MiB, checksum });
    const run = await rig.runWith(
      { FERRY_DIRECT_MAX: '5242880' },
      'cp',
      's3://photos/big',
      's3://backup/big',
      '--part-size',
      `${partSize}MiB`,
    );
    expect(run.stdout).toMatch(words);
  });
});
