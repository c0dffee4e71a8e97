import { describe, expect, it } from 'vitest';
import type { Job } from '../../../lib/copy/job.ts';
import type { World } from '../../../lib/copy/ports.ts';
import { bookPace, ceilingOf, slowPace } from '../../../lib/batch/pace-row.ts';

/** A state table of one process and a clock that stands until it is moved. */
function rig() {
  const rows = new Map<string, Job>();
  const clock = { at: 1_000_000, now: () => clock.at, sleep: async () => {} };
  const state = {
    get: async (id: string) => rows.get(id),
    create: async (job: Job) => {
      const there = rows.get(job.id);
      if (!there) rows.set(job.id, job);
      return { landed: !there, job: there ?? job };
    },
    move: async (job: Job, change: Partial<Job>) => {
      if (rows.get(job.id)?.revision !== job.revision) return { landed: false, job: rows.get(job.id) };
      const next = { ...job, ...change, revision: job.revision + 1 };
      rows.set(job.id, next);
      return { landed: true, job: next };
    },
  };
  const world = { clock, state, random: () => 0.5 } as unknown as World;
  return { world, clock, rows };
}

const wish = { forMs: 250, atMost: 200 };

describe('booking requests', () => {
  it('is free where nothing limits it, and writes no row', async () => {
    const { world, rows } = rig();
    expect(await bookPace(world, 'pace/x', undefined, wish)).toBeUndefined();
    expect(rows.size).toBe(0);
  });

  it('gives out no more than the limit, to however many workers', async () => {
    const { world, clock } = rig();
    const start = clock.at;
    const turns = await Promise.all(Array.from({ length: 20 }, () => bookPace(world, 'pace/x', 100, wish)));
    const instants = turns.flatMap((turn) =>
      Array.from({ length: turn?.count ?? 0 }, (_, n) => (turn?.at ?? 0) + n * (turn?.gapMs ?? 0)),
    );
    expect(instants).toHaveLength(20 * 25);
    instants.sort((a, b) => a - b);
    for (const [n, at] of instants.entries()) expect(at).toBeCloseTo(start + n * 10, 5);
  });

  it('does not save up unused instants', async () => {
    const { world, clock } = rig();
    await bookPace(world, 'pace/x', 100, wish);
    clock.at += 60_000;
    expect((await bookPace(world, 'pace/x', 100, wish))?.at).toBeGreaterThanOrEqual(clock.at - 100);
  });
});

describe('throttling', () => {
  it('halves the ceiling once a window, whichever worker was throttled', async () => {
    const { world, clock } = rig();
    await Promise.all(Array.from({ length: 5 }, () => slowPace(world, 'pace/x', 400)));
    expect(await ceilingOf(world, 'pace/x')).toBe(200);
    clock.at += 1_000;
    await slowPace(world, 'pace/x', 400);
    expect(await ceilingOf(world, 'pace/x')).toBeCloseTo((200 * 1.05) / 2, 5);
  });

  it('limits the next bookings, rises slowly and is forgotten', async () => {
    const { world, clock } = rig();
    await slowPace(world, 'pace/x', 400);
    expect((await bookPace(world, 'pace/x', undefined, wish))?.gapMs).toBe(5);
    clock.at += 10_000;
    expect(await ceilingOf(world, 'pace/x')).toBeCloseTo(200 * 1.05 ** 10, 5);
    clock.at += 60_000;
    expect(await ceilingOf(world, 'pace/x')).toBeUndefined();
    expect(await bookPace(world, 'pace/x', undefined, wish)).toBeUndefined();
  });

  it('never falls to nothing', async () => {
    const { world, clock } = rig();
    for (let n = 0; n < 20; n += 1, clock.at += 1_000) await slowPace(world, 'pace/x', 4);
    expect(await ceilingOf(world, 'pace/x')).toBeGreaterThanOrEqual(1);
  });

  it('begins at the rate of the day when an earlier ceiling is forgotten', async () => {
    const { world, clock } = rig();
    await slowPace(world, 'pace/x', 10);
    clock.at += 120_000;
    await slowPace(world, 'pace/x', 1_000);
    expect(await ceilingOf(world, 'pace/x')).toBe(500);
  });
});
