import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { documents, until, useRig, type Outcome } from './harness.ts';

const rig = useRig();

afterEach(() => rig.twin.faults.clear());

async function fill(prefix: string, count: number): Promise<string[]> {
  const keys = Array.from({ length: count }, (_, n) => `${prefix}${String(n).padStart(4, '0')} +%目`);
  for (const key of keys) await rig.twin.store.put('photos', key, { body: key });
  return keys;
}

let homes = 0;
/** A state folder that several commands share. */
const newHome = () => join(rig.folder, `batches-${++homes}`);

const idIn = ({ stdout }: Outcome): string => String(documents(stdout)[0]?.['id']);

describe('ferry batch', () => {
  it('copies a prefix, tells what became of each object, and verifies it', async () => {
    const keys = await fill('all/', 25);
    const home = newHome();
    const run = await rig.run(
      ...['batch', 'run', 'oss://photos/all/', 'oss://backup/new/', '--page-size', '10', '--state', home],
    );
    expect(run.stdout).toMatch(
      /^✓ batch \w+ done: copied 25, .* in .*, 50 requests, about 0.000050 CNY; acl not carried \(--acl keep does\)\n$/,
    );
    expect(run.code).toBe(0);
    expect(rig.twin.store.keys('backup', 'new/')).toHaveLength(25);

    const listed = await rig.run('batch', 'status', '--state', home, '--json');
    const id = idIn(listed);
    const reported = await rig.run('batch', 'report', id, '--state', home);
    expect(reported.stderr).toContain('copied 25; 50 requests, about 0.000050 CNY');
    const report = documents(reported.stdout);
    expect(report.map(({ key }) => key).sort()).toEqual(keys);
    expect(new Set(report.map(({ status }) => status))).toEqual(new Set(['copied']));
    const shown = await rig.run('batch', 'status', id, '--state', home);
    expect(shown.stdout).toMatch(/objects +25 of 25\n/);
    expect(shown.stdout).toMatch(/calls +50: 25 HeadObject, 25 CopyObject\n/);
    expect(shown.stdout).toMatch(/price +about 0.000050 CNY/);

    const same = await rig.run('batch', 'verify', 'oss://photos/all/', 'oss://backup/new/');
    expect(same).toMatchObject({ code: 0, stdout: expect.stringContaining('done: same 25') as string });
    await rig.twin.store.put('backup', 'new/0003 +%目', { body: 'another' });
    const different = await rig.run('batch', 'verify', 'oss://photos/all/', 'oss://backup/new/');
    expect(different).toMatchObject({ code: 3, stdout: expect.stringMatching(/same 24, different 1\b/) as string });
  });

  it('reports malformed rows and failures, and tries again only what failed', async () => {
    const [first = '', second = ''] = await fill('listed/', 2);
    const list = join(rig.folder, 'list.csv');
    await writeFile(list, `bucket,key\nphotos,${first}\nphotos,${second}\nphotos,listed/gone\nphotos\n`);
    const home = newHome();
    const run = await rig.run('batch', 'run', '--manifest', list, 'oss://backup/', '--state', home, '--json');
    expect(run.code).toBe(3);
    expect(documents(run.stdout)[0]).toMatchObject({
      state: 'done',
      counts: { counts: { copied: 2, failed: 1 }, failures: { NotFound: 1 }, rejected: 1 },
    });
    const id = idIn(run);
    const rejected = documents((await rig.run('batch', 'report', id, '--rejected', '--state', home)).stdout);
    expect(rejected).toEqual([expect.objectContaining({ line: 5 })]);
    const failed = documents((await rig.run('batch', 'report', id, '--status', 'failed', '--state', home)).stdout);
    expect(failed).toEqual([expect.objectContaining({ key: 'listed/gone', status: 'failed' })]);

    await rig.twin.store.put('photos', 'listed/gone', { body: 'back again' });
    const retry = await rig.run('batch', 'retry', id, '--state', home);
    expect(retry).toMatchObject({ code: 0, stdout: expect.stringContaining('done: copied 1,') as string });
    const fatal = await rig.run('batch', 'run', '--manifest', list, 'oss://backup/', '--on-bad', 'fail');
    expect(fatal).toMatchObject({ code: 2, stderr: expect.stringContaining('line 5') as string });
  });

  it('shows a plan without writing', async () => {
    await fill('plan/', 30);
    const { code, stdout } = await rig.run('batch', 'run', 's3://photos/plan/', 's3://backup/plan/', '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toMatch(/calls +60: 30 HeadObject, 30 CopyObject\n/);
    expect(stdout).toMatch(/price +about .* USD/);
    expect(rig.twin.store.keys('backup', 'plan/')).toEqual([]);
  });

  it('asks no faster than it and all batches together may', async () => {
    await fill('paced/', 3);
    const run = (rate: string) =>
      rig.runWith(
        { FERRY_BATCH_REQUESTS_PER_SECOND: '40' },
        ...['batch', 'run', 'oss://photos/paced/', 'oss://backup/paced/', '--rate', rate, '--detach', '--json'],
      );
    expect(documents((await run('7')).stdout)).toMatchObject([{ pace: 7 }]);
    expect(documents((await run('90')).stdout)).toMatchObject([{ pace: 40 }]);
    expect((await rig.run('batch', 'run', 'oss://photos/paced/', 'oss://backup/paced/', '--rate', '0')).code).toBe(2);
  });

  it('is started, cancelled and paused by other commands', async () => {
    await fill('parts/', 40);
    const home = newHome();
    const flags = ['--page-size', '5', '--state', home, '--json'];
    const [waiting, doomed] = [
      await rig.run('batch', 'run', 'oss://photos/parts/', 'oss://backup/waiting/', '--detach', ...flags),
      await rig.run('batch', 'run', 'oss://photos/parts/', 'oss://backup/doomed/', '--detach', ...flags),
    ].map(idIn);
    expect(await rig.run('batch', 'pause', String(waiting), '--state', home)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('paused') as string,
    });
    expect((await rig.run('batch', 'cancel', String(doomed), '--state', home)).code).toBe(0);
    expect(rig.twin.store.keys('backup', 'doomed/')).toEqual([]);
    const resumed = await rig.run('batch', 'resume', String(waiting), '--state', home);
    expect(resumed).toMatchObject({ code: 0, stdout: expect.stringContaining('copied 40') as string });
    const ended = await rig.run('batch', 'pause', String(waiting), '--state', home);
    expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining('has ended') as string });
  });

  it('killed at ten points is finished by resume, with an exact report', async () => {
    const keys = await fill('killed/', 120);
    for (const share of [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) {
      const home = newHome();
      const target = `killed at ${share}/`;
      rig.twin.faults.add({ match: { operation: 'CopyObject' }, effect: { kind: 'latency', ms: 40 } });
      const running = rig.start(
        ...['batch', 'run', 'oss://photos/killed/', `oss://backup/${target}`, '--page-size', '10', '--objects', '2'],
        ...['--state', home, '--quiet'],
      );
      await until(() => rig.twin.store.keys('backup', target).length > share * keys.length, `${share} of the copies`);
      running.child.kill('SIGKILL');
      await running.done;
      rig.twin.faults.clear();
      rig.twin.requests.reset();
      const resumed = await rig.run('resume', '--state', home);
      expect(resumed.code).toBe(0);
      // A page has ten objects, and eight pages at most are at work at once.
      expect(rig.twin.requests.count('CopyObject')).toBeLessThanOrEqual((1 - share) * keys.length + 80);
      const id = idIn(await rig.run('batch', 'status', '--state', home, '--json'));
      const report = documents((await rig.run('batch', 'report', id, '--state', home)).stdout);
      expect(report.map(({ key }) => key).sort()).toEqual(keys);
      const summary = await readFile(join(home, 'batches', id, 'summary.json'), 'utf8');
      expect(JSON.parse(summary)).toMatchObject({ state: 'done', entries: 120, failures: {} });
    }
  }, 180_000);
});
