/** A command that names one object works on that one, or on none. */
import { beforeEach, describe, expect, it } from 'vitest';
import { useRig } from './harness.ts';

const rig = useRig({ buckets: [{ name: 'photos' }, { name: 'backup' }, { name: 'kept', versioning: 'Enabled' }] });

beforeEach(async () => {
  rig.twin.faults.clear();
  for (const bucket of ['photos', 'backup']) {
    for (const key of rig.twin.store.keys(bucket)) rig.twin.store.delete(bucket, key);
  }
  await rig.twin.store.put('photos', 'report1.pdf', { body: 'another one' });
});

const mayNotRead = (key: string) =>
  rig.twin.faults.add({
    match: { operation: 'HeadObject', key },
    effect: { kind: 'error', status: 403, code: 'AccessDenied' },
  });

describe('a key with wildcards that the caller may not read', () => {
  it.each(['oss', 's3'])('is not taken for a pattern on %s', async (scheme) => {
    await rig.twin.store.put('photos', 'report[1].pdf', { body: 'meant' });
    mayNotRead('report[1].pdf');
    const { code, stderr } = await rig.run('mv', `${scheme}://photos/report[1].pdf`, `${scheme}://backup/old/`);
    expect(code).toBe(1);
    expect(stderr).toMatch(/403|AccessDenied|denied/i);
    expect(rig.twin.store.keys('photos')).toEqual(['report1.pdf', 'report[1].pdf']);
    expect(rig.twin.store.keys('backup')).toEqual([]);
  });

  it('is found by its backslashes', async () => {
    await rig.twin.store.put('photos', 'report[1].pdf', { body: 'meant' });
    mayNotRead('report\\[1\\].pdf');
    expect(await rig.run('cp', 's3://photos/report\\[1\\].pdf', 's3://backup/')).toMatchObject({ code: 0 });
    expect(rig.twin.store.keys('backup')).toEqual(['report[1].pdf']);
  });
});

describe('a version of a key with wildcards', () => {
  /** The first of two versions, the second of which is a delete marker. */
  async function hidden(key: string): Promise<string> {
    const { versionId } = await rig.twin.store.put('kept', key, { body: 'first' });
    rig.twin.store.delete('kept', key);
    return String(versionId);
  }

  it.each(['photo[1].jpg', 'photo[1.jpg', 'photo*'])('is copied as %s stands', async (key) => {
    const version = await hidden(key);
    const copied = await rig.run('cp', `s3://kept/${key}`, 's3://backup/x', '--version-id', version);
    expect(copied).toMatchObject({ code: 0 });
    expect(String(await rig.twin.store.bytes('backup', 'x'))).toBe('first');
    expect((await rig.run('cat', `s3://kept/${key}`, '--version-id', version)).stdout).toBe('first');
    expect((await rig.run('stat', `s3://kept/${key}`, '--version-id', version)).code).toBe(0);
    expect((await rig.run('meta', `s3://kept/${key}`, '--version-id', version)).code).toBe(0);
    expect((await rig.run('rm', `s3://kept/${key}`, '--version-id', version)).code).toBe(0);
    expect((await rig.run('cat', `s3://kept/${key}`, '--version-id', version)).code).toBe(1);
  });

  it('may have backslashes in its URL', async () => {
    const version = await hidden('odd[1].jpg');
    const copied = await rig.run('cp', 's3://kept/odd\\[1\\].jpg', 's3://backup/x', '--version-id', version);
    expect(copied).toMatchObject({ code: 0 });
    expect(String(await rig.twin.store.bytes('backup', 'x'))).toBe('first');
  });
});

describe('rm of a version', () => {
  it.each(['oss', 's3'])('fails on %s for one that never was', async (scheme) => {
    const { versionId } = await rig.twin.store.put('kept', 'there', { body: 'x' });
    for (const key of ['typo', 'there']) {
      const { code, stdout } = await rig.run('rm', `${scheme}://kept/${key}`, '--version-id', 'V'.repeat(32), '-y');
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    }
    expect((await rig.run('rm', `${scheme}://kept/there`, '--version-id', String(versionId), '-y')).code).toBe(0);
  });

  it.each(['oss', 's3'])('removes one that %s lists and has no HEAD for', async (scheme) => {
    const { versionId } = await rig.twin.store.put('kept', `listed ${scheme}`, { body: 'x' });
    rig.twin.faults.add({
      match: { operation: 'HeadObject' },
      effect: { kind: 'error', status: 404, code: 'NoSuchKey' },
    });
    const url = `${scheme}://kept/listed ${scheme}`;
    expect(await rig.run('rm', url, '--version-id', String(versionId), '-y')).toMatchObject({ code: 0, stderr: '' });
    rig.twin.faults.clear();
    expect((await rig.run('cat', url, '--version-id', String(versionId))).code).toBe(1);
  });
});

describe('rm at a terminal', () => {
  it.each(['oss', 's3'])('removes nothing on %s that was written while it asked', async (scheme) => {
    rig.twin.faults.add({
      match: { operation: 'HeadObject', key: 'report1.pdf', nth: 1 },
      effect: { kind: 'overwrite', bucket: 'photos', key: 'report1.pdf', body: 'newer', when: 'after' },
    });
    const { code, stdout } = await rig.atTerminal('y', 'rm', `${scheme}://photos/report1.pdf`);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(String(await rig.twin.store.bytes('photos', 'report1.pdf'))).toBe('newer');
  });

  it.each(['oss', 's3'])('removes on %s what it showed', async (scheme) => {
    expect(await rig.atTerminal('y', 'rm', `${scheme}://photos/report1.pdf`)).toMatchObject({ code: 0 });
    expect(rig.twin.store.keys('photos')).toEqual([]);
  });
});
