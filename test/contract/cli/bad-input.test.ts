import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { documents, MiB, useRig } from './harness.ts';

const rig = useRig({ buckets: [{ name: 'photos' }, { name: 'backup' }, { name: 'far', region: 'cn-shanghai' }] });

/** Requests that changed something. */
function writes(): string[] {
  return rig.twin.requests
    .all()
    .map(({ operation }) => operation)
    .filter((operation) => !/^(Head|Get|List)/.test(operation));
}

beforeAll(async () => {
  const { store } = rig.twin;
  await store.put('photos', 'fine', { body: 'fine' });
  await store.put('photos', 'large', { size: 2 ** 41 });
  await store.put('photos', 'appended', { body: 'x', kind: 'appendable' });
  await store.put('photos', 'link', { symlinkTarget: 'fine' });
  await store.put('photos', 'frozen', { size: 10 * MiB, storageClass: 'DEEP_ARCHIVE' });
});

beforeEach(() => rig.twin.requests.reset());

describe('refused before any request', () => {
  it.each([
    ['an unknown scheme', ['cp', 'gs://photos/a', 'oss://backup/a'], /"gs:\/\/" is not a store ferry knows/],
    ['a local file', ['cp', './a', 'oss://backup/a'], /not a store URL/],
    ['two stores', ['cp', 's3://photos/a', 'oss://backup/a'], /both must be in the same store/],
    ['source = destination', ['mv', 'oss://photos/fine', 'oss://photos/fine'], /same object/],
    ['the same prefix', ['mv', 'oss://photos/d/', 'oss://photos/d/'], /are the same/],
    ['a copy into itself', ['cp', 'oss://photos/d/', 'oss://photos/d/e/'], /lies inside/],
    ['a bucket without a slash', ['cp', 'oss://photos', 'oss://backup/'], /whole bucket/],
    [
      'a key over the limit of OSS',
      ['cp', 'oss://photos/fine', `oss://backup/${'k'.repeat(1024)}`],
      /1024 bytes.*1023/,
    ],
    ['a key over the limit of S3', ['cp', 's3://photos/fine', `s3://backup/${'é'.repeat(513)}`], /1026 bytes.*1024/],
    ['a bad part size', ['cp', 'oss://photos/a', 'oss://backup/a', '--part-size', 'big'], /such as 64MiB/],
    ['a bad choice', ['cp', 'oss://photos/a', 'oss://backup/a', '--overwrite', 'maybe'], /Allowed choices/],
    ['an unknown option', ['cp', 'oss://photos/a', 'oss://backup/a', '--recursiv'], /Did you mean --recursive/],
    [
      'a missing argument',
      ['cp', 'oss://photos/a'],
      /"oss:\/\/photos\/a" is the only URL: name source and destination/,
    ],
    ['an unknown command', ['copy', 'a', 'b'], /no command "copy".*ferry cp/],
    ["another store's encryption", ['cp', 's3://photos/a', 's3://backup/a', '--sse', 'SM4'], /AES256, aws:kms/],
  ])('%s', async (_name, args, message) => {
    const { code, stdout, stderr } = await rig.run(...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(rig.twin.requests.count()).toBe(0);
  });

  it('bad configuration', async () => {
    const copy = ['cp', 'oss://photos/fine', 'oss://backup/fine'];
    const cases: [Record<string, string | undefined>, RegExp][] = [
      [{ OSS_ENDPOINT: undefined, OSS_REGION: undefined }, /region .* not known/],
      [{ FERRY_CONCURENCY: '3' }, /Unknown setting FERRY_CONCURENCY/],
      [{ FERRY_CONCURRENCY: 'many' }, /FERRY_CONCURRENCY/],
      [{ OSS_ENDPOINT: 'ftp://x' }, /OSS_ENDPOINT is no endpoint/],
    ];
    for (const [env, message] of cases) {
      const { code, stderr } = await rig.runWith(env, ...copy);
      expect(stderr).toMatch(message);
      expect(code).toBe(2);
    }
    expect(rig.twin.requests.count()).toBe(0);
  });
});

describe('refused before any write', () => {
  it.each([
    [
      'a missing source',
      ['cp', 'oss://photos/nothing', 'oss://backup/x'],
      1,
      /oss:\/\/photos\/nothing.*no such object/,
    ],
    ['a missing source bucket', ['cp', 'oss://nowhere/fine', 'oss://backup/x'], 1, /oss:\/\/nowhere.*no such bucket/],
    ['an appendable object', ['cp', 'oss://photos/appended', 'oss://backup/x'], 1, /appendable/],
    ['a symbolic link', ['cp', 'oss://photos/link', 'oss://backup/x'], 1, /symbolic link/],
    ['an archived object', ['cp', 'oss://photos/frozen', 'oss://backup/x'], 1, /archived.*--restore DAYS/],
    ['an archived object on S3', ['mv', 's3://photos/frozen', 's3://backup/x'], 1, /archived.*--restore DAYS/],
    ['another region', ['cp', 'oss://photos/large', 'oss://far/x'], 1, /one region|region/],
    ['too many parts', ['cp', 'oss://photos/large', 'oss://backup/x', '--part-size', '100MiB'], 2, /10000.*at least/],
    [
      'parts below the minimum',
      ['cp', 's3://photos/large', 's3://backup/x', '--part-size', '1MiB'],
      2,
      /outside this store/,
    ],
    [
      'an empty prefix',
      ['cp', 'oss://photos/no/such/', 'oss://backup/'],
      1,
      /no object matches below oss:\/\/photos\/no\/such\//,
    ],
    ['a missing bucket of a prefix', ['cp', 'oss://nowhere/a/', 'oss://backup/'], 1, /no such bucket/],
    [
      'metadata of nothing',
      ['meta', 's3://photos/nothing', '--set', 'a=b'],
      1,
      /s3:\/\/photos\/nothing.*no such object/,
    ],
    ['a list of nothing', ['ls', 's3://nowhere/'], 1, /no such bucket/],
  ])('%s', async (_name, args, expected, message) => {
    const { code, stdout, stderr } = await rig.run(...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(expected);
    expect(stdout).toBe('');
    expect(writes()).toEqual([]);
  });

  it('a wrong secret', async () => {
    const oss = await rig.runWith(
      { OSS_ACCESS_KEY_SECRET: 'wrong-secret' },
      'cp',
      'oss://photos/fine',
      'oss://backup/x',
    );
    expect(oss.stderr).toMatch(/does not accept the credentials/);
    expect(oss.code).toBe(2);
    // S3 answers a HEAD with a status and nothing else.
    const s3 = await rig.runWith({ AWS_SECRET_ACCESS_KEY: 'wrong-secret' }, 'cp', 's3://photos/fine', 's3://backup/x');
    expect(s3.stderr).toMatch(/a wrong secret looks the same; ferry doctor/);
    expect(s3.code).toBe(1);
    const listed = await rig.runWith({ AWS_SECRET_ACCESS_KEY: 'wrong-secret' }, 'ls', 's3://photos/');
    expect(listed.stderr).toMatch(/does not accept the credentials/);
    expect(listed.code).toBe(2);
    for (const { stdout, stderr } of [oss, s3, listed]) expect(stdout + stderr).not.toContain('wrong-secret');
    expect(writes()).toEqual([]);
  });

  it('no permission, naming the permission', async () => {
    const denied = { status: 403, code: 'AccessDenied', message: 'You have no right to access this object.' };
    const remove = rig.twin.faults.add({ match: { operation: 'HeadObject' }, effect: { kind: 'error', ...denied } });
    try {
      const { code, stdout } = await rig.run('cp', 'oss://photos/fine', 'oss://backup/x', '--json');
      expect(documents(stdout)).toEqual([
        expect.objectContaining({
          status: 'failed',
          source: 'oss://photos/fine',
          error: expect.objectContaining({
            code: 'AccessDenied',
            message: expect.stringContaining('oss:GetObject') as string,
          }) as object,
        }),
      ]);
      expect(code).toBe(1);
    } finally {
      remove();
    }
  });

  it('a missing destination bucket leaves the source alone', async () => {
    const { code, stderr } = await rig.run('mv', 'oss://photos/fine', 'oss://nowhere/x');
    expect(stderr).toMatch(/no such bucket/);
    expect(code).toBe(1);
    expect(await rig.twin.store.head('photos', 'fine')).toBeDefined();
  });
});

describe('state that cannot be used', () => {
  it('is a damaged file', async () => {
    const home = join(rig.folder, 'damaged');
    await mkdir(home);
    await writeFile(join(home, 'state.db'), 'this is no database, but long enough to look like one '.repeat(100));
    const { code, stderr } = await rig.run('cp', 'oss://photos/fine', 'oss://backup/x', '--state', home);
    expect(stderr).toMatch(/state\.db/);
    expect(code).toBe(2);
    expect(rig.twin.requests.count()).toBe(0);
  });

  it('is a folder that cannot be made', async () => {
    const file = join(rig.folder, 'a-file');
    await writeFile(file, '');
    const { code, stderr } = await rig.run('status', '--state', join(file, 'below'));
    expect(stderr).toMatch(/a-file/);
    expect(code).toBe(2);
  });
});
