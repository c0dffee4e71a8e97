/** A move that was stopped because it was a mistake is dropped, and never goes on by itself. */
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { StateDatabase } from '../../../lib/state/database.ts';
import { documents, until, useRig } from './harness.ts';

const rig = useRig();

afterEach(() => rig.twin.faults.clear());

const names = Array.from({ length: 40 }, (_, n) => `${n}`.padStart(3, '0'));
const keys = (bucket: string, prefix: string) => rig.twin.store.keys(bucket, prefix);

/** Ctrl-C in the middle of a move. Returns the id of what it leaves. */
async function interruptedMove(name: string, home: string): Promise<string> {
  for (const key of names) await rig.twin.store.put('photos', `${name}/${key}`, { body: key });
  rig.twin.faults.add({ match: { operation: 'CopyObject' }, effect: { kind: 'latency', ms: 50 } });
  const from = `oss://photos/${name}/`;
  const running = rig.start('mv', from, `oss://backup/wrong-${name}/`, '--objects', '2', '--state', home);
  await until(() => keys('backup', `wrong-${name}/`).length >= 4, 'four objects');
  running.child.kill('SIGINT');
  const { code, stderr } = await running.done;
  expect(code).toBe(130);
  rig.twin.faults.clear();
  return /ferry cancel ([0-9a-f]+) --state/.exec(stderr)?.[1] ?? '';
}

describe('an interrupted move', () => {
  it('is listed, is dropped by its id, and leaves nothing to resume', async () => {
    const home = join(rig.folder, 'dropped');
    const id = await interruptedMove('dropped', home);
    const moved = keys('backup', 'wrong-dropped/').length;
    const shown = await rig.run('status', '--state', home);
    expect(shown.stdout).toMatch(
      new RegExp(`${id} +interrupted +rename +${moved}/40 .* oss://photos/dropped/ -> oss://backup/wrong-dropped/`),
    );
    expect(shown.stdout).toContain(`ferry cancel ID --state ${home} drops one`);
    const doctor = await rig.run('doctor', '--state', home);
    expect(doctor.stdout).toContain('1 unfinished batch; ferry status lists them');
    expect(await rig.run('cancel', id, '--state', home)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^✓ cancelled rename .*done before: renamed \d+/) as string,
    });
    expect(await rig.run('resume', '--yes', '--state', home)).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^nothing to resume/) as string,
    });
    expect(keys('backup', 'wrong-dropped/')).toHaveLength(moved);
    expect(keys('photos', 'dropped/')).toHaveLength(names.length - moved);
    expect(await rig.run('resume', id, '--state', home)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/cancelled already/) as string,
    });
  });

  it('waits for --yes where no terminal is, while copies go on', async () => {
    const home = join(rig.folder, 'waiting');
    const id = await interruptedMove('waiting', home);
    await rig.twin.store.put('photos', 'list/1', { body: 'x' });
    await rig.run('batch', 'run', 'oss://photos/list/', 'oss://backup/list/', '--detach', '--state', home);
    const left = keys('photos', 'waiting/');
    const { code, stderr } = await rig.run('resume', '--state', home);
    expect(code).toBe(3);
    expect(stderr).toMatch(new RegExp(`not resumed: ${id}: rename oss://photos/waiting/`));
    expect(stderr).toContain(`ferry resume --yes --state ${home}`);
    expect(keys('backup', 'list/')).toEqual(['list/1']);
    expect(keys('photos', 'waiting/')).toEqual(left);
    expect((await rig.run('resume', '--state', home)).code).toBe(2);
    expect((await rig.run('resume', '--yes', '--state', home)).code).toBe(0);
    expect(keys('photos', 'waiting/')).toEqual([]);
  });

  it('goes on at a terminal after yes alone', async () => {
    const home = join(rig.folder, 'asked');
    const id = await interruptedMove('asked', home);
    const left = keys('photos', 'asked/');
    const no = await rig.atTerminal('', 'resume', '--state', home);
    expect(no.stderr).toMatch(
      new RegExp(`${id}: rename oss://photos/asked/ -> .*Go on\\? \\[y/N\\] nothing was done`, 's'),
    );
    expect(no.code).toBe(1);
    expect(keys('photos', 'asked/')).toEqual(left);
    expect((await rig.atTerminal('y', 'resume', '--state', home)).code).toBe(0);
    expect(keys('photos', 'asked/')).toEqual([]);
    expect(keys('backup', 'wrong-asked/')).toHaveLength(names.length);
  });
});

describe('a reader that closes its pipe', () => {
  it('stops no move, and leaves nothing to resume', async () => {
    const home = join(rig.folder, 'head');
    // Several pages: there is a middle at which the first result meets the closed pipe.
    for (let n = 0; n < 420; n += 1) await rig.twin.store.put('photos', `head/${n}`, { body: 'x' });
    rig.twin.faults.add({ match: { operation: 'CopyObject' }, effect: { kind: 'latency', ms: 20 } });
    const running = rig.start('mv', 'oss://photos/head/', 'oss://backup/head/', '--json', '--state', home);
    running.child.stdout?.destroy();
    running.child.stderr?.destroy();
    expect((await running.done).code).toBe(0);
    expect(keys('photos', 'head/')).toEqual([]);
    expect((await rig.run('resume', '--state', home)).stderr).toMatch(/nothing to resume/);
  });
});

describe('a command over a prefix that a version before batches left behind', () => {
  const leave = (home: string, id: string, mode: 'copy' | 'rename'): void => {
    const database = StateDatabase.openIn(home);
    const command = {
      mode,
      store: { scheme: 'oss', endpoint: rig.twin.url, region: 'cn-hangzhou' },
      source: { bucket: 'photos', prefix: 'old/' },
      destination: { bucket: 'backup', prefix: `of-${id}/` },
      options: {},
      objects: 16,
    };
    const body = JSON.stringify({ args: command, counts: { done: 1, bytes: 1 } });
    database.rows(
      'INSERT INTO runs (id, state, token, created_at, updated_at, body) VALUES (?, ?, ?, ?, ?, ?)',
      ...[id, 'running', 'of-a-dead-process', Date.now(), Date.now(), body],
    );
    database.close();
  };

  it('is listed, and dropped or finished as a batch', async () => {
    const home = join(rig.folder, 'old-version');
    for (const key of ['1', '2']) await rig.twin.store.put('photos', `old/${key}`, { body: key });
    leave(home, 'first', 'rename');
    leave(home, 'second', 'copy');
    const shown = await rig.run('status', '--state', home);
    expect(shown.stdout).toMatch(/^first +interrupted +rename .* oss:\/\/photos\/old\/ -> oss:\/\/backup\/of-first\//m);
    expect(documents((await rig.run('status', '--state', home, '--json')).stdout)).toHaveLength(2);
    expect((await rig.run('doctor', '--state', home)).stdout).toContain('2 interrupted commands');
    expect((await rig.run('cancel', 'first', '--state', home)).stdout).toMatch(/^✓ cancelled rename /);
    expect((await rig.run('resume', '--state', home)).code).toBe(0);
    expect(keys('backup', 'of-second/')).toEqual(['of-second/1', 'of-second/2']);
    expect(keys('backup', 'of-first/')).toEqual([]);
    expect((await rig.run('resume', '--state', home)).stderr).toMatch(/nothing to resume/);
  });

  it('that moves is finished by its id', async () => {
    const home = join(rig.folder, 'old-move');
    await rig.twin.store.put('photos', 'old/1', { body: 'x' });
    leave(home, 'move', 'rename');
    expect((await rig.run('resume', '--state', home)).code).toBe(2);
    expect((await rig.run('resume', 'move', '--state', home)).code).toBe(0);
    expect(keys('backup', 'of-move/')).toContain('of-move/1');
    expect(keys('photos', 'old/')).toEqual([]);
  });
});
