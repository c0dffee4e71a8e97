/** `replicate` and `reconcile --fix` are batches: they are listed, go on after a kill without doing anything twice, and can be dropped. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { documents, until, useRig } from './harness.ts';

const rig = useRig();
const names = Array.from({ length: 240 }, (_, n) => String(n).padStart(3, '0'));
let config = '';
let home = '';
let homes = 0;

function writeRules(...rules: object[]): void {
  writeFileSync(config, JSON.stringify({ rules, defaultStore: 'oss' }));
}

const nightly = {
  name: 'nightly',
  source: { bucket: 'photos', prefix: 'in/' },
  destination: { bucket: 'backup', key: 'old/{relative}' },
};

beforeEach(async () => {
  const { twin, folder } = rig;
  for (const bucket of ['photos', 'backup']) for (const key of twin.store.keys(bucket)) twin.store.delete(bucket, key);
  config = join(folder, 'ferry.yaml');
  home = join(folder, `home-${(homes += 1)}`);
  for (const name of names) await twin.store.put('photos', `in/${name}`, { body: name });
  twin.requests.reset();
});
afterEach(() => rig.twin.faults.clear());

const slowCopies = () =>
  rig.twin.faults.add({ match: { operation: 'CopyObject' }, effect: { kind: 'latency', ms: 20 } });

/** Starts a command and kills it when so many objects are in the backup bucket. */
async function killedAfter(objects: number, ...args: string[]): Promise<void> {
  slowCopies();
  const running = rig.start(...args, '--config', config, '--state', home, '--objects', '4');
  await until(() => rig.twin.store.keys('backup').length >= objects, `${objects} objects`);
  running.child.kill('SIGKILL');
  await running.done;
  rig.twin.faults.clear();
  expect(rig.twin.store.keys('backup').length).toBeLessThan(names.length);
}

const run = (...args: string[]) => rig.run(...args, '--state', home);

async function interruptedId(): Promise<string> {
  const [found] = documents((await run('status', '--json')).stdout);
  expect(found).toMatchObject({ interrupted: true });
  return String(found?.['id']);
}

async function expectReplicas(): Promise<void> {
  for (const name of names) expect(String(await rig.twin.store.bytes('backup', `old/${name}`))).toBe(name);
}

describe('replicate --existing, killed in the middle', { timeout: 180_000 }, () => {
  beforeEach(async () => {
    writeRules(nightly);
    await killedAfter(100, 'replicate', '--existing', 'nightly');
  });

  it('is listed with its rule, source, destination, mode and progress', async () => {
    const { stdout } = await run('status');
    expect(stdout).toMatch(
      /interrupted +replicate +[1-9]\d*\/240 .* oss:\/\/photos\/in\/ -> oss:\/\/backup\/old\/ \(rule nightly\)/,
    );
    expect((await run('status', await interruptedId())).stdout).toMatch(/mode +replicate/);
  });

  it('is finished by resume, which needs no rules file and copies nothing twice', async () => {
    const before = rig.twin.store.keys('backup').length;
    writeFileSync(config, 'rules: []');
    rig.twin.requests.reset();
    const resumed = await run('resume');
    expect(resumed).toMatchObject({ code: 0 });
    expect(resumed.stderr).toMatch(/going on with [0-9a-f]+: replicate oss:\/\/photos\/in\/ -> .* \(rule nightly\)/);
    expect(resumed.stdout).toMatch(/nightly: 240 objects looked at/);
    // Copies under way at the kill may have arrived after the count.
    expect(rig.twin.requests.count('CopyObject')).toBeLessThanOrEqual(names.length - before);
    await expectReplicas();
    expect((await run('resume')).stderr).toMatch(/nothing to resume/);
  });

  it('is dropped by cancel', async () => {
    const id = await interruptedId();
    const cancelled = await run('cancel', id);
    expect(cancelled).toMatchObject({ code: 0 });
    expect(cancelled.stdout).toMatch(/cancelled replicate oss:\/\/photos\/in\/ -> .*; done before: copied \d+/);
    rig.twin.requests.reset();
    expect((await run('resume')).stderr).toMatch(/nothing to resume/);
    expect(rig.twin.requests.count('CopyObject')).toBe(0);
    const retried = await run('batch', 'retry', id);
    expect(retried).toMatchObject({ code: 2 });
    expect(retried.stderr).toMatch(/goes by the replication rule 'nightly'\. Run the command/);
  });
});

describe('a rule whose replicas carry markers', { timeout: 180_000 }, () => {
  it('decides anew in the resumed command about an object that changes meanwhile', async () => {
    writeRules({ ...nightly, deletes: 'verified' });
    await killedAfter(100, 'replicate', '--existing', 'nightly');
    const open = names.find((name) => !rig.twin.store.keys('backup').includes(`old/${name}`)) ?? '';
    rig.twin.faults.add({
      match: { operation: 'CopyObject', bucket: 'backup', key: `old/${open}` },
      times: 1,
      effect: { kind: 'overwrite', bucket: 'photos', key: `in/${open}`, body: 'changed meanwhile', when: 'after' },
    });
    expect(await run('resume')).toMatchObject({ code: 0 });
    expect(String(await rig.twin.store.bytes('backup', `old/${open}`))).toBe('changed meanwhile');
    // The marker is that of the new version, so the replica is known as ours.
    rig.twin.store.delete('photos', `in/${open}`);
    const fixed = await run('reconcile', 'nightly', '--config', config, '--fix', '--remove-extra');
    expect(fixed).toMatchObject({ code: 0 });
    expect(fixed.stdout).toMatch(new RegExp(`extra +in/${open} .*deleted`));
    expect(rig.twin.store.keys('backup')).not.toContain(`old/${open}`);
  });

  it('replicates no replica back, after a kill either', async () => {
    const back = { name: 'back', source: { bucket: 'backup', prefix: 'old/' } };
    await rig.twin.store.put('photos', 'in/not for the rule', { body: 'x' });
    for (const name of names) await rig.twin.store.put('photos', `in/${name}`, { body: name, tags: { keep: 'yes' } });
    const filters = { tags: { keep: 'yes' } };
    writeRules({ ...nightly, filters }, { ...back, destination: { bucket: 'photos', key: 'in/{relative}' } });
    await killedAfter(100, 'replicate', '--existing', 'nightly');
    expect(await run('resume')).toMatchObject({ code: 0 });
    expect(rig.twin.store.keys('backup')).not.toContain('old/not for the rule');
    rig.twin.requests.reset();
    const second = await run('replicate', '--existing', 'back', '--config', config, '--json');
    expect(JSON.parse(second.stdout)).toMatchObject({ listed: 240, copied: 0, failed: 0 });
    expect(rig.twin.requests.count('CopyObject')).toBe(0);
    await expectReplicas();
  });
});

describe('reconcile --fix, killed in the middle', { timeout: 180_000 }, () => {
  beforeEach(async () => {
    writeRules({ ...nightly, deletes: 'all' });
    await rig.twin.store.put('backup', 'old/zzz', { body: 'left over' });
    await killedAfter(100, 'reconcile', 'nightly', '--fix', '--remove-extra');
  });

  it('is listed, and asks before it removes anything', async () => {
    expect((await run('status')).stdout).toMatch(/reconcile .* \(rule nightly, --fix --remove-extra\)/);
    rig.twin.requests.reset();
    const refused = await run('resume');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/1 command that removes objects left alone: ferry resume --yes/);
    expect(rig.twin.requests.count('CopyObject')).toBe(0);
  });

  it('is finished by resume, which copies nothing twice', async () => {
    const before = rig.twin.store.keys('backup').filter((key) => key !== 'old/zzz').length;
    rig.twin.requests.reset();
    const resumed = await run('resume', '--yes');
    expect(resumed).toMatchObject({ code: 0 });
    expect(resumed.stdout).toMatch(/nightly: 241 objects compared, .* 1 extra, 0 unproven; \d+ repaired, 0 failed/);
    // Copies under way at the kill may have arrived after the count.
    expect(rig.twin.requests.count('CopyObject')).toBeLessThanOrEqual(names.length - before);
    expect(rig.twin.store.keys('backup')).toHaveLength(names.length);
    await expectReplicas();
  });
});

describe('the plan of a rule', { timeout: 180_000 }, () => {
  it('is shown by --dry-run, and nothing is written', async () => {
    writeRules(nightly);
    const plan = await run('replicate', '--existing', 'nightly', '--config', config, '--dry-run', '--json');
    expect(plan).toMatchObject({ code: 0 });
    expect(JSON.parse(plan.stdout)).toMatchObject({ status: 'planned', objects: 240, ways: { direct: 20 } });
    expect(rig.twin.store.keys('backup')).toEqual([]);
    const text = await run('replicate', '--existing', 'nightly', '--config', config, '--dry-run');
    expect(text.stdout).toMatch(/plan for oss:\/\/photos\/in\/ -> oss:\/\/backup\/old\/ \(rule nightly\)/);
  });
});
