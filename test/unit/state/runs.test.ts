import { describe, expect, it } from 'vitest';
import { ProcessRegistry } from '../../../lib/state/processes.ts';
import { EmbeddedRunLog } from '../../../lib/state/runs.ts';
import { handClock, newHome, openIn } from './home.ts';

function twoLogs() {
  const database = openIn(newHome());
  const clock = handClock();
  const dead = new Set<number>();
  const open = (pid: number) => {
    const registry = new ProcessRegistry(database, {
      clock,
      identity: { pid, host: 'h' },
      probe: (other) => !dead.has(other.pid),
    });
    return new EmbeddedRunLog(database, registry, clock);
  };
  return { clock, dead, one: open(1), two: open(2) };
}

const args = { command: 'cp', from: 'oss://a/ü x/', to: 'oss://b/', include: ['*.jpg'] };

describe('the run log', () => {
  it('keeps what a command was and how far it came', () => {
    const { one, clock } = twoLogs();
    const run = one.begin(args);
    expect(run).toEqual({ id: run.id, state: 'running', args, counts: {}, createdAt: clock.at, updatedAt: clock.at });
    clock.at += 5;
    one.update(run.id, { done: 3 });
    expect(one.get(run.id)).toEqual({ ...run, counts: { done: 3 }, updatedAt: clock.at });
    one.finish(run.id, { done: 4, failed: 1 });
    expect(one.get(run.id)).toMatchObject({ state: 'done', counts: { done: 4, failed: 1 } });
  });

  it('lists what dead processes left, oldest first, and gives each to one process', () => {
    const { one, two, dead, clock } = twoLogs();
    const first = one.begin(args);
    clock.at += 1;
    const second = one.begin(args);
    one.finish(one.begin(args).id, {});
    expect(two.listUnfinished()).toEqual([]);
    expect(two.claim(first.id)).toBe(false);
    dead.add(1);
    expect(two.listUnfinished().map((run) => run.id)).toEqual([first.id, second.id]);
    expect(two.claim(first.id)).toBe(true);
    expect(two.claim(first.id)).toBe(true);
    expect(two.listUnfinished().map((run) => run.id)).toEqual([second.id]);
  });

  it('gives away no run that is done or was never begun', () => {
    const { one, two, dead } = twoLogs();
    const run = one.begin(args);
    one.finish(run.id, {});
    dead.add(1);
    expect(two.claim(run.id)).toBe(false);
    expect(two.claim('nothing')).toBe(false);
    expect(() => two.update('nothing', {})).toThrow(expect.objectContaining({ code: 'NotFound' }) as Error);
  });

  it('forgets finished runs after their time, and no others', () => {
    const { one, clock } = twoLogs();
    const [kept, gone] = [one.begin(args), one.begin(args)];
    one.finish(gone.id, {});
    clock.at += 1_000;
    one.purge(1_000);
    expect(one.get(gone.id)).toBeDefined();
    one.purge(999);
    expect(one.get(gone.id)).toBeUndefined();
    expect(one.get(kept.id)).toBeDefined();
  });
});
