import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documents, MiB, until, useRig } from './harness.ts';

const rig = useRig({ buckets: [{ name: 'photos' }, { name: 'backup' }, { name: 'far', region: 'cn-shanghai' }] });

describe('doctor', () => {
  it.each(['oss', 's3'])('is content with a healthy %s', async (scheme) => {
    await rig.twin.store.put('photos', 'x', { body: 'x' });
    const { code, stdout, stderr } = await rig.run('doctor', `${scheme}://photos/x`, '--write');
    expect(stderr).toBe('');
    expect(stdout.split('\n').filter((line) => line && !line.startsWith('✓'))).toEqual([]);
    for (const name of ['state', 'credentials', 'endpoint', 'clock', 'region', 'list', 'read', 'write']) {
      expect(stdout).toMatch(new RegExp(`^✓ .*${name}`, 'm'));
    }
    expect(code).toBe(0);
    expect(stdout).not.toContain(rig.twin.secretAccessKey);
    expect(rig.twin.store.uploads('photos')).toEqual([]);
    expect(rig.twin.store.keys('photos', '.ferry')).toEqual([]);
  });

  it('writes nothing unless asked', async () => {
    rig.twin.requests.reset();
    const { code, stdout } = await rig.run('doctor', 'oss://photos');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^- oss write/m);
    expect(rig.twin.requests.all().filter(({ operation }) => !/^(Head|Get|List)/.test(operation))).toEqual([]);
  });

  it('names what is wrong and what to do', async () => {
    const wrong = await rig.runWith({ OSS_ACCESS_KEY_SECRET: 'nope' }, 'doctor', 'oss://photos/x', '--json');
    expect(wrong.code).toBe(1);
    const bad = documents(wrong.stdout).filter(({ state }) => state === 'bad');
    expect(bad.map(({ check }) => check)).toContain('list');
    expect(JSON.stringify(bad)).toMatch(/does not accept the credentials/);

    const away = await rig.runWith({ OSS_ENDPOINT: 'http://127.0.0.1:1' }, 'doctor');
    expect(away.code).toBe(1);
    expect(away.stdout).toMatch(/✗ oss endpoint +http:\/\/127\.0\.0\.1:1 cannot be reached \(ECONNREFUSED\)/);

    const region = await rig.run('doctor', 'oss://far/');
    expect(region.stdout).toMatch(
      /✓ oss region +oss:\/\/far is in cn-shanghai; the region is set to cn-hangzhou, and what the store refuses for that is sent to cn-shanghai/,
    );
    expect(region.code).toBe(0);

    const missing = await rig.run('doctor', 's3://photos/no-such-object');
    expect(missing.stdout).toMatch(/✗ s3 read .*no such object/);
    expect(missing.code).toBe(1);
  });
});

describe('twin', () => {
  it('serves until Ctrl-C, and says how to reach it', async () => {
    const running = rig.start('twin', '--port', '0', '--bucket', 'mine', '--secret', 's e');
    let text = '';
    running.child.stdout?.on('data', (chunk: string) => (text += chunk));
    await until(() => text.includes('AWS_SECRET_ACCESS_KEY'), 'the exports');
    const url = /OSS_ENDPOINT=(\S+)/.exec(text)?.[1];
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(text).toContain(`OSS_ACCESS_KEY_SECRET='s e'`);
    const env = { OSS_ENDPOINT: url, OSS_ACCESS_KEY_ID: 'twin', OSS_ACCESS_KEY_SECRET: 's e' };
    expect(documents((await rig.runWith(env, 'ls', 'oss://', '--json')).stdout)).toMatchObject([{ bucket: 'mine' }]);
    running.child.kill('SIGINT');
    expect((await running.done).code).toBe(0);
  });

  it('says when its port is taken', async () => {
    const { code, stderr } = await rig.run('twin', '--port', String(rig.twin.port));
    expect(stderr).toMatch(/port \d+ .*in use/);
    expect(code).toBe(2);
  });
});

describe('demo', () => {
  const leftovers = () => readdirSync(tmpdir()).filter((name) => name.startsWith('ferry-demo-'));

  it('copies, renames, changes, compares, and leaves nothing behind', async () => {
    const file = join(rig.folder, 'a file.bin');
    await writeFile(file, Buffer.alloc(MiB, 'demo'));
    const before = leftovers();
    const { code, stdout } = await rig.run('demo', file);
    expect(code).toBe(0);
    expect(stdout).toMatch(/✓ copied oss:\/\/photos\/a file\.bin -> .*\(1\.00 MiB, 1\d parts, CRC-64 equal/);
    expect(stdout).toMatch(/✓ moved /);
    expect(stdout).toMatch(/✓ changed /);
    expect(stdout).toMatch(/through here +0 B/);
    expect(stdout).toMatch(/sha-256 read +[0-9a-f]{64} ✓ equal/);
    expect(leftovers()).toEqual(before);
  });

  it('wants a file that is there', async () => {
    const { code, stderr } = await rig.run('demo', join(rig.folder, 'missing'));
    expect(stderr).toMatch(/cannot read .*missing \(ENOENT\)/);
    expect(code).toBe(2);
    expect((await rig.run('demo', rig.folder)).stderr).toMatch(/is not a file/);
  });
});

describe('status and sweep', () => {
  it('show an empty state', async () => {
    expect(await rig.run('status')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^no jobs in /) as string });
    expect(await rig.run('sweep')).toMatchObject({
      code: 0,
      stdout: 'looked at 0 jobs: 0 revived, 0 tidied up, 0 failed\n',
    });
    expect(await rig.run('resume')).toMatchObject({ code: 0 });
  });

  it('show what was done, in a table and one by one', async () => {
    const home = join(rig.folder, 'shown');
    await rig.twin.store.put('photos', 'shown', { size: 4 * MiB });
    await rig.run('cp', 'oss://photos/shown', 'oss://backup/shown', '--part-size', '1MiB', '--state', home);
    const table = (await rig.run('status', '--state', home)).stdout.split('\n');
    expect(table[0]).toMatch(/^ID +STATE +MODE +DONE +SIZE +AGE +WHAT$/);
    expect(table[1]).toMatch(/ done +copy +100% +4\.00 MiB .* oss:\/\/photos\/shown -> oss:\/\/backup\/shown$/);
    const id = table[1]?.split(' ')[0] ?? '';
    const one = await rig.run('status', id, '--state', home);
    expect(one.stdout).toMatch(/verified by +crc64/);
    expect((await rig.run('status', 'nonsense', '--state', home)).stderr).toMatch(/no job nonsense/);
    expect((await rig.run('cancel', 'nonsense', '--state', home)).code).toBe(1);
  });
});
