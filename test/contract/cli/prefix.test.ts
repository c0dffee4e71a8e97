import { describe, expect, it } from 'vitest';
import { documents, MiB, useRig } from './harness.ts';

const rig = useRig();

async function fill(prefix: string, names: string[]): Promise<void> {
  for (const name of names) await rig.twin.store.put('photos', prefix + name, { body: name, meta: { name: 'n' } });
}

const keysBelow = (bucket: string, prefix: string) =>
  rig.twin.store.keys(bucket, prefix).map((key) => key.slice(prefix.length));

describe.each(['oss', 's3'] as const)('a prefix on %s', (scheme) => {
  it('is copied with its names, filtered', async () => {
    await fill(`${scheme}/logs/`, ['a.log', 'x/b.log', 'x/c.tmp', '目录/ +%.log']);
    const { code, stdout, stderr } = await rig.run(
      ...['cp', `${scheme}://photos/${scheme}/logs/`, `${scheme}://backup/${scheme}/old/`],
      ...['--include', '*.log', '--include', '*.tmp', '--exclude', 'x/b.*'],
    );
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^✓ copied 3 objects, \d+ B in [\d.]+ s \(.*\)\n$/);
    expect(code).toBe(0);
    expect(keysBelow('backup', `${scheme}/old/`)).toEqual(['a.log', 'x/c.tmp', '目录/ +%.log']);
    expect(await rig.twin.store.head('backup', `${scheme}/old/a.log`)).toMatchObject({ meta: { name: 'n' } });
    expect(keysBelow('photos', `${scheme}/logs/`)).toHaveLength(4);
  });

  it('is moved, with --recursive in place of the slash', async () => {
    await fill(`${scheme}/in/`, ['1', '2/3']);
    await fill(`${scheme}/in-between/`, ['1']);
    const outcome = await rig.run('mv', '-r', `${scheme}://photos/${scheme}/in`, `${scheme}://photos/${scheme}/out`);
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringMatching(/^✓ moved 2 objects/) as string });
    expect(keysBelow('photos', `${scheme}/in/`)).toEqual([]);
    expect(keysBelow('photos', `${scheme}/out/`)).toEqual(['1', '2/3']);
    expect(keysBelow('photos', `${scheme}/in-between/`)).toEqual(['1']);
  });
});

describe('many objects', () => {
  it('give one document each, and nothing else on stdout', async () => {
    await fill('json/', ['1', '2', '3']);
    await rig.twin.store.put('photos', 'json/large', { size: 12 * MiB });
    const { code, stdout, stderr } = await rig.run(
      'cp',
      'oss://photos/json/',
      'oss://backup/json/',
      '--json',
      '--part-size',
      '4MiB',
    );
    expect(code).toBe(0);
    const found = documents(stdout);
    expect(found.map(({ source }) => source).sort()).toEqual(
      ['1', '2', '3', 'large'].map((name) => `oss://photos/json/${name}`),
    );
    expect(found.find(({ source }) => source === 'oss://photos/json/large')).toMatchObject({ way: 'parts', parts: 3 });
    expect(stderr).toMatch(/✓ copied 4 objects, 12\.0 MiB/);
  });

  it('give as much in the document of each as one object by itself does', async () => {
    await fill('rich/', ['small', 'refused']);
    await rig.twin.store.put('photos', 'rich/large', { size: 12 * MiB });
    const denied = { kind: 'error', status: 403, code: 'AccessDenied' } as const;
    const match = { operation: 'CopyObject', bucket: 'backup', key: 'rich/refused' };
    rig.twin.faults.add({ match, effect: denied });
    const flags = ['--json', '--part-size', '5MiB'];
    const many = await rig.runWith(
      { FERRY_DIRECT_MAX: '5MiB' },
      'cp',
      's3://photos/rich/',
      's3://backup/rich/',
      ...flags,
    );
    for (const name of ['small', 'refused', 'large']) {
      const one = await rig.runWith(
        { FERRY_DIRECT_MAX: '5MiB' },
        ...['cp', `s3://photos/rich/${name}`, `s3://backup/rich/${name}`, ...flags],
      );
      const [alone = {}] = documents(one.stdout);
      const found = documents(many.stdout).find(({ source }) => source === `s3://photos/rich/${name}`) ?? {};
      const fields = (document: object): string[] => Object.keys(document).sort();
      expect(fields(found).filter((field) => field !== 'job')).toEqual(
        fields(alone).filter((field) => field !== 'job'),
      );
      expect(fields(found['error'] ?? {})).toEqual(fields(alone['error'] ?? {}));
    }
    rig.twin.faults.clear();
    const [refused, large] = ['refused', 'large'].map((name) =>
      documents(many.stdout).find(({ source }) => source === `s3://photos/rich/${name}`),
    );
    expect(refused).toMatchObject({ error: { code: 'AccessDenied', store: { operation: 'CopyObject', status: 403 } } });
    expect(large).toMatchObject({
      way: 'parts',
      seconds: expect.any(Number) as number,
      job: expect.any(String) as string,
    });
  });

  it('fail one by one: exit 3, and a line for each that failed', async () => {
    await fill('some/', ['good']);
    await rig.twin.store.put('photos', 'some/frozen', { body: 'x', storageClass: 'DEEP_ARCHIVE' });
    await rig.twin.store.put('photos', 'some/appended', { body: 'x', kind: 'appendable' });
    const { code, stdout, stderr } = await rig.run('mv', 'oss://photos/some/', 'oss://backup/some/');
    expect(code).toBe(3);
    expect(stdout).toMatch(
      /^! moved 1 object, .*; 2 failed \((1 Archived, 1 NotAppendableCopy|1 NotAppendableCopy, 1 Archived)\)\n$/,
    );
    expect(stderr).toMatch(/✗ oss:\/\/photos\/some\/frozen is archived/);
    expect(stderr).toMatch(/✗ oss:\/\/photos\/some\/appended is an appendable object/);
    expect(keysBelow('photos', 'some/')).toEqual(['appended', 'frozen']);
    expect(stderr).toMatch(/^again: ferry batch retry [0-9a-f]+$/m);
    const rest = await rig.run('mv', 'oss://photos/some/', 'oss://backup/some/');
    expect(rest.code).toBe(1);
  });

  it('are listed page by page, for at most one request in a hundred', async () => {
    const names = Array.from({ length: 1_005 }, (_, index) => `${index}`.padStart(5, '0'));
    for (const name of names) await rig.twin.store.put('photos', `many/${name}`, { body: 'x' });
    rig.twin.requests.reset();
    const { code, stdout } = await rig.run('cp', 's3://photos/many/', 's3://backup/many/', '--objects', '32');
    expect(code).toBe(0);
    expect(stdout).toMatch(/✓ copied 1,005 objects/);
    expect(keysBelow('backup', 'many/')).toEqual(names);
    expect(rig.twin.requests.count('ListObjectsV2')).toBeLessThanOrEqual(names.length / 100 + 1);
  });

  it('are only planned with --dry-run', async () => {
    await fill('plan/', ['1', '2']);
    await rig.twin.store.put('photos', 'plan/large', { size: 12 * MiB });
    const args = ['cp', 's3://photos/plan/', 's3://backup/plan/', '--part-size', '6MiB', '--dry-run'];
    const { code, stdout } = await rig.run(...args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/objects +3 objects, 12\.0 MiB/);
    expect(stdout).toMatch(/ways +2 direct, 1 parts/);
    expect(stdout).toMatch(/calls .*2 UploadPartCopy/);
    expect(stdout).toMatch(/price +about .* USD/);
    expect(keysBelow('backup', 'plan/')).toEqual([]);
    const [document] = documents((await rig.run(...args, '--json')).stdout);
    expect(document).toMatchObject({ status: 'planned', objects: 3, ways: { direct: 2, parts: 1 } });
  });

  it('are changed where they are', async () => {
    await fill('tagged/', ['1', 'x/2', 'x/3.tmp']);
    const args = ['meta', '-r', 's3://photos/tagged', '--set', 'owner=ann', '--exclude', '*.tmp'];
    expect((await rig.run(...args, '--dry-run')).stdout).toMatch(/objects +2 objects/);
    const { code, stdout } = await rig.run(...args);
    expect(stdout).toMatch(/^✓ changed 2 objects/);
    expect(code).toBe(0);
    for (const [name, meta] of Object.entries({ '1': 'ann', 'x/2': 'ann', 'x/3.tmp': undefined }))
      expect((await rig.twin.store.head('photos', `tagged/${name}`))?.meta['owner']).toBe(meta);
    expect(await rig.run('meta', '-r', 's3://photos/tagged')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/say what to change/) as string,
    });
  });

  it('below which there is nothing is a failure', async () => {
    const { code, stderr } = await rig.run('mv', 'oss://photos/none/', 'oss://backup/none/');
    expect(stderr).toMatch(/nothing to move: no object matches below oss:\/\/photos\/none\//);
    expect(code).toBe(1);
  });

  it('say what could not be kept', async () => {
    await fill('lossy/', ['1', '2']);
    for (const name of ['1', '2']) {
      await rig.twin.store.put('photos', `lossy/${name}`, { body: 'x', acl: { canned: 'public-read' } });
    }
    const denied = { kind: 'error', status: 403, code: 'AccessDenied' } as const;
    const remove = rig.twin.faults.add({
      match: { operation: ['GetObjectAcl', 'PutObjectAcl'] },
      effect: denied,
    });
    const { code, stderr } = await rig.run('cp', 'oss://photos/lossy/', 'oss://backup/lossy/', '--acl', 'keep');
    remove();
    expect(code).toBe(0);
    expect(stderr).toMatch(/! not kept: acl, on 2 objects/);
  });
});
