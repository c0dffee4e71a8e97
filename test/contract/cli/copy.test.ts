import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documents, MiB, useRig } from './harness.ts';

const rig = useRig();

describe.each(['oss', 's3'] as const)('one object on %s', (scheme) => {
  const oddKey = `${scheme}/目录/a b+c%20d?e#f"g'.bin`;

  it('is copied in one call, with metadata and tags', async () => {
    await rig.twin.store.put('photos', oddKey, {
      body: 'hello',
      headers: { 'content-type': 'text/plain' },
      meta: { owner: 'ann' },
      tags: { team: 'a b' },
    });
    const outcome = await rig.run('cp', `${scheme}://photos/${oddKey}`, `${scheme}://backup/`);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout).toMatch(/^✓ copied .*\(5 B, .*\)\n$/);
    const copy = await rig.twin.store.head('backup', oddKey.slice(oddKey.lastIndexOf('/') + 1));
    expect(copy).toMatchObject({
      size: 5,
      headers: { 'content-type': 'text/plain' },
      meta: { owner: 'ann' },
      tags: { team: 'a b' },
    });
  });

  it('is copied by parts, and described in JSON', async () => {
    const source = await rig.twin.store.put('photos', `${scheme}/large.bin`, {
      size: 40 * MiB,
      meta: { owner: 'ann' },
    });
    const { code, stdout, stderr } = await rig.run(
      ...['cp', `${scheme}://photos/${scheme}/large.bin`, `${scheme}://backup/${scheme}/large.bin`],
      ...['--part-size', '8MiB', '--json', '--meta', 'stage=two', '--content-type', 'image/x-test', '--tag', 'k=v'],
    );
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(documents(stdout)).toEqual([
      expect.objectContaining({
        status: 'copied',
        source: `${scheme}://photos/${scheme}/large.bin`,
        destination: `${scheme}://backup/${scheme}/large.bin`,
        way: 'parts',
        parts: 5,
        size: 40 * MiB,
        lost: [],
        job: expect.any(String) as string,
      }),
    ]);
    expect(await rig.twin.store.head('backup', `${scheme}/large.bin`)).toMatchObject({
      crc64: source.crc64,
      meta: { owner: 'ann', stage: 'two' },
      headers: { 'content-type': 'image/x-test' },
      tags: { k: 'v' },
    });
    expect(rig.twin.store.uploads('backup')).toEqual([]);
  });

  it('is copied again when asked again', async () => {
    await rig.twin.store.put('photos', `${scheme}/twice`, { size: 12 * MiB });
    const home = join(rig.folder, `twice-${scheme}`);
    const copy = [
      'cp',
      `${scheme}://photos/${scheme}/twice`,
      `${scheme}://backup/${scheme}/twice`,
      '--part-size',
      '6MiB',
      '--json',
    ];
    const outcomes = [await rig.run(...copy, '--state', home), await rig.run(...copy, '--state', home)];
    for (const { stdout } of outcomes) expect(documents(stdout)).toMatchObject([{ status: 'copied', parts: 2 }]);
    rig.twin.store.delete('backup', `${scheme}/twice`);
    expect((await rig.run(...copy, '--state', home)).code).toBe(0);
    expect(await rig.twin.store.head('backup', `${scheme}/twice`)).toMatchObject({ size: 12 * MiB });
  });

  it('is moved also when the destination is equal already', async () => {
    for (const bucket of ['photos', 'backup']) await rig.twin.store.put(bucket, `${scheme}/equal`, { body: 'x' });
    const { code } = await rig.run(
      'mv',
      `${scheme}://photos/${scheme}/equal`,
      `${scheme}://backup/${scheme}/equal`,
      '--if-different',
    );
    expect(code).toBe(0);
    expect(rig.twin.store.keys('photos', `${scheme}/equal`)).toEqual([]);
    expect(rig.twin.store.keys('backup', `${scheme}/equal`)).toHaveLength(1);
  });

  it('is moved', async () => {
    await rig.twin.store.put('photos', `${scheme}/old-name`, { body: 'x' });
    const outcome = await rig.run(
      'mv',
      `${scheme}://photos/${scheme}/old-name`,
      `${scheme}://photos/${scheme}/new-name`,
    );
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringMatching(/^✓ moved /) as string });
    expect(rig.twin.store.keys('photos', `${scheme}/old-name`)).toEqual([]);
    expect((await rig.twin.store.bytes('photos', `${scheme}/new-name`)).toString()).toBe('x');
  });

  it('is left alone when it is there already', async () => {
    await rig.twin.store.put('photos', `${scheme}/same`, { body: 'same' });
    const copy = ['cp', `${scheme}://photos/${scheme}/same`, `${scheme}://backup/${scheme}/same`];
    expect((await rig.run(...copy)).code).toBe(0);
    const again = await rig.run(...copy, '--if-different');
    expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/^= unchanged /) as string });
    const never = await rig.run(...copy, '--overwrite', 'never');
    expect(never).toMatchObject({ code: 0, stdout: expect.stringMatching(/^- skipped 1 object/) as string });
  });

  it('shows and changes its metadata', async () => {
    const url = `${scheme}://photos/${scheme}/meta`;
    await rig.twin.store.put('photos', `${scheme}/meta`, {
      body: 'x',
      meta: { keep: '1', drop: '2' },
      headers: { 'content-type': 'text/plain', 'cache-control': 'no-store' },
    });
    const changed = await rig.run(
      'meta',
      url,
      '--set',
      'new=3',
      '--remove',
      'drop',
      '--cache-control',
      '',
      '--tag',
      't=1',
    );
    expect(changed).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^✓ changed /) as string });
    const shown = await rig.run('meta', url);
    expect(shown.stdout).toMatch(/meta keep +1\n/);
    expect(shown.stdout).toMatch(/meta new +3\n/);
    expect(shown.stdout).toMatch(/tag t +1\n/);
    expect(shown.stdout).toMatch(/Content-Type +text\/plain\n/);
    expect(shown.stdout).not.toMatch(/drop|Cache-Control/);
    const [document] = documents((await rig.run('meta', url, '--json')).stdout);
    expect(document).toMatchObject({ object: url, size: 1, userMetadata: { keep: '1', new: '3' }, tags: { t: '1' } });
    await rig.run('meta', url, '--replace', '--content-type', 'a/b');
    expect(await rig.twin.store.head('photos', `${scheme}/meta`)).toMatchObject({
      meta: {},
      headers: { 'content-type': 'a/b' },
    });
  });
});

describe('--dry-run', () => {
  it('writes nothing and prints the plan', async () => {
    await rig.twin.store.put('photos', 'plan.bin', { size: 40 * MiB });
    rig.twin.requests.reset();
    const outcome = await rig.run(
      'mv',
      'oss://photos/plan.bin',
      'oss://backup/plan.bin',
      '--part-size',
      '8MiB',
      '--dry-run',
    );
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout).toMatch(/^plan for oss:\/\/photos\/plan.bin -> oss:\/\/backup\/plan.bin/);
    expect(outcome.stdout).toMatch(/way +5 parts of 8\.00 MiB/);
    expect(outcome.stdout).toMatch(/calls .*5 UploadPartCopy/);
    expect(outcome.stdout).toMatch(/price +about 0\.0000\d+ CNY \(.*list prices/);
    expect(outcome.stdout).toMatch(/permissions .*oss:DeleteObject on photos/);
    const writes = rig.twin.requests.all().filter(({ operation }) => !/^(Head|Get|List)/.test(operation));
    expect(writes).toEqual([]);
    expect(await rig.twin.store.head('backup', 'plan.bin')).toBeUndefined();
  });
});

describe('ls', () => {
  it('lists folder by folder, or everything', async () => {
    for (const key of ['ls/a.txt', 'ls/b/c.txt', 'ls/b/d.txt']) await rig.twin.store.put('photos', key, { body: 'x' });
    const folders = await rig.run('ls', 's3://photos/ls/');
    expect(folders.stdout).toMatch(/ ls\/b\/\n.* 1 B .* ls\/a\.txt\n$/);
    expect(folders.stderr).toBe('1 folder, 1 object, 1 B\n');
    const all = await rig.run('ls', 'oss://photos/ls/', '--recursive', '--json');
    expect(documents(all.stdout).map(({ key }) => key)).toEqual(['ls/a.txt', 'ls/b/c.txt', 'ls/b/d.txt']);
    expect(all.stderr).toBe('');
  });

  it('lists buckets', async () => {
    for (const scheme of ['oss', 's3']) {
      const { stdout } = await rig.run('ls', `${scheme}://`, '--json');
      expect(documents(stdout).map(({ bucket }) => bucket)).toEqual(['backup', 'photos']);
    }
  });
});

describe('what the options ask for', () => {
  it('keeps quiet on demand', async () => {
    await rig.twin.store.put('photos', 'quiet', { body: 'x' });
    expect(await rig.run('cp', 'oss://photos/quiet', 'oss://backup/quiet', '-q')).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
  });

  it('sets class, ACL and encryption', async () => {
    await rig.twin.store.put('photos', 'cold', { body: 'x' });
    const flags = ['--storage-class', 'IA', '--acl', 'public-read', '--sse', 'AES256'];
    expect(await rig.run('cp', 'oss://photos/cold', 'oss://backup/cold', ...flags)).toMatchObject({
      code: 0,
      stderr: '',
    });
    const [shown] = documents((await rig.run('meta', 'oss://backup/cold', '--json')).stdout);
    expect(shown).toMatchObject({ storageClass: 'IA', acl: 'public-read', encryption: { algorithm: 'AES256' } });
  });

  it('takes the endpoint from the flag before the environment', async () => {
    await rig.twin.store.put('photos', 'flag', { body: 'x' });
    const env = { OSS_ENDPOINT: 'http://127.0.0.1:1', OSS_REGION: undefined };
    const flags = ['--endpoint-url', rig.twin.url, '--region', 'cn-hangzhou', '--addressing', 'path'];
    const outcome = await rig.runWith(env, 'cp', 'oss://photos/flag', 'oss://backup/flag', ...flags);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
  });
});
