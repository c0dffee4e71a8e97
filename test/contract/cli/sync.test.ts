/** `ferry sync`: two listings compared as streams, and what a user would fear of it. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { documents, MiB, until, useRig } from './harness.ts';

const rig = useRig({ buckets: [{ name: 'photos' }, { name: 'backup' }, { name: 'versions', versioning: 'Enabled' }] });
const [from, to] = ['s3://photos/a/', 's3://backup/b/'];
const long = 'x'.repeat(3_000);

beforeEach(() => {
  const { twin } = rig;
  for (const bucket of ['photos', 'backup']) {
    for (const key of twin.store.keys(bucket)) twin.store.delete(bucket, key);
  }
  twin.requests.reset();
});
afterEach(() => rig.twin.faults.clear());

const source = (name: string, body: string) => rig.twin.store.put('photos', `a/${name}`, { body });
const there = (name: string, body: string) => rig.twin.store.put('backup', `b/${name}`, { body });
const read = async (key: string) => String(await rig.twin.store.bytes('backup', key));
/** S3 tells no checksum of the whole of such an object. */
const ofParts = (partSize: number) => ({
  size: 12 * MiB,
  partSize,
  checksum: { algorithm: 'SHA256' as const, type: 'COMPOSITE' as const, value: `${partSize}` },
});
const counts = () => rig.twin.requests.counts;

/** So many pairs of equal objects. */
async function equal(pairs: number): Promise<void> {
  for (let n = 0; n < pairs; n += 1) {
    await source(`k${n}`, `${n}`);
    await there(`k${n}`, `${n}`);
  }
}

describe('what is copied', () => {
  it('copies what is missing or different, leaves what is equal, and says how many of each', async () => {
    await source('new', 'n');
    await source('longer', 'more');
    await source('other', 'bbb');
    await source('same', 's');
    await there('longer', 'm');
    await there('other', 'aaa');
    await there('same', 's');
    await there('extra', 'e');
    const { code, stdout } = await rig.run('sync', from, to);
    expect(stdout).toMatch(/✓ 1 equal, copied 3 objects \(.*\), 1 without a source left \(--delete removes them\)/);
    expect(code).toBe(0);
    expect(await read('b/new')).toBe('n');
    expect(await read('b/longer')).toBe('more');
    expect(await read('b/other')).toBe('bbb');
    expect(await read('b/extra')).toBe('e');
  });

  it('costs two listings for a thousand objects and no HEAD where both sides are equal', async () => {
    await equal(2_001);
    rig.twin.requests.reset();
    const { code, stdout } = await rig.run('sync', from, to);
    expect(stdout).toMatch(/✓ 2,001 equal, copied 0 objects/);
    expect(code).toBe(0);
    expect(counts()).toEqual({ ListObjectsV2: 6 });
  });

  it('does not copy again what was uploaded in other parts, where both sides have a checksum', async () => {
    const checksum = { algorithm: 'CRC64NVME' as const, type: 'FULL_OBJECT' as const, value: 'AAAAAAAAAAA=' };
    const big = { size: 12 * MiB, checksum };
    await rig.twin.store.put('photos', 'a/big', { ...big, partSize: 5 * MiB });
    await rig.twin.store.put('backup', 'b/big', { ...big, partSize: 6 * MiB });
    const { code, stdout } = await rig.run('sync', from, to);
    expect(stdout).toMatch(/✓ 1 equal, copied 0 objects/);
    expect(code).toBe(0);
    expect(counts()['CopyObject'] ?? 0).toBe(0);
  });

  it('reports what nothing decides with exit code 3, and copies it, or takes it for equal, when told to', async () => {
    await rig.twin.store.put('photos', 'a/big', ofParts(5 * MiB));
    await rig.twin.store.put('backup', 'b/big', ofParts(6 * MiB));
    const reported = await rig.run('sync', from, to);
    expect(reported.stdout).toMatch(/! 0 equal, copied 0 objects, 1 undecided/);
    expect(reported.stderr).toMatch(/--undecided copy copies them/);
    expect(reported.code).toBe(3);
    expect((await rig.run('sync', from, to, '--undecided', 'keep')).code).toBe(0);
    const copied = await rig.run('sync', from, to, '--undecided', 'copy');
    expect(copied.stdout).toMatch(/✓ 0 equal, copied 1 object /);
  });

  it('copies what nothing decides when the copy is older than its source', async () => {
    await rig.twin.store.put('backup', 'b/big', { ...ofParts(6 * MiB), lastModified: Date.now() - 60_000 });
    await rig.twin.store.put('photos', 'a/big', ofParts(5 * MiB));
    expect((await rig.run('sync', from, to)).stdout).toMatch(/✓ 0 equal, copied 1 object /);
  });

  it('looks at times only when asked to', async () => {
    await rig.twin.store.put('backup', 'b/k', { body: 'k', lastModified: Date.now() - 60_000 });
    await rig.twin.store.put('photos', 'a/k', { body: 'k', meta: { owner: 'ann' } });
    expect((await rig.run('sync', from, to)).stdout).toMatch(/✓ 1 equal, copied 0/);
    expect((await rig.run('sync', from, to, '--compare-time')).stdout).toMatch(/✓ 0 equal, copied 1/);
    expect(await rig.twin.store.head('backup', 'b/k')).toMatchObject({ meta: { owner: 'ann' } });
    expect((await rig.run('sync', from, to, '--compare-time')).stdout).toMatch(/✓ 1 equal, copied 0/);
  });

  it('treats a key that merely begins like the prefix as outside', async () => {
    await rig.twin.store.put('photos', 'ab/k', { body: 'k' });
    await source('k', 'k');
    await rig.run('sync', 's3://photos/a', 's3://backup/b');
    expect(rig.twin.store.keys('backup')).toEqual(['b/k']);
  });

  it('fails when the source holds nothing, unless that is allowed', async () => {
    const { code, stderr } = await rig.run('sync', from, to);
    expect(stderr).toMatch(/no object matches below s3:\/\/photos\/a\//);
    expect(code).toBe(1);
    expect((await rig.run('sync', from, to, '--allow-empty')).code).toBe(0);
  });
});

describe('--delete', () => {
  it('removes what has no source, by name, and nothing that filters leave out on either side', async () => {
    await equal(8);
    await source('a.log', 'left out');
    await there('a.log', 'its copy');
    await there('b.log', 'left out');
    await there('extra', 'e');
    const { code, stdout } = await rig.run('sync', from, to, '--delete', '--exclude', '*.log');
    expect(stdout).toMatch(/✓ 8 equal, copied 0 objects, removed 1, /);
    expect(code).toBe(0);
    expect(rig.twin.store.keys('backup')).toContain('b/b.log');
    expect(await read('b/a.log')).toBe('its copy');
    expect(rig.twin.store.keys('backup')).not.toContain('b/extra');
  });

  it('never takes the copy of a source that a filter by size leaves out for one without a source', async () => {
    await equal(4);
    await source('k', long);
    await there('k', 'x');
    await rig.run('sync', from, to, '--delete', '--max-size', '100');
    expect(await read('b/k')).toBe('x');
  });

  it.each([
    ['half of the destination without a source is the most', [], 5, 6],
    ['as many as were allowed', ['--max-delete', '2'], 5, 3],
    ['as great a share as was allowed', ['--max-delete', '10%'], 8, 1],
  ])('writes and removes nothing beyond a limit: %s', async (_, flags, pairs, extras) => {
    await equal(pairs);
    await source('new', 'n');
    for (let n = 0; n < extras; n += 1) await there(`extra${n}`, 'e');
    const { code, stderr } = await rig.run('sync', from, to, '--delete', ...flags);
    expect(stderr).toMatch(
      new RegExp(`Nothing was written or removed: ${extras} of ${pairs + extras} destination objects would be removed`),
    );
    expect(code).toBe(1);
    expect(counts()['DeleteObject'] ?? 0).toBe(0);
    expect(counts()['CopyObject'] ?? 0).toBe(0);
  });

  it('removes all of them where that is allowed', async () => {
    await equal(1);
    for (let n = 0; n < 4; n += 1) await there(`extra${n}`, 'e');
    expect((await rig.run('sync', from, to, '--delete', '--max-delete', '80%')).code).toBe(0);
    expect(rig.twin.store.keys('backup')).toEqual(['b/k0']);
  });

  it('removes nothing for a source that holds nothing, whatever the limit', async () => {
    await there('k', 'k');
    const { code, stderr } = await rig.run('sync', from, to, '--delete', '--max-delete', '100%');
    expect(stderr.match(/the source holds no object/g)).toHaveLength(1);
    expect(code).toBe(1);
    expect(await read('b/k')).toBe('k');
  });

  it.each([
    ['of the source', 'photos'],
    ['of the destination', 'backup'],
  ])('writes and removes nothing when a listing %s fails half way', async (_, bucket) => {
    await equal(1_100);
    await there('zextra', 'e');
    await source('a-new', 'n');
    rig.twin.requests.reset();
    rig.twin.faults.add({
      match: { operation: 'ListObjectsV2', bucket, nth: 2 },
      effect: { kind: 'error', status: 403, code: 'AccessDenied' },
    });
    const { code } = await rig.run('sync', from, to, '--delete');
    expect(code).toBe(1);
    expect(Object.keys(counts())).toEqual(['ListObjectsV2']);
  });

  it('keeps an object whose source is there again when its turn comes', async () => {
    await equal(2);
    await there('extra', 'old');
    rig.twin.faults.add({
      match: { operation: 'HeadObject', bucket: 'photos', key: 'a/extra' },
      effect: { kind: 'overwrite', bucket: 'photos', key: 'a/extra', body: 'back' },
    });
    const { stdout } = await rig.run('sync', from, to, '--delete');
    expect(stdout).toMatch(/removed 0, 1 skipped, changed meanwhile/);
    expect(await read('b/extra')).toBe('old');
  });

  it('keeps an object that was written after it had been listed', async () => {
    await equal(2);
    await there('extra', 'old');
    rig.twin.faults.add({
      match: { operation: 'HeadObject', bucket: 'photos', key: 'a/extra' },
      effect: { kind: 'overwrite', bucket: 'backup', key: 'b/extra', body: 'precious' },
    });
    const { code, stderr } = await rig.run('sync', from, to, '--delete');
    expect(stderr).toMatch(/b\/extra was written after it had been listed, so it was not removed/);
    expect(code).toBe(3);
    expect(await read('b/extra')).toBe('precious');
  });

  it('keeps an object that is written between the look and the DELETE, where the store has the condition', async () => {
    await equal(2);
    await there('extra', 'old');
    rig.twin.faults.add({
      match: { operation: 'HeadObject', bucket: 'backup', key: 'b/extra' },
      effect: { kind: 'overwrite', bucket: 'backup', key: 'b/extra', body: 'precious', when: 'after' },
    });
    expect((await rig.run('sync', from, to, '--delete')).code).toBe(3);
    expect(await read('b/extra')).toBe('precious');
  });

  it('leaves a delete marker in a versioned bucket', async () => {
    await source('k', 'k');
    await rig.twin.store.put('versions', 'k', { body: 'k' });
    await rig.twin.store.put('versions', 'extra', { body: 'e' });
    expect((await rig.run('sync', from, 's3://versions', '--delete')).code).toBe(0);
    expect(rig.twin.store.versions('versions', 'extra')).toMatchObject([{ deleteMarker: true }, {}]);
  });
});

describe('--backup-prefix', () => {
  const backup = ['--backup-prefix', 's3://backup/old/'];

  it('keeps what is overwritten and what is removed', async () => {
    await equal(3);
    await source('k', 'new');
    await there('k', 'before');
    await there('x/extra', 'e');
    expect((await rig.run('sync', from, to, '--delete', ...backup)).stdout).toMatch(/copied 1 object .*removed 1/);
    expect(await read('b/k')).toBe('new');
    expect(await read('old/k')).toBe('before');
    expect(await read('old/x/extra')).toBe('e');
    expect(rig.twin.store.keys('backup')).not.toContain('b/x/extra');
  });

  it('keeps large objects too, and then goes on with the object itself', async () => {
    await equal(3);
    await rig.twin.store.put('photos', 'a/big', { size: 40 * MiB, seed: 2 });
    await rig.twin.store.put('backup', 'b/big', { size: 41 * MiB, seed: 3 });
    await rig.twin.store.put('backup', 'b/extra', { size: 42 * MiB, seed: 4 });
    const { code, stdout } = await rig.runWith(
      { FERRY_DIRECT_MAX: '16MiB' },
      'sync',
      from,
      to,
      '--delete',
      ...backup,
      '--part-size',
      '16MiB',
    );
    expect(stdout).toMatch(/copied 1 object .*removed 1/);
    expect(code).toBe(0);
    expect(await rig.twin.store.head('backup', 'old/big')).toMatchObject({ size: 41 * MiB });
    expect(await rig.twin.store.head('backup', 'old/extra')).toMatchObject({ size: 42 * MiB });
    expect(await rig.twin.store.head('backup', 'b/big')).toMatchObject({ size: 40 * MiB });
    expect(await rig.twin.store.head('backup', 'b/extra')).toBeUndefined();
  });

  it('neither overwrites nor removes an object whose backup would overwrite an older one', async () => {
    await equal(3);
    await source('k', 'new');
    await there('k', 'before');
    await there('extra', 'e');
    await rig.twin.store.put('backup', 'old/k', { body: 'older' });
    await rig.twin.store.put('backup', 'old/extra', { body: 'older' });
    const { code, stderr } = await rig.run('sync', from, to, '--delete', ...backup);
    expect(code).toBe(3);
    expect(stderr).toMatch(/old\/k/);
    expect(await read('b/k')).toBe('before');
    expect(await read('b/extra')).toBe('e');
    expect(await read('old/k')).toBe('older');
    expect(await read('old/extra')).toBe('older');
  });
});

describe('--dry-run', () => {
  it('prints each difference and what would become of it, and writes nothing', async () => {
    await equal(3);
    await source('new', 'n');
    await source('k', 'new');
    await there('k', 'before');
    await there('extra', 'e');
    const { code, stdout } = await rig.run('sync', from, to, '--delete', '--dry-run');
    expect(stdout.split('\n')).toEqual([
      '- s3://backup/b/extra (1 B)',
      '~ s3://backup/b/k (3 B)',
      '+ s3://backup/b/new (1 B)',
      '3 equal, 1 to copy (+), 1 to overwrite (~), 1 to remove (-) (dry run: nothing is written)',
      '',
    ]);
    expect(code).toBe(0);
    expect(Object.keys(counts())).toEqual(['ListObjectsV2']);
    const { stdout: json } = await rig.run('sync', from, to, '--delete', '--dry-run', '--json');
    expect(documents(json).map(({ action }) => action)).toEqual(['remove', 'overwrite', 'copy']);
  });

  it('refuses what the sync would refuse', async () => {
    await equal(1);
    for (let n = 0; n < 4; n += 1) await there(`extra${n}`, 'e');
    const { code, stderr } = await rig.run('sync', from, to, '--delete', '--dry-run');
    expect(stderr).toMatch(/4 of 5 destination objects would be removed/);
    expect(code).toBe(1);
  });
});

describe('what is refused before any request', () => {
  it.each([
    [['s3://photos/a/', 's3://photos/a/'], 'are the same'],
    [['s3://photos/a/', 's3://photos/a/b/'], 'lies inside'],
    [['s3://photos/a/b/', 's3://photos/a/', '--delete'], '--delete would take the sources'],
    [['s3://photos/', 's3://photos/a/'], 'lies inside'],
    [[from, to, '--backup-prefix', 's3://backup/b/old/'], 'overlap'],
    [[from, to, '--backup-prefix', 's3://backup/'], 'overlap'],
    [[from, to, '--backup-prefix', 'oss://backup/old/'], 'same store'],
    [[from, 'oss://backup/b/'], 'same store'],
    [[from, to, '--max-delete', '5'], 'needs --delete'],
    [[from, to, '--delete', '--max-delete', '101%'], 'share such as 10%'],
    [[from, to, '--update'], '--compare-time'],
  ])('refuses %j', async (places, why) => {
    const { code, stderr } = await rig.run('sync', ...places);
    expect(stderr.replace(/\s+/g, ' ')).toContain(why);
    expect(code).toBe(2);
    expect(rig.twin.requests.count()).toBe(0);
  });

  it.each([
    ['s3://zone--use1-az4--x-s3/a/', to],
    [from, 's3://zone--use1-az4--x-s3/b/'],
  ])('refuses a directory bucket of AWS by its name: %s %s', async (...places) => {
    const { code, stderr } = await rig.runWith(
      { AWS_ENDPOINT_URL: undefined, AWS_REGION: 'us-east-1' },
      'sync',
      ...places,
    );
    expect(stderr).toMatch(/zone--use1-az4--x-s3 is a directory bucket/);
    expect(code).toBe(1);
  });

  it('takes no wildcards, and says what to write instead', async () => {
    await source('k.csv', 'k');
    const { code, stderr } = await rig.run('sync', 's3://photos/a/*.csv', to);
    expect(stderr).toMatch(/--include/);
    expect(code).toBe(2);
  });
});

describe('killed in the middle', { timeout: 120_000 }, () => {
  it('is listed, asks before it goes on with removals, and does the rest', async () => {
    const home = join(rig.folder, 'killed');
    for (let n = 0; n < 600; n += 1) await source(`k${String(n).padStart(3, '0')}`, `${n}`);
    for (let n = 0; n < 20; n += 1) await there(`k${String(n).padStart(3, '0')}`, `${n}`);
    await there('z-extra', 'e');
    rig.twin.faults.add({ match: { operation: 'CopyObject' }, effect: { kind: 'latency', ms: 20 } });
    const running = rig.start('sync', from, to, '--delete', '--objects', '4', '--state', home);
    await until(() => rig.twin.store.keys('backup').length >= 350, '350 objects');
    running.child.kill('SIGKILL');
    await running.done;
    rig.twin.faults.clear();
    expect(rig.twin.store.keys('backup').length).toBeLessThan(600);
    expect((await rig.run('status', '--state', home)).stdout).toMatch(
      /interrupted +sync .*s3:\/\/photos\/a\/ -> s3:\/\/backup\/b\/ \(--delete\)/,
    );
    expect((await rig.run('resume', '--state', home)).stderr).toMatch(/not resumed/);
    rig.twin.requests.reset();
    expect((await rig.run('resume', '--yes', '--state', home)).code).toBe(0);
    expect(rig.twin.store.keys('backup')).toEqual(rig.twin.store.keys('photos').map((key) => key.replace('a/', 'b/')));
    expect(counts()['DeleteObject']).toBe(1);
    // Both sides were listed before it was killed.
    expect(counts()['ListObjectsV2'] ?? 0).toBe(0);
  });
});
