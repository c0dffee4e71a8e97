/** The verb says what is done, and the source says which objects: lists and options of batches with `cp`, `mv` and `meta`. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { documents, useRig } from './harness.ts';

const rig = useRig();
let list = '';

beforeEach(async () => {
  const { twin } = rig;
  for (const bucket of ['photos', 'backup']) for (const key of twin.store.keys(bucket)) twin.store.delete(bucket, key);
  for (const key of ['a/1', 'a/2', 'b/1', 'c']) await twin.store.put('photos', key, { body: key });
  list = join(rig.folder, 'list.csv');
  await writeFile(list, 'photos,a/1\nphotos,c\n');
  twin.requests.reset();
});

const keys = (bucket: string) => rig.twin.store.keys(bucket);

describe('a list of objects', () => {
  it('is copied by cp, with the destination as the only argument', async () => {
    const { code, stdout } = await rig.run('cp', '--manifest', list, 's3://backup/x/');
    expect(stdout).toMatch(/✓ .*copied 2/);
    expect(code).toBe(0);
    expect(keys('backup')).toEqual(['x/a/1', 'x/c']);
    expect(keys('photos')).toHaveLength(4);
  });

  it('is moved by mv', async () => {
    expect((await rig.run('mv', '--manifest', list, 's3://backup/')).code).toBe(0);
    expect(keys('backup')).toEqual(['a/1', 'c']);
    expect(keys('photos')).toEqual(['a/2', 'b/1']);
  });

  it('is changed in place by meta, which then takes no URL', async () => {
    const { code, stderr } = await rig.run('meta', '--manifest', list, '--scheme', 's3', '--meta', 'owner=ann');
    expect(stderr).not.toMatch(/✗/);
    expect(code).toBe(0);
    expect(await rig.twin.store.head('photos', 'c')).toMatchObject({ meta: { owner: 'ann' } });
    expect((await rig.twin.store.head('photos', 'b/1'))?.meta).toEqual({});
  });

  it('is refused by meta when nothing is to be changed', async () => {
    const { code, stderr } = await rig.run('meta', '--manifest', list, '--scheme', 's3');
    expect(stderr).toMatch(/say what to change/);
    expect(code).toBe(2);
  });
});

describe('options of batches', () => {
  it('only start what --detach is given to, for resume to finish', async () => {
    const state = ['--state', join(rig.folder, 'detached')];
    const { code, stdout } = await rig.run('cp', 's3://photos/a/', 's3://backup/a/', '--detach', '--json', ...state);
    expect(code).toBe(0);
    expect(keys('backup')).toEqual([]);
    const [started] = documents(stdout);
    expect((await rig.run('resume', String(started?.['id']), ...state)).code).toBe(0);
    expect(keys('backup')).toEqual(['a/1', 'a/2']);
  });

  it.each([
    [
      'cp',
      ['s3://photos/c', 's3://backup/c', '--rate', '5'],
      '"s3://photos/c" is one object, and --rate is about many',
    ],
    [
      'mv',
      ['s3://photos/a/', 's3://backup/', '--rate', '5', '--version-id', 'v'],
      '--version-id names a version of one',
    ],
  ])('are refused for one object: %s %j', async (verb, args, why) => {
    const { code, stderr } = await rig.run(verb, ...args);
    expect(stderr.replace(/\s+/g, ' ')).toContain(why);
    expect(code).toBe(2);
    expect(rig.twin.requests.count()).toBe(0);
  });

  it('go on working with batch run --rename, which names the verb', async () => {
    const { code, stderr } = await rig.run('batch', 'run', 's3://photos/a/', 's3://backup/a/', '--rename');
    expect(stderr).toMatch(/note: ferry mv does what batch run --rename does/);
    expect(code).toBe(0);
    expect(keys('photos')).toEqual(['b/1', 'c']);
  });
});

describe('several sources', () => {
  it('keep their names below one destination', async () => {
    const { code, stdout } = await rig.run('cp', 's3://photos/a/1', 's3://photos/c', 's3://backup/x/');
    expect(stdout.match(/✓ copied/g)).toHaveLength(2);
    expect(code).toBe(0);
    expect(keys('backup')).toEqual(['x/1', 'x/c']);
  });

  it('exit with 3 where some failed, and the others are done', async () => {
    expect((await rig.run('mv', 's3://photos/gone', 's3://photos/c', 's3://backup/')).code).toBe(3);
    expect(keys('backup')).toEqual(['c']);
  });

  it.each([
    [['s3://photos/a/1', 's3://photos/b/1', 's3://backup/x/'], 'would both become x/1'],
    [['s3://photos/a/1', 's3://photos/c', 's3://backup/x'], 'end the destination with a slash'],
    [['s3://photos/a/', 's3://photos/c', 's3://backup/x/'], 'stands for many'],
    [['s3://photos/c'], 'name source and destination'],
  ])('are refused before any request: %j', async (args, why) => {
    const { code, stderr } = await rig.run('cp', ...args);
    expect(stderr.replace(/\s+/g, ' ')).toContain(why);
    expect(code).toBe(2);
    expect(rig.twin.requests.count()).toBe(0);
  });
});
