/** A batch that had nothing left to do has not failed; a new one that finds nothing has. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { createBatch } from '../../../lib/batch/index.ts';
import { ruleRequest } from '../../../lib/cli/requests/rule-request.ts';
import { withRules } from '../../../lib/cli/run/rules-file.ts';
import { documents, storeEnv, useRig } from './harness.ts';

const rig = useRig();
let home = '';
let homes = 0;
const run = (...args: string[]) => rig.run(...args, '--state', home);

beforeEach(async () => {
  const { twin, folder } = rig;
  for (const bucket of ['photos', 'backup']) for (const key of twin.store.keys(bucket)) twin.store.delete(bucket, key);
  home = join(folder, `home-${(homes += 1)}`);
  await twin.store.put('photos', 'in/a', { body: 'a' });
});

async function lastBatch(): Promise<string> {
  const [newest] = documents((await run('batch', 'status', '--json')).stdout);
  return String(newest?.['id']);
}

const rule = {
  name: 'nightly',
  source: { bucket: 'photos', prefix: 'in/' },
  destination: { bucket: 'backup', key: 'old/{relative}' },
};

function writeRules(rule: object): string {
  const config = join(rig.folder, 'ferry.yaml');
  writeFileSync(config, JSON.stringify({ rules: [rule], defaultStore: 'oss' }));
  return config;
}

describe('a batch that goes on or follows another', () => {
  it('is no failure where nothing failed that a retry could do', async () => {
    expect(await run('batch', 'run', 's3://photos/in/', 's3://backup/')).toMatchObject({ code: 0 });
    const retried = await run('batch', 'retry', await lastBatch());
    expect(retried).toMatchObject({ code: 0 });
    expect(retried.stdout).toMatch(/^✓ batch .* done: passed over 1 other-status/);
  });

  it.each([['resume'], ['batch', 'resume']])(
    'is no failure of %s %s where it was started to be empty',
    async (...words) => {
      const started = await run('batch', 'run', 's3://photos/none/', 's3://backup/', '--allow-empty', '--detach');
      expect(started).toMatchObject({ code: 0 });
      expect(await run(...words, await lastBatch())).toMatchObject({ code: 0 });
    },
  );

  it('is no failure of resume where all pairs of a reconcile are equal', async () => {
    const config = writeRules(rule);
    expect(await run('replicate', '--existing', 'nightly', '--config', config)).toMatchObject({ code: 0 });
    // As a process leaves it that is killed before its first page.
    const io = { stdout: new PassThrough(), stderr: new PassThrough(), env: { HOME: home, ...storeEnv(rig.twin) } };
    await withRules(io, { config, state: home }, async ({ runtime }, rules) => {
      await createBatch(runtime.batches, ruleRequest(rules, { mode: 'reconcile', name: 'nightly', objects: 4 }));
      return 0;
    });
    const resumed = await run('resume');
    expect(resumed).toMatchObject({ code: 0 });
    expect(resumed.stdout).toMatch(/nightly: 1 object compared, 1 equal/);
  });
});

describe('a new batch', () => {
  async function inventoryOf(rows: readonly string[]): Promise<string[]> {
    const data = rows.map((row) => `${row}\n`).join('');
    await rig.twin.store.put('backup', 'data/1.csv', { body: data });
    const manifest = {
      sourceBucket: 'photos',
      destinationBucket: 'arn:aws:s3:::backup',
      fileFormat: 'CSV',
      fileSchema: 'Bucket, Key, VersionId, IsLatest, IsDeleteMarker',
      version: '2016-11-30',
      files: [{ key: 'data/1.csv', size: data.length }],
    };
    await rig.twin.store.put('backup', 'manifest.json', { body: JSON.stringify(manifest) });
    return ['batch', 'run', '--inventory', 's3://backup/manifest.json', 's3://backup/'];
  }

  it.each([[], ['--dry-run']])('is no failure where its inventory names delete markers alone %s', async (...flags) => {
    const words = await inventoryOf(['"photos","in/gone","v1","true","true"']);
    expect(await run(...words, ...flags)).toMatchObject({ code: 0 });
    // A choice that nothing fits may be mistyped.
    expect(await run(...words, ...flags, '--include', '*.csv')).toMatchObject({ code: 1 });
  });

  it.each([[], ['--dry-run']])('fails where its list names nothing %s', async (...flags) => {
    expect(await run(...(await inventoryOf([])), ...flags)).toMatchObject({ code: 1 });
    expect(await run('batch', 'run', 's3://photos/none/', 's3://backup/', ...flags)).toMatchObject({ code: 1 });
  });

  it('ends alike where a rule has an empty source, in earnest and as a plan', async () => {
    const config = writeRules({ ...rule, source: { bucket: 'photos', prefix: 'none/' } });
    const words = ['replicate', '--existing', 'nightly', '--config', config];
    expect(await run(...words)).toMatchObject({ code: 0, stderr: '' });
    expect(await run(...words, '--dry-run')).toMatchObject({ code: 0, stderr: '' });
  });
});
