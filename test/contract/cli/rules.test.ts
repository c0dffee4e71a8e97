import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, test } from 'vitest';
import { MiB, useRig } from './harness.ts';

const rig = useRig();
let config = '';

beforeEach(async () => {
  const { twin, folder } = rig;
  for (const bucket of ['photos', 'backup']) for (const key of twin.store.keys(bucket)) twin.store.delete(bucket, key);
  twin.requests.reset();
  config = join(folder, 'ferry.yaml');
  writeFileSync(
    config,
    `
rules:
  - name: nightly
    source: { bucket: photos, prefix: in/ }
    destination: { bucket: backup, key: 'old/{relative}' }
    deletes: all
defaultStore: oss
`,
  );
  await twin.store.put('photos', 'in/small', { body: 'hello', meta: { author: 'alice' } });
  await twin.store.put('photos', 'in/large', { size: 300 * MiB });
  await twin.store.put('photos', 'elsewhere', { body: 'not for the rule' });
});

test('replicate --existing copies what was there before the rule, once', async () => {
  const first = await rig.run('replicate', '--existing', 'nightly', '--config', config, '--json');
  expect(first).toMatchObject({ code: 0 });
  expect(JSON.parse(first.stdout)).toMatchObject({ listed: 2, copied: 2, failed: 0 });
  expect(rig.twin.store.keys('backup')).toEqual(['old/large', 'old/small']);
  expect(await rig.twin.store.head('backup', 'old/small')).toMatchObject({ meta: { author: 'alice' } });
  const second = await rig.run('replicate', '--existing', 'nightly', '--config', config, '--json');
  expect(JSON.parse(second.stdout)).toMatchObject({ listed: 2, copied: 0, unchanged: 2 });
});

test('reconcile reports differences, and repairs them when asked to', async () => {
  await rig.run('replicate', '--existing', 'nightly', '--config', config);
  await rig.twin.store.put('photos', 'in/new', { body: 'new' });
  await rig.twin.store.put('backup', 'old/small', { body: 'HELLO' });
  await rig.twin.store.put('backup', 'old/extra', { body: 'left over' });
  const report = await rig.run('reconcile', 'nightly', '--config', config);
  expect(report.code).toBe(3);
  expect(report.stdout).toMatch(/missing\s+in\/new -> backup\/old\/new/);
  expect(report.stdout).toMatch(/different\s+in\/small/);
  expect(report.stderr).toMatch(/1 missing, 1 different, 1 extra/);
  expect(rig.twin.store.keys('backup')).not.toContain('old/new');

  const fixed = await rig.run('reconcile', 'nightly', '--config', config, '--fix', '--remove-extra', '--json');
  expect(JSON.parse(fixed.stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({ repaired: 3, failed: 0 });
  expect(fixed.code).toBe(0);
  expect(rig.twin.store.keys('backup')).toEqual(['old/large', 'old/new', 'old/small']);
  expect((await rig.run('reconcile', 'nightly', '--config', config)).code).toBe(0);
});

test('an unknown rule and a missing file are refused before any request', async () => {
  rig.twin.requests.reset();
  const unknown = await rig.run('reconcile', 'weekly', '--config', config);
  expect(unknown.code).toBeGreaterThan(0);
  expect(unknown.stderr).toMatch(/no replication rule 'weekly'; there are: nightly/);
  const missing = await rig.run('replicate', '--existing', 'nightly', '--config', 'nowhere.yaml');
  expect(missing).toMatchObject({ code: 2 });
  expect(rig.twin.requests.count()).toBe(0);
});

test('a source that changes while it is copied is followed, and its replica is still known as ours', async () => {
  writeFileSync(config, readFileSync(config, 'utf8').replace('deletes: all', 'deletes: verified'));
  const state = ['--state', join(rig.folder, 'followed')];
  rig.twin.faults.add({
    match: { operation: 'CopyObject', bucket: 'backup', key: 'old/small' },
    times: 1,
    effect: { kind: 'overwrite', bucket: 'photos', key: 'in/small', body: 'changed meanwhile', when: 'after' },
  });
  const copied = await rig.run('replicate', '--existing', 'nightly', '--config', config, ...state);
  expect(copied).toMatchObject({ code: 0 });
  expect(String(await rig.twin.store.bytes('backup', 'old/small'))).toBe('changed meanwhile');

  rig.twin.store.delete('photos', 'in/small');
  const fixed = await rig.run('reconcile', 'nightly', '--config', config, '--fix', '--remove-extra', ...state);
  expect(fixed).toMatchObject({ code: 0 });
  expect(rig.twin.store.keys('backup')).toEqual(['old/large']);
});

describe('a later copy that fails', () => {
  const replicate = () => rig.run('replicate', '--existing', 'nightly', '--config', config, '--json');
  const changedAfter = (operation: string, key: string, size: number) =>
    rig.twin.faults.add({
      match: { operation, bucket: 'backup', key: `old/${key}` },
      times: 1,
      effect: { kind: 'overwrite', bucket: 'photos', key: `in/${key}`, size, when: 'after' },
    });
  const refused = (operation: string, key: string, nth?: number) =>
    rig.twin.faults.add({
      match: { operation, bucket: 'backup', key: `old/${key}`, ...(nth !== undefined && { nth }) },
      effect: { kind: 'error', status: 403, code: 'AccessDenied' },
    });

  beforeEach(() => rig.twin.faults.clear());

  it.each(['all', 'verified'])(
    'is said of one that leaves no job, and the exit code is 3 (deletes: %s)',
    async (deletes) => {
      writeFileSync(config, readFileSync(config, 'utf8').replace('deletes: all', `deletes: ${deletes}`));
      changedAfter('CopyObject', 'small', 6);
      refused('CopyObject', 'small', 2);
      const { code, stdout, stderr } = await replicate();
      expect({ code, missed: JSON.parse(stdout).missed as unknown }).toEqual({ code: 3, missed: 1 });
      expect(stderr).toMatch(/backup\/old\/small: .*\n1 replica was to be copied again .* failed/);
      rig.twin.faults.clear();
      const again = await replicate();
      expect(again.code).toBe(0);
      expect(await rig.twin.store.head('backup', 'old/small')).toMatchObject({ size: 6 });
    },
  );

  it.each(['all', 'verified'])('is said of a large one, whose job failed (deletes: %s)', async (deletes) => {
    writeFileSync(config, readFileSync(config, 'utf8').replace('deletes: all', `deletes: ${deletes}`));
    changedAfter('InitiateMultipartUpload', 'large', 301 * MiB);
    refused('CompleteMultipartUpload', 'large');
    const { code, stdout, stderr } = await replicate();
    expect(rig.twin.requests.count('InitiateMultipartUpload')).toBe(2);
    expect({ code, document: JSON.parse(stdout) as unknown }).toMatchObject({
      code: 3,
      document: { skipped: 1, missed: 1 },
    });
    expect(stderr).toMatch(/1 replica was to be copied again/);
    expect(rig.twin.store.keys('backup')).toEqual(['old/small']);
  });

  it('is not counted twice where the batch itself failed', async () => {
    refused('CompleteMultipartUpload', 'large');
    const { code, stdout, stderr } = await replicate();
    expect({ code, document: JSON.parse(stdout) as unknown }).toMatchObject({ code: 3, document: { failed: 1 } });
    expect(stdout).not.toContain('missed');
    expect(stderr).not.toContain('copied again');
  });
});
