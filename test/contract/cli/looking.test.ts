import { describe, expect, it } from 'vitest';
import { documents, useRig } from './harness.ts';

const rig = useRig({ buckets: [{ name: 'photos' }, { name: 'backup' }, { name: 'kept', versioning: 'Enabled' }] });

const keys = ['2024/a.jpg', '2024/x/b.jpg', '2024/c.csv', 'odd[1].txt', 'oddx.txt', 'top.csv'];

async function seed(): Promise<void> {
  for (const key of keys) await rig.twin.store.put('photos', key, { body: `body of ${key}` });
}

const listed = (text: string): unknown[] => documents(text).map(({ key, prefix }) => prefix ?? key);

describe('ls', () => {
  it('lists the buckets of every store in use where no URL is given', async () => {
    const { code, stdout } = await rig.run('ls', '--json');
    expect(code).toBe(0);
    expect(documents(stdout).map(({ url }) => url)).toEqual(
      ['oss', 's3'].flatMap((scheme) => ['backup', 'kept', 'photos'].map((name) => `${scheme}://${name}`)),
    );
  });

  it('goes folder by folder, or everywhere for a wildcard, an option that chooses or -r', async () => {
    await seed();
    expect(listed((await rig.run('ls', 's3://photos', '--json')).stdout)).toEqual([
      '2024/',
      'odd[1].txt',
      'oddx.txt',
      'top.csv',
    ]);
    expect(listed((await rig.run('ls', 's3://photos/*.csv', '--json')).stdout)).toEqual(['2024/c.csv', 'top.csv']);
    expect(listed((await rig.run('ls', 's3://photos/2024/**/*.jpg', '--json')).stdout)).toEqual([
      '2024/a.jpg',
      '2024/x/b.jpg',
    ]);
    const chosen = await rig.run('ls', 'oss://photos/', '--exclude', '*', '--include', '*.csv', '--json');
    expect(listed(chosen.stdout)).toEqual(['2024/c.csv', 'top.csv']);
    expect(listed((await rig.run('ls', 'oss://photos', '-r', '--max-items', '2', '--json')).stdout)).toHaveLength(2);
  });

  it('tries a key that holds the characters before the pattern that they make', async () => {
    await seed();
    expect(listed((await rig.run('ls', 's3://photos/odd[1].txt', '--json')).stdout)).toEqual(['odd[1].txt']);
    expect(listed((await rig.run('ls', 's3://photos/odd[a-z].txt', '--json')).stdout)).toEqual(['oddx.txt']);
    expect(listed((await rig.run('ls', 's3://photos/odd\\[1\\].txt', '--json')).stdout)).toEqual(['odd[1].txt']);
  });

  it('chooses by size and by time', async () => {
    await seed();
    const by = async (...flags: string[]): Promise<unknown[]> =>
      listed((await rig.run('ls', 's3://photos', '--allow-empty', '--json', ...flags)).stdout);
    expect(await by('--max-size', '15')).toEqual(['top.csv']);
    expect(await by('--older-than', '1h')).toEqual([]);
    expect(await by('--newer-than', '1h')).toHaveLength(keys.length);
    expect(await by('--regex', '2024/[^/]*')).toEqual(['2024/a.jpg', '2024/c.csv']);
  });

  it('calls a search that finds nothing an error, and names what was searched', async () => {
    const { code, stderr } = await rig.run('ls', 's3://photos/*.png', '--newer-than', '1d');
    expect(code).toBe(1);
    expect(stderr).toContain('✗ no object matches s3://photos/*.png with --newer-than');
    expect((await rig.run('ls', 's3://photos/*.png', '--allow-empty')).code).toBe(0);
    expect((await rig.run('ls', 's3://backup')).code).toBe(0);
  });

  it('sums up on stdout where that is asked for', async () => {
    await seed();
    const { stdout, stderr } = await rig.run('ls', 's3://photos/2024/', '-l', '--summarize');
    expect(stdout).toMatch(/^1 folder, 2 objects, \d+ bytes$/m);
    expect(stderr).toBe('');
  });

  it('shows old versions and the markers that hide them', async () => {
    await rig.twin.store.put('kept', 'a', { body: '1' });
    await rig.twin.store.put('kept', 'a', { body: '22' });
    expect((await rig.run('rm', 's3://kept/a')).stdout).toMatch(/hidden by a delete marker/);
    const rows = documents((await rig.run('ls', 's3://kept', '--versions', '--json')).stdout);
    expect(rows).toMatchObject([
      { key: 'a', latest: true, deleteMarker: true },
      { key: 'a', latest: false, deleteMarker: false, size: 2 },
      { key: 'a', latest: false, deleteMarker: false, size: 1 },
    ]);
    const marker = String(rows[0]?.['versionId']);
    expect((await rig.run('rm', 's3://kept/a', '--version-id', marker)).code).toBe(0);
    expect((await rig.run('cat', 's3://kept/a')).stdout).toBe('22');
  });
});

describe('du', () => {
  it('adds up what a prefix or a pattern means, by class where asked', async () => {
    await seed();
    const [sum] = documents((await rig.run('du', 's3://photos/**/*.jpg', '--json')).stdout);
    expect(sum).toMatchObject({ objects: 2, bytes: 38, classes: { STANDARD: { objects: 2, bytes: 38 } } });
    expect((await rig.run('du', 's3://photos/2024/', '-g')).stdout).toMatch(/56 B +3 +objects .*STANDARD\n.*in all\n/);
    expect((await rig.run('du', 's3://photos/nothing/')).code).toBe(1);
  });
});

describe('stat', () => {
  it.each(['oss', 's3'])('shows all that %s tells, and what a copy would lose', async (scheme) => {
    await rig.twin.store.put('photos', 'told', {
      body: 'x',
      headers: { 'content-type': 'image/png' },
      meta: { owner: 'ann' },
      tags: { team: 'red' },
    });
    const { code, stdout } = await rig.run('stat', `${scheme}://photos/told`);
    expect(code).toBe(0);
    for (const fact of ['meta owner +ann', 'tag team +red', 'a copy loses +nothing']) {
      expect(stdout).toMatch(new RegExp(fact));
    }
    const [document] = documents((await rig.run('stat', `${scheme}://photos/told`, '--json')).stdout);
    expect(document).toMatchObject({ size: 1, tags: { team: 'red' }, copy: { possible: true, lost: [] } });
  });

  it('writes nothing, and fails for what is not there', async () => {
    rig.twin.requests.reset();
    expect(await rig.run('stat', 's3://photos/missing')).toMatchObject({ code: 1 });
    await rig.run('stat', 's3://photos/told');
    expect(rig.twin.requests.all().filter(({ operation }) => !/^(Head|Get|List)/.test(operation))).toEqual([]);
  });
});

describe('cat', () => {
  it('writes the bytes and nothing else', async () => {
    await rig.twin.store.put('photos', 'bytes', { body: 'a\nb\0c' });
    await rig.twin.store.put('photos', 'empty', { body: '' });
    expect(await rig.run('cat', 'oss://photos/bytes')).toMatchObject({ code: 0, stdout: 'a\nb\0c' });
    expect(await rig.run('cat', 's3://photos/empty')).toMatchObject({ code: 0, stdout: '' });
    expect((await rig.run('cat', 's3://photos/bytes', '--offset', '2', '--count', '2')).stdout).toBe('b\0');
    expect(await rig.run('cat', 's3://photos/missing')).toMatchObject({ code: 1, stdout: '' });
  });
});

describe('rm, mb, rb and presign', () => {
  it('removes one object, and refuses what stands for many', async () => {
    await seed();
    expect((await rig.run('rm', 's3://photos/top.csv', '-n')).stdout).toBe('would remove s3://photos/top.csv (15 B)\n');
    expect(rig.twin.store.keys('photos', 'top')).toEqual(['top.csv']);
    expect(await rig.run('rm', 's3://photos/top.csv')).toMatchObject({ code: 0 });
    expect(rig.twin.store.keys('photos', 'top')).toEqual([]);
    expect(await rig.run('rm', 's3://photos/top.csv')).toMatchObject({ code: 1 });
    for (const many of ['s3://photos/2024/', 's3://photos/*', 's3://photos']) {
      expect(await rig.run('rm', many)).toMatchObject({ code: many === 's3://photos' ? 2 : 1 });
    }
    expect(rig.twin.store.keys('photos', '2024/')).toHaveLength(3);
  });

  it('removes an object whose key holds wildcards, and no other', async () => {
    await seed();
    expect(await rig.run('rm', 's3://photos/odd[1].txt')).toMatchObject({ code: 0 });
    expect(rig.twin.store.keys('photos', 'odd')).toEqual(['oddx.txt']);
  });

  it('makes a bucket, and removes it only when it is empty', async () => {
    expect(await rig.run('mb', 'oss://fresh-one')).toMatchObject({ code: 0 });
    expect(await rig.run('mb', 'oss://fresh-one')).toMatchObject({ code: 0 });
    await rig.twin.store.put('fresh-one', 'a', { body: 'a' });
    const refused = await rig.run('rb', 'oss://fresh-one');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/is not empty/);
    await rig.run('rm', 'oss://fresh-one/a');
    expect(await rig.run('rb', 'oss://fresh-one')).toMatchObject({ code: 0 });
    expect((await rig.run('rb', 's3://photos/2024/')).code).toBe(2);
  });

  it.each(['oss', 's3'])('prints a URL of %s that works by itself', async (scheme) => {
    await rig.twin.store.put('photos', 'signed it', { body: 'hello' });
    const { code, stdout } = await rig.run('presign', `${scheme}://photos/signed it`, '--expires-in', '10m');
    expect(code).toBe(0);
    expect(await (await fetch(stdout.trim())).text()).toBe('hello');
    expect((await rig.run('presign', `${scheme}://photos/x`, '--expires-in', '8d')).code).toBe(2);
  });

  it.each(['ls', 'du', 'stat', 'cat', 'rm', 'mb', 'rb', 'presign'])(
    '%s says that local files stay outside',
    async (command) => {
      const { code, stderr } = await rig.run(command, './file.txt');
      expect(code).toBe(2);
      expect(stderr).toContain('local files are not read or written');
    },
  );
});
