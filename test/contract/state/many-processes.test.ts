import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Task } from '../../../lib/copy/model/task.ts';
import { DurableQueue } from '../../../lib/queue/durable.ts';
import { systemClock as clock } from '../../../lib/runtime/shared/system-clock.ts';
import { StateDatabase } from '../../../lib/state/database.ts';
import { EmbeddedStateTable } from '../../../lib/state/embedded.ts';
import { spawnWorker } from './spawn-worker.ts';
import { someJob } from './suite.ts';

function newHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'ferry-many-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

function open(home: string) {
  const database = StateDatabase.openIn(home);
  onTestFinished(() => database.close());
  const inbox = new DurableQueue<Task>(database, { name: 'tasks', clock, token: 'test' });
  return { database, inbox, table: new EmbeddedStateTable(database, { clock }) };
}

const names = ['one', 'two', 'three'];
const finish = (n: number): Task => ({ kind: 'finish', jobId: String(n) });

describe('several processes on one state file', () => {
  it('may make it at the same moment, and let one put of each id land', async () => {
    const home = newHome();
    const workers = names.map((name) => spawnWorker(home, 'creates', name, 40));
    expect(await Promise.all(workers.map(({ ended }) => ended))).toEqual([0, 0, 0]);
    const landed = workers.flatMap(({ told }) => told.filter((answer) => answer.landed).map((answer) => answer.id));
    expect(landed.toSorted((a = 0, b = 0) => a - b)).toEqual(Array.from({ length: 40 }, (_, n) => n));
  });

  it('lose none of the moves and reports of the others', async () => {
    const home = newHome();
    const { table } = open(home);
    await table.create(someJob({ id: 'shared', state: 'copying', labels: {} }));
    const movers = names.map((name) => spawnWorker(home, 'moves', name, 25));
    const counters = names.map((name) => spawnWorker(home, 'counts', name, 50));
    const ends = [...movers, ...counters].map(({ ended }) => ended);
    expect(new Set(await Promise.all(ends))).toEqual(new Set([0]));

    const row = await table.get('shared');
    const expected = names.flatMap((name) => Array.from({ length: 25 }, (_, n) => `${name}-${n}`));
    expect(Object.keys(row?.labels ?? {}).toSorted()).toEqual(expected.toSorted());
    expect(row?.revision).toBe(1 + 75);
    expect(row?.partsDone).toBe(150);
    const sums = counters.flatMap(({ told }) => told.map(({ sum }) => sum));
    expect(sums.toSorted((a = 0, b = 0) => a - b)).toEqual(Array.from({ length: 150 }, (_, n) => n + 1));
  });

  it('get each message of the inbox once', async () => {
    const home = newHome();
    const { inbox } = open(home);
    await inbox.send(Array.from({ length: 200 }, (_, n) => finish(n)));
    const workers = names.map((name) => spawnWorker(home, 'receives', name, 0));
    await Promise.all(workers.map(({ ended }) => ended));
    const got = workers.flatMap(({ told }) => told.map((line) => line.got));
    expect(got).toHaveLength(200);
    expect(new Set(got).size).toBe(200);
    expect(inbox.stats()).toEqual({ open: 0, leased: 0, dead: 0 });
  });
});

describe('a process that is killed', () => {
  it('loses nothing that was answered', async () => {
    const home = newHome();
    const worker = spawnWorker(home, 'sends', 'sender', 0);
    while (worker.told.length < 200) await new Promise((resolve) => setTimeout(resolve, 5));
    worker.child.kill('SIGKILL');
    expect(await worker.ended).toBe('SIGKILL');
    const kept = await received(open(home).inbox);
    for (const { sent } of worker.told) expect(kept).toContain(sent);
    // What was written but not answered any more may be there, too: at most the one that was under way.
    expect(kept.size - worker.told.length).toBeLessThanOrEqual(1);
  });
});

describe('a disk that fills up in the middle of a write', () => {
  const keptBy: Record<string, (home: string) => Promise<Set<string | undefined>>> = {
    sends: (home) => received(open(home).inbox),
    writes: async (home) =>
      new Set(
        open(home)
          .database.rows<{ job_id: string }>('SELECT job_id FROM owners')
          .map((row) => row.job_id),
      ),
  };

  it.each(Object.keys(keptBy))(
    'refuses %s in words, and what was answered before is there, and nothing else',
    async (work) => {
      const home = newHome();
      open(home).database.close();
      const worker = spawnWorker(home, work, 'sender', 0, 1_000);
      expect(await worker.ended).toBe(0);
      const refused = worker.told.pop()?.refused;
      expect(refused).toMatch(/No space is left to write state file .*ferry resume/);
      expect(worker.told.length).toBeGreaterThan(10);
      const kept = (await keptBy[work]?.(home)) ?? new Set();
      expect([...kept].toSorted()).toEqual(worker.told.map(({ sent }) => sent).toSorted());
    },
  );
});

async function received(inbox: DurableQueue<Task>): Promise<Set<string | undefined>> {
  const deliveries = await inbox.receive(1_000_000, 60_000);
  return new Set(deliveries.map(({ task }) => ('jobId' in task ? task.jobId : undefined)));
}
