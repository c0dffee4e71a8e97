import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { EmbeddedStateTable } from '../../../lib/state/embedded.ts';
import { isRunning, thisProcess } from '../../../lib/state/process-identity.ts';
import { heartbeatLimitMs, ProcessRegistry } from '../../../lib/state/processes.ts';
import { handClock, jobOf, newHome, openIn } from './home.ts';

const identity = (pid: number) => ({ pid, host: 'here', boot: 'b', started: `${pid}` });

/** Two processes on one state file; `dead` says which pids have died. */
function twoProcesses() {
  const database = openIn(newHome());
  const clock = handClock();
  const dead = new Set<number>();
  const register = (pid: number) => {
    const registry = new ProcessRegistry(database, {
      clock,
      identity: identity(pid),
      probe: (other) => !dead.has(other.pid),
    });
    return { registry, table: new EmbeddedStateTable(database, { clock, owner: registry.token }) };
  };
  return { database, clock, dead, one: register(1), two: register(2), register };
}

describe('who drives a job', () => {
  it('is the process that created it', async () => {
    const { one, two } = twoProcesses();
    await one.table.create(jobOf('j'));
    expect(one.registry.mine(['j', 'x'])).toEqual(new Set(['j']));
    expect(two.registry.mine(['j'])).toEqual(new Set());
    expect(two.registry.elsewhere(['j'])).toEqual(new Set(['j']));
    expect(two.registry.claim('j')).toBe(false);
    expect(one.registry.claim('j')).toBe(true);
    expect(one.registry.orphans(10)).toEqual([]);
  });

  it('is not changed by a put that did not land', async () => {
    const { one, two } = twoProcesses();
    await one.table.create(jobOf('j'));
    await two.table.create(jobOf('j'));
    expect(one.registry.mine(['j'])).toEqual(new Set(['j']));
  });

  it('is the process that plans it anew, but not one that merely moves it', async () => {
    const { one, two } = twoProcesses();
    const { job } = await one.table.create(jobOf('j', { state: 'failed' }));
    const again = await two.table.move(job, { state: 'planned' });
    expect(two.registry.mine(['j'])).toEqual(new Set(['j']));
    await one.table.move(again.job ?? job, { state: 'copying' });
    expect(two.registry.mine(['j'])).toEqual(new Set(['j']));
    await one.table.move(job, { state: 'planned' });
    expect(two.registry.mine(['j'])).toEqual(new Set(['j']));
  });

  it('is absent once the process is dead, and then one of the processes that ask', async () => {
    const { one, two, register, dead } = twoProcesses();
    await one.table.create(jobOf('old', { createdAt: 1 }));
    await one.table.create(jobOf('new', { createdAt: 2 }));
    await one.table.create(jobOf('over', { state: 'done' }));
    dead.add(1);
    const three = register(3);
    expect(two.registry.orphans(10)).toEqual(['old', 'new']);
    expect(two.registry.orphans(1)).toEqual(['old']);
    expect(two.registry.claim('old')).toBe(true);
    expect(three.registry.claim('old')).toBe(false);
    expect(three.registry.orphans(10)).toEqual(['new']);
  });

  it('is absent after the process has left or released the job', async () => {
    const { one, two } = twoProcesses();
    await one.table.create(jobOf('a'));
    await one.table.create(jobOf('b'));
    two.registry.disown('a');
    expect(two.registry.orphans(10)).toEqual([]);
    one.registry.disown('a');
    expect(two.registry.orphans(10)).toEqual(['a']);
    one.registry.leave();
    expect(two.registry.orphans(10)).toEqual(['a', 'b']);
  });

  it('is absent for rows without an owner', async () => {
    const { database, clock, two } = twoProcesses();
    await new EmbeddedStateTable(database, { clock }).create(jobOf('j'));
    expect(two.registry.orphans(10)).toEqual(['j']);
    expect(two.registry.claim('j')).toBe(true);
  });

  it('is lost by a process that hangs, and kept by one that says it lives', async () => {
    const { one, two, clock } = twoProcesses();
    await one.table.create(jobOf('j'));
    clock.at += heartbeatLimitMs;
    two.registry.heartbeat();
    expect(two.registry.orphans(10)).toEqual([]);
    clock.at += 1;
    expect(two.registry.orphans(10)).toEqual(['j']);
    one.registry.heartbeat();
    expect(two.registry.orphans(10)).toEqual([]);
  });

  it('is judged by the heartbeat alone where the process cannot be seen', async () => {
    const database = openIn(newHome());
    const clock = handClock();
    const far = new ProcessRegistry(database, { clock, identity: identity(1) });
    await new EmbeddedStateTable(database, { clock, owner: far.token }).create(jobOf('j'));
    const near = new ProcessRegistry(database, {
      clock,
      identity: { ...identity(2), host: 'elsewhere' },
      probe: () => undefined,
    });
    expect(near.orphans(10)).toEqual([]);
    clock.at += heartbeatLimitMs + 1;
    expect(near.orphans(10)).toEqual(['j']);
  });

  it('is forgotten with the job, and processes with their death', async () => {
    const { database, one, two, dead } = twoProcesses();
    await one.table.create(jobOf('live'));
    await one.table.create(jobOf('over', { state: 'failed' }));
    database.rows('INSERT INTO owners VALUES (?, ?)', 'gone', two.registry.token);
    dead.add(1);
    two.registry.purge();
    expect(database.rows<{ job_id: string }>('SELECT job_id FROM owners')).toEqual([{ job_id: 'live' }]);
    expect(database.rows<{ token: string }>('SELECT token FROM processes')).toEqual([{ token: two.registry.token }]);
  });
});

describe('whether a process runs', () => {
  const here = thisProcess();

  it('sees itself', () => {
    expect(isRunning(here, here)).toBe(true);
  });

  it('cannot see another host', () => {
    expect(isRunning({ ...here, host: 'other' }, here)).toBeUndefined();
  });

  it('knows that nothing outlives a boot', () => {
    expect(isRunning({ ...here, boot: 'before' }, here)).toBe(false);
  });

  it('tells a process from a later one with its pid', () => {
    expect(here.started).toMatch(/^\d+$/);
    expect(isRunning({ ...here, started: '1' }, here)).toBe(false);
    expect(isRunning({ ...here, started: undefined }, here)).toBe(true);
  });

  it('sees another one live and die', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const other = { ...here, pid: child.pid ?? 0, started: undefined };
    expect(isRunning(other, here)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isRunning(other, here)).toBe(false);
  });
});

describe('a process of another host', () => {
  it('is dead when its heartbeat is far ahead, because the clock was set back since', () => {
    const database = openIn(newHome());
    const clock = handClock();
    const register = (host: string) =>
      new ProcessRegistry(database, { clock, identity: { pid: 1, host }, probe: () => undefined });
    clock.at += 7_200_000;
    const gone = register('gone');
    clock.at -= 7_200_000;
    const here = register('here');
    expect(here.living()).toEqual([here.token]);
    gone.heartbeat();
    expect(new Set(here.living())).toEqual(new Set([here.token, gone.token]));
  });
});
