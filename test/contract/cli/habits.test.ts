import { describe, expect, it } from 'vitest';
import { documents, useRig } from './harness.ts';

const rig = useRig();

async function seed(...keys: string[]): Promise<void> {
  for (const bucket of ['photos', 'backup']) {
    for (const key of rig.twin.store.keys(bucket, '')) rig.twin.store.delete(bucket, key);
  }
  for (const key of keys) await rig.twin.store.put('photos', key, { body: `body of ${key}` });
}

describe('wildcards and filters', () => {
  it('copies what a pattern matches, with the names below its folder', async () => {
    await seed('2024/a.jpg', '2024/x/b.jpg', '2024/c.csv');
    const { code } = await rig.run('cp', 's3://photos/2024/*.jpg', 's3://backup/new');
    expect(code).toBe(0);
    expect(rig.twin.store.keys('backup', '')).toEqual(['new/a.jpg', 'new/x/b.jpg']);
  });

  it('moves the key that holds the characters, and no key that they match', async () => {
    await seed('a*.txt', 'ab.txt');
    expect((await rig.run('mv', 's3://photos/a*.txt', 's3://backup/one.txt')).code).toBe(0);
    expect(rig.twin.store.keys('photos', '')).toEqual(['ab.txt']);
    expect(rig.twin.store.keys('backup', '')).toEqual(['one.txt']);
  });

  it('changes, and starts batches of, what a pattern matches', async () => {
    await seed('2024/a.jpg', '2024/b.csv');
    expect((await rig.run('meta', 'oss://photos/2024/*.jpg', '--meta', 'owner=ann')).code).toBe(0);
    expect(await rig.twin.store.head('photos', '2024/a.jpg')).toMatchObject({ meta: { owner: 'ann' } });
    expect(await rig.twin.store.head('photos', '2024/b.csv')).toMatchObject({ meta: {} });
    expect((await rig.run('batch', 'run', 'oss://photos/2024/**/*.csv', 'oss://backup/all')).code).toBe(0);
    expect(rig.twin.store.keys('backup', '')).toEqual(['all/b.csv']);
  });

  it('lets the last of --include and --exclude win', async () => {
    await seed('p/a.csv', 'p/b.txt', 'p/tmp/c.csv');
    const flags = ['--exclude', '*', '--include', '*.csv', '--exclude', 'tmp/*'];
    expect((await rig.run('cp', 's3://photos/p/', 's3://backup/', ...flags)).code).toBe(0);
    expect(rig.twin.store.keys('backup', '')).toEqual(['a.csv']);
    expect((await rig.run('cp', 's3://photos/p/', 's3://backup/old/', '--older-than', '1d')).code).toBe(1);
  });

  it('refuses a destination where the pattern looks for objects', async () => {
    await seed('a.csv');
    const { code, stderr } = await rig.run('mv', 's3://photos/*.csv', 's3://photos/csv/');
    expect(stderr).toContain('would work on its own results');
    expect(code).toBe(2);
  });
});

describe('a selection that matches nothing', () => {
  it.each([
    ['cp', 's3://photos/no*/', 's3://backup/'],
    ['cp', 's3://photos/none/', 's3://backup/'],
    ['mv', 's3://photos/none/', 's3://backup/'],
    ['cp', 's3://photos/none/', 's3://backup/', '--dry-run'],
    ['meta', 's3://photos/no*', '--meta', 'a=b'],
    ['batch', 'run', 's3://photos/none/**/*.jpg', 's3://backup/'],
    ['batch', 'run', 's3://photos/none/', 's3://backup/', '--dry-run'],
    ['batch', 'verify', 's3://photos/none/', 's3://backup/'],
  ])('%s %s %s is an error that names what was searched, unless --allow-empty', async (...args) => {
    await seed('a');
    const { code, stderr } = await rig.run(...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/no object matches (?:below )?s3:\/\/photos\/no/);
    expect((await rig.run(...args, '--allow-empty')).code).toBe(0);
  });
});

describe('--overwrite never', () => {
  it('skips what is there with exit code 0, and counts it', async () => {
    await seed('p/a', 'p/b');
    await rig.twin.store.put('backup', 'a', { body: 'older' });
    for (const command of ['cp', 'mv']) {
      const one = await rig.run(command, 's3://photos/p/a', 's3://backup/a', '--overwrite', 'never');
      expect(one).toMatchObject({ code: 0, stdout: expect.stringContaining('skipped 1 object') as string });
      const many = await rig.run(command, 's3://photos/p/', 's3://backup/', '--overwrite', 'never');
      expect(many.stderr).not.toContain('✗');
      expect(many).toMatchObject({ code: 0, stdout: expect.stringContaining('skipped') as string });
    }
    expect(rig.twin.store.keys('photos', '')).toContain('p/a');
    expect(await rig.twin.store.head('backup', 'a')).toMatchObject({ size: 5 });
  });
});

describe('words of other tools', () => {
  it('takes the options of aws-cli', async () => {
    await seed('a');
    const flags = ['--metadata', 'one=1,two=2,3', '--metadata-directive', 'REPLACE', '--tagging', 'team=red&x=y%20z'];
    expect((await rig.run('cp', 's3://photos/a', 's3://backup/a', ...flags, '--only-show-errors')).stdout).toBe('');
    expect(await rig.twin.store.head('backup', 'a')).toMatchObject({
      meta: { one: '1', two: '2,3' },
      tags: { team: 'red', x: 'y z' },
    });
    expect((await rig.run('cp', 's3://photos/a', 's3://backup/b', '--dryrun', '--no-progress')).stdout).toMatch(
      /^plan/,
    );
    expect((await rig.run('cp', 's3://photos/a', 's3://backup/b', '--update')).stderr).toContain('--if-different');
    expect(rig.twin.store.keys('backup', '')).toEqual(['a']);
  });

  it('suggests by meaning', async () => {
    expect(await rig.run('rename', 's3://a/b', 's3://a/c')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('ferry mv') as string,
    });
    expect((await rig.run('head', 's3://a/b')).stderr).toContain('ferry stat');
    expect((await rig.run('download', 's3://a/b')).stderr).toContain('ferry cat URL > FILE');
    expect((await rig.run('upload', 'f')).stderr).toContain('local files are not read or written');
  });

  it('explains a command of a command, and says its version', async () => {
    expect((await rig.run('help', 'batch', 'run')).stdout).toMatch(/^Usage: ferry batch run /);
    expect((await rig.run('version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(await rig.start('version').done).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d/) as string });
  });

  it('reads every option from a variable of its name, and lets other commands be', async () => {
    await seed('a.csv', 'b.txt');
    const env = { FERRY_EXCLUDE: '*.txt', FERRY_RECURSIVE: '1', FERRY_JSON: 'true', FERRY_STORAGE_CLASS: 'IA' };
    const { code, stdout } = await rig.runWith(env, 'ls', 'oss://photos');
    expect(code).toBe(0);
    expect(documents(stdout).map(({ key }) => key)).toEqual(['a.csv']);
    expect((await rig.runWith(env, 'ls', 'oss://photos', '--exclude', '*.csv')).stdout).toContain('b.txt');
    expect(await rig.runWith({ FERRY_MAX_ITEMS: 'x' }, 'ls', 'oss://photos')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('FERRY_MAX_ITEMS: Write a whole number') as string,
    });
    expect((await rig.runWith({ FERRY_NO_SUCH: '1' }, 'ls', 'oss://photos')).code).toBe(2);
  });
});

describe('--debug', () => {
  it('shows each request with its retries, and no secret', async () => {
    await seed('a');
    rig.twin.faults.add({
      match: { operation: 'HeadObject' },
      times: 1,
      effect: { kind: 'error', status: 503, code: 'SlowDown' },
    });
    const { code, stderr } = await rig.run('stat', 's3://photos/a', '-v');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^debug: HeadObject photos\/a: 200, \d+ ms, .*request \w+.*$/m);
    expect(stderr).toMatch(/^debug: HeadObject photos\/a: 200.*, attempt 2$/m);
    expect(stderr).not.toContain(rig.twin.secretAccessKey);
    expect(stderr).not.toMatch(/Signature=|Credential=/);
  });
});
