import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { documents, MiB, until, useRig, type Running } from './harness.ts';

const rig = useRig();

afterEach(() => rig.twin.faults.clear());

/** Every part takes its time, so that there is a middle of the copy. */
const slowParts = (ms: number) =>
  rig.twin.faults.add({ match: { operation: 'UploadPartCopy' }, effect: { kind: 'latency', ms } });

const partsIn = (bucket: string) => rig.twin.store.uploads(bucket)[0]?.parts.length ?? 0;

function killed(running: Running): Promise<unknown> {
  running.child.kill('SIGKILL');
  return running.done;
}

async function statusOf(home: string): Promise<Record<string, unknown>[]> {
  return documents((await rig.run('status', '--state', home, '--json')).stdout);
}

describe('a large copy', () => {
  const copyArgs = (key: string, home: string) => [
    ...['cp', `oss://photos/${key}`, `oss://backup/${key}`, '--part-size', '1MiB', '--concurrency', '2'],
    ...['--state', home],
  ];

  it('killed in the middle is finished by resume, without copying again what is there', async () => {
    const home = join(rig.folder, 'killed');
    const { crc64 } = await rig.twin.store.put('photos', 'killed', { size: 32 * MiB, meta: { a: '1' } });
    slowParts(60);
    const running = rig.start(...copyArgs('killed', home));
    await until(() => partsIn('backup') >= 8, 'eight parts');
    await killed(running);
    rig.twin.faults.clear();
    const copied = partsIn('backup');
    expect(copied).toBeLessThan(32);
    const [job] = await statusOf(home);
    expect(job).toMatchObject({ state: 'copying' });

    rig.twin.requests.reset();
    const resumed = await rig.run('resume', '--state', home, '--json');
    expect(resumed).toMatchObject({ code: 0, stderr: '' });
    expect(documents(resumed.stdout)).toEqual([
      expect.objectContaining({ status: 'copied', job: job?.['id'], parts: 32, verifiedBy: 'crc64' }),
    ]);
    // Parts in flight when the process died may have arrived after the count above.
    expect(rig.twin.requests.count('UploadPartCopy')).toBeLessThanOrEqual(32 - copied);
    expect(rig.twin.store.uploads('backup')).toEqual([]);
    expect(await rig.twin.store.head('backup', 'killed')).toMatchObject({ crc64, meta: { a: '1' } });
    expect(await statusOf(home)).toEqual([expect.objectContaining({ state: 'done', percent: 100 })]);

    const nothing = await rig.run('resume', '--state', home);
    expect(nothing).toMatchObject({ code: 0, stderr: expect.stringMatching(/^nothing to resume/) as string });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('stopped by %s says how to go on, and goes on', async (signal) => {
    const home = join(rig.folder, `home of ${signal}`);
    await rig.twin.store.put('photos', signal, { size: 24 * MiB });
    slowParts(60);
    const running = rig.start(...copyArgs(signal, home));
    await until(() => partsIn('backup') >= 4, 'four parts');
    running.child.kill(signal);
    const { code, stdout, stderr } = await running.done;
    expect(code).toBe(130);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/Go on with: ferry resume [0-9a-f-]+ --state '/);
    expect(stderr).toContain(`--state '${home}'`);
    rig.twin.faults.clear();
    expect(await rig.run('resume', '--state', home)).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/✓ copied oss:\/\/photos\/SIG/) as string,
    });
    expect(rig.twin.store.uploads('backup')).toEqual([]);
  });

  it('ends at once at the second signal', async () => {
    const home = join(rig.folder, 'impatient');
    await rig.twin.store.put('photos', 'impatient', { size: 4 * MiB });
    slowParts(600_000);
    const running = rig.start(...copyArgs('impatient', home));
    await until(() => rig.twin.store.uploads('backup').length === 1, 'the upload');
    running.child.kill('SIGINT');
    const said = new Promise((resolve) => running.child.stderr?.once('data', resolve));
    await said;
    running.child.kill('SIGINT');
    expect((await running.done).code).toBe(130);
    const [job] = await statusOf(home);
    expect(await rig.run('cancel', String(job?.['id']), '--state', home)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^✓ cancelled oss:\/\/photos\/impatient/) as string,
    });
    expect(rig.twin.store.uploads('backup')).toEqual([]);
    expect((await rig.run('cancel', String(job?.['id']), '--state', home)).stderr).toMatch(/cancelled already/);
  });

  it('is left to the process that works on it', async () => {
    const home = join(rig.folder, 'shared');
    await rig.twin.store.put('photos', 'shared', { size: 16 * MiB });
    slowParts(100);
    const first = rig.start(...copyArgs('shared', home));
    await until(() => partsIn('backup') >= 2, 'two parts');
    const resumed = await rig.run('resume', '--state', home);
    expect(resumed.stderr).toMatch(/nothing to resume/);
    await rig.twin.store.put('photos', 'second', { body: 'x' });
    expect((await rig.run('cp', 'oss://photos/second', 'oss://backup/second', '--state', home)).code).toBe(0);
    expect((await first.done).code).toBe(0);
    expect(rig.twin.requests.count({ operation: 'CompleteMultipartUpload', key: 'shared' })).toBe(1);
  });
});

describe('a command that only looks', () => {
  it('ends at the first signal, without waiting for its request', async () => {
    let asked = 0;
    const silent = createServer(() => void (asked += 1)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const running = rig.start('ls', 'oss://photos/', '--endpoint-url', `http://127.0.0.1:${port}`);
    await until(() => asked > 0, 'the listing');
    running.child.kill('SIGINT');
    expect(await running.done).toEqual({ code: null, stdout: '', stderr: '' });
    silent.closeAllConnections();
    silent.close();
  });
});

describe('a prefix', () => {
  const names = Array.from({ length: 60 }, (_, index) => `${index}`.padStart(3, '0'));

  it.each(['cp', 'mv'] as const)('killed in the middle of %s is finished by resume', async (verb) => {
    const home = join(rig.folder, `prefix-${verb}`);
    for (const name of names) await rig.twin.store.put('photos', `${verb}/${name}`, { body: name });
    rig.twin.faults.add({ match: { operation: 'CopyObject' }, effect: { kind: 'latency', ms: 50 } });
    const running = rig.start(
      verb,
      `oss://photos/${verb}/`,
      `oss://backup/${verb}/`,
      '--objects',
      '4',
      '--state',
      home,
    );
    await until(() => rig.twin.store.keys('backup', `${verb}/`).length >= 12, 'twelve objects');
    await killed(running);
    rig.twin.faults.clear();
    const copied = rig.twin.store.keys('backup', `${verb}/`).length;
    expect(copied).toBeLessThan(names.length);

    const mode = verb === 'cp' ? 'copy' : 'rename';
    const shown = await rig.run('status', '--state', home);
    expect(shown.stdout).toMatch(new RegExp(`interrupted +${mode} .* oss://photos/${verb}/ -> oss://backup/${verb}/`));
    rig.twin.requests.reset();
    const { code, stderr } = await rig.run('resume', ...(verb === 'mv' ? ['--yes'] : []), '--state', home);
    expect(stderr).toMatch(new RegExp(`going on with [0-9a-f]+: ${mode} oss://photos/${verb}/`));
    expect(code).toBe(0);
    expect(rig.twin.store.keys('backup', `${verb}/`)).toEqual(names.map((name) => `${verb}/${name}`));
    for (const name of names) expect((await rig.twin.store.bytes('backup', `${verb}/${name}`)).toString()).toBe(name);
    expect(rig.twin.store.keys('photos', `${verb}/`)).toHaveLength(verb === 'cp' ? names.length : 0);
    // A move is journaled object by object; of a copy, the objects of unfinished pages are copied once more.
    const most = verb === 'cp' ? names.length : names.length - copied + 4;
    expect(rig.twin.requests.count('CopyObject')).toBeLessThanOrEqual(most);
    expect((await rig.run('resume', '--state', home)).stderr).toMatch(/nothing to resume/);
  });

  it('stopped by Ctrl-C says how to go on', async () => {
    const home = join(rig.folder, 'prefix-stopped');
    for (const name of names) await rig.twin.store.put('photos', `stopped/${name}`, { body: name });
    rig.twin.faults.add({ match: { operation: 'CopyObject' }, effect: { kind: 'latency', ms: 50 } });
    const args = ['cp', 'oss://photos/stopped/', 'oss://backup/stopped/', '--objects', '4', '--state', home, '--json'];
    const running = rig.start(...args);
    await until(() => rig.twin.store.keys('backup', 'stopped/').length >= 8, 'eight objects');
    running.child.kill('SIGINT');
    const { code, stdout, stderr } = await running.done;
    expect(code).toBe(130);
    expect(stderr).toMatch(/ferry resume [0-9a-f]+ --state [^]*: ferry cancel [0-9a-f]+ --state /);
    const copied = rig.twin.store.keys('backup', 'stopped/');
    expect(documents(stdout).every(({ status }) => status === 'copied')).toBe(true);
    expect(copied.length).toBeLessThan(names.length);
    rig.twin.faults.clear();
    const [batch] = await statusOf(home);
    expect(batch).toMatchObject({ interrupted: true, batch: { request: { mode: 'copy' } } });
    rig.twin.requests.reset();
    expect((await rig.run('resume', '--state', home)).code).toBe(0);
    expect(rig.twin.requests.count('CopyObject')).toBe(names.length - copied.length);
    expect(rig.twin.store.keys('backup', 'stopped/')).toHaveLength(names.length);
  });

  it('whose listing fails at once leaves nothing behind', async () => {
    const home = join(rig.folder, 'prefix-down');
    await rig.twin.store.put('photos', 'down/1', { body: 'x' });
    const down = { kind: 'error', status: 503, code: 'ServiceUnavailable' } as const;
    rig.twin.faults.add({ match: { operation: 'ListObjectsV2' }, effect: down });
    expect((await rig.run('mv', 'oss://photos/down/', 'oss://backup/down/', '--state', home)).code).toBe(1);
    rig.twin.faults.clear();
    expect((await rig.run('resume', '--state', home)).stderr).toMatch(/nothing to resume/);
    expect(rig.twin.store.keys('photos', 'down/')).toEqual(['down/1']);
  });
});
