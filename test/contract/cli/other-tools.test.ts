/** Lists made by other tools, through the command line: planned, copied and refused. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { documents, useRig } from './harness.ts';

const rig = useRig();
beforeAll(async () => {
  for (const key of ['plain.txt', 'a+b.txt']) await rig.twin.store.put('photos', key, { body: key });
});

let lists = 0;
async function list(text: string | Uint8Array, end: string): Promise<string> {
  const path = join(rig.folder, `list-${++lists}${end}`);
  await writeFile(path, text);
  return path;
}

describe('ferry batch run', () => {
  it.each<[string, string, string, string[]]>([
    ['URLs', 's3://photos/plain.txt\ns3://photos/a+b.txt\n', '.txt', []],
    ['URLs in a named column', 's3://photos/plain.txt\ns3://photos/a+b.txt\n', '.csv', ['--columns', 'key']],
    ['the TSV of aws s3api', 'plain.txt\t9\na+b.txt\t7\n', '.txt', ['--bucket', 'photos']],
    ['the JSON of aws s3api', '{"Contents":[{"Key":"plain.txt"},{"Key":"a+b.txt"}]}', '.json', ['--bucket', 'photos']],
    [
      'capitalised JSON lines',
      '{"Bucket":"photos","Key":"plain.txt"}\n{"Bucket":"photos","Key":"a+b.txt"}',
      '.json',
      [],
    ],
    [
      'a completion report',
      'photos,plain.txt,,failed,404,NoSuchKey,m\nphotos,a+b.txt,,failed,404,NoSuchKey,m',
      '.csv',
      [],
    ],
  ])('plans and copies the objects of a list of %s', async (_name, text, end, options) => {
    const path = await list(text, end);
    const args = ['batch', 'run', '--manifest', path, 's3://backup/', ...options, '--json'];
    const plan = await rig.run(...args, '--dry-run');
    expect(plan.code, plan.stderr).toBe(0);
    expect(documents(plan.stdout)).toMatchObject([{ objects: 2 }]);
    const run = await rig.run(...args);
    expect(run.code, run.stderr).toBe(0);
    expect(documents(run.stdout)).toMatchObject([{ summary: { counts: { copied: 2 }, rejected: 0 } }]);
    expect(rig.twin.store.keys('backup').sort()).toEqual(['a+b.txt', 'plain.txt']);
  });

  it.each<[string, string | Uint8Array, RegExp]>([
    ['without a header whose columns are not clear', 'photos,plain.txt,,failed\n', /--columns bucket,key,,/],
    ['in UTF-16', Buffer.from('\uFEFFphotos,plain.txt\n', 'utf16le'), /UTF-16/],
  ])('refuses a list %s before it copies anything', async (_name, text, why) => {
    const path = await list(text, '.csv');
    for (const more of [['--dry-run'], []]) {
      const { code, stderr } = await rig.run('batch', 'run', '--manifest', path, 's3://backup/', ...more);
      expect([code === 0, stderr]).toEqual([false, expect.stringMatching(why)]);
    }
  });
});
