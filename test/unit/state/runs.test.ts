import { describe, expect, it } from 'vitest';
import { ProcessRegistry } from '../../../lib/state/processes.ts';
import { EmbeddedRunLog } from '../../../lib/state/runs.ts';
import { handClock, newHome, openIn } from './home.ts';

const args = { command: 'cp', from: 'oss://a/ü x/', to: 'oss://b/', include: ['*.jpg'] };

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
    return { registry, log: new EmbeddedRunLog(database, registry, clock) };
  };
  const [first, second] = [open(1), open(2)];
  /** As versions before batches wrote it. */
  const leave = (id: string): void => {
    const body = JSON.stringify({ args, counts: { done: 3 } });
    database.rows(
      'INSERT INTO runs (id, state, token, created_at, updated_at, body) VALUES (?, ?, ?, ?, ?, ?)',
      ...[id, 'running', first.registry.token, clock.at, clock.at, body],
    );
  };
  return { clock, dead, leave, one: first.log, two: second.log };
}

describe('the run log of earlier versions', () => {
  it('is read: what a command was and how far it came', () => {
    const { one, leave, clock } = twoLogs();
    leave('r1');
    const run = { id: 'r1', state: 'running', args, counts: { done: 3 }, createdAt: clock.at, updatedAt: clock.at };
    expect(one.get('r1')).toEqual(run);
    clock.at += 5;
    one.finish('r1');
    expect(one.get('r1')).toEqual({ ...run, state: 'done', updatedAt: clock.at });
    expect(one.get('nothing')).toBeUndefined();
  });

  it('lists what dead processes left, oldest first, and gives each to one process', () => {
    const { one, two, dead, leave, clock } = twoLogs();
    leave('first');
    clock.at += 1;
    leave('second');
    leave('done');
    one.finish('done');
    expect(two.listUnfinished()).toEqual([]);
    expect(two.claim('first')).toBe(false);
    dead.add(1);
    expect(two.listUnfinished().map((run) => run.id)).toEqual(['first', 'second']);
    expect(two.claim('first')).toBe(true);
    expect(two.claim('first')).toBe(true);
    expect(two.listUnfinished().map((run) => run.id)).toEqual(['second']);
    expect(two.claim('done')).toBe(false);
    expect(two.claim('nothing')).toBe(false);
  });

  it('forgets finished runs after their time, and no others', () => {
    const { one, leave, clock } = twoLogs();
    leave('kept');
    leave('gone');
    one.finish('gone');
    clock.at += 1_000;
    one.purge(1_000);
    expect(one.get('gone')).toBeDefined();
    one.purge(999);
    expect(one.get('gone')).toBeUndefined();
    expect(one.get('kept')).toBeDefined();
  });
});
