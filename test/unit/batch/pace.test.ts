import { describe, expect, it } from 'vitest';
import { bookPace, ceilingOf, slowPace } from '../../../lib/batch/rows/pace-row.ts';
import type { World } from '../../../lib/copy/model/ports.ts';
import { ModelShared } from '../../simulation/model/shared.ts';

/** Records of one process and a clock that stands until it is moved. */
function rig() {
  const clock = { at: 1_000_000, now: () => clock.at, sleep: async () => {} };
  const model = new ModelShared(clock.now);
  const shared = model.port();
  const world = { clock, shared, random: () => 0.5 } as unknown as World;
  return { world, clock, shared, rows: model.records };
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

/** The first write lands, but its caller hears that it did not, as from an adapter that sent it twice. */
function unheard({ world, shared }: ReturnType<typeof rig>): void {
  let told = false;
  world.shared = {
    ...shared,
    compareAndSet: async (...write) => (await shared.compareAndSet(...write)) && (told || !(told = true)),
  };
}

describe('a write that lands unheard', () => {
  it('costs the instants it booked and gives none of them out twice', async () => {
    const all = rig();
    unheard(all);
    const first = await bookPace(all.world, 'pace/x', 100, wish);
    const second = await bookPace(all.world, 'pace/x', 100, wish);
    expect([first?.at, second?.at]).toEqual([all.clock.at + 250, all.clock.at + 500]);
  });

  it('halves the ceiling once', async () => {
    const all = rig();
    unheard(all);
    await slowPace(all.world, 'pace/x', 400);
    expect(await ceilingOf(all.world, 'pace/x')).toBe(200);
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
