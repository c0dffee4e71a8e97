import type { World } from '../../copy/model/ports.ts';
import { slowestRate } from '../request/request.ts';

/** A scope's row. Rates are requests a second, times epoch milliseconds. */
export interface PaceRow {
  /** The next free instant. */
  nextFreeAt: number;
  /** What the store's throttling has taught us; absent while it has not. */
  ceiling?: number;
  /** The rate at which throttling began; a ceiling that has risen to twice this has nothing more to say. */
  began?: number;
  throttledAt?: number;
  raisedAt?: number;
}

/** `count` instants from `at` on, `gapMs` apart. */
export interface Turn {
  at: number;
  gapMs: number;
  count: number;
}

/** How long a row is kept that no worker writes again. */
const keepMs = 30 * 86_400_000;
/** Throttling within this time is one and the same. */
const windowMs = 1_000;
const raisePerWindow = 1.05;
/** Unused instants are lost after this, so that a pause is not followed by a burst. */
const burstMs = 100;

/**
 * Time is booked no further ahead than this, milliseconds, and one request more: a later worker waits. So a row says at most
 * what the slowest rate has booked, and one that says more (written by an older version, or by a clock that was wrong) is
 * not believed.
 */
const mostAheadMs = 10_000;
const furthestMs = mostAheadMs + 1000 / slowestRate;

/**
 * Books the next requests of a scope, after waiting until so few are booked that they come soon. Returns undefined when nothing
 * limits it.
 *
 * @param limit requests a second; absent: only what throttling has taught.
 */
export async function bookPace(
  world: World,
  id: string,
  limit: number | undefined,
  { forMs, atMost }: { forMs: number; atMost: number },
): Promise<Turn | undefined> {
  for (;;) {
    const found = await world.shared.get(id);
    const now = world.clock.now();
    const row = raise((found?.value as PaceRow | undefined) ?? { nextFreeAt: now }, now);
    const rate = Math.max(slowestRate, Math.min(limit ?? Infinity, row.ceiling ?? Infinity));
    if (rate === Infinity) return undefined;
    const gapMs = 1000 / rate;
    const count = Math.max(1, Math.min(atMost, Math.floor(forMs / gapMs)));
    const believed = row.nextFreeAt <= now + furthestMs ? row.nextFreeAt : now;
    const at = Math.max(now - burstMs, believed);
    if (at > now + mostAheadMs) {
      await world.clock.sleep(at - now - mostAheadMs);
      continue;
    }
    // Where this lands unheard, the instants it booked pass unused.
    const next = { ...row, nextFreeAt: at + count * gapMs };
    if (await world.shared.compareAndSet(id, found, next, now + keepMs)) return { at, gapMs, count };
    await world.clock.sleep(world.random() * 20);
  }
}

/**
 * Gives back the instants of a turn from `from` on, unless others have booked behind it: what a batch that is cancelled or at its
 * end does not use, others need not wait for.
 */
export async function returnPace(world: World, id: string, turn: Turn, from: number): Promise<void> {
  const found = await world.shared.get(id);
  const row = found?.value as PaceRow | undefined;
  const end = turn.at + turn.count * turn.gapMs;
  // A lost race only means that the time passes unused.
  if (!row || Math.abs(row.nextFreeAt - end) >= 1 || from >= end) return;
  await world.shared.compareAndSet(id, found, { ...row, nextFreeAt: from }, world.clock.now() + keepMs);
}

/**
 * The store said that we are too fast: halves the ceiling, once per window.
 *
 * @param rate requests a second of this worker, where there is no ceiling yet; others' come on top, so the first ceiling is
 *   too low rather than too high, and rises.
 */
export async function slowPace(world: World, id: string, rate: number): Promise<void> {
  for (;;) {
    const found = await world.shared.get(id);
    const now = world.clock.now();
    const row = raise((found?.value as PaceRow | undefined) ?? { nextFreeAt: now }, now);
    if (row.throttledAt !== undefined && now - row.throttledAt < windowMs) return;
    const before = row.ceiling ?? rate;
    const slower: PaceRow = {
      ...row,
      ceiling: Math.max(1, before / 2),
      began: Math.max(row.began ?? 0, before),
      throttledAt: now,
      raisedAt: now,
    };
    // Where this lands unheard, the ceiling may be halved once more: too slow rather than too fast.
    if (await world.shared.compareAndSet(id, found, slower, now + keepMs)) return;
    await world.clock.sleep(world.random() * 20);
  }
}

/** Requests a second that throttling allows at the moment; undefined: as many as one likes. */
export async function ceilingOf(world: World, id: string): Promise<number | undefined> {
  const found = await world.shared.get(id);
  return found && raise(found.value as PaceRow, world.clock.now()).ceiling;
}

function raise(row: PaceRow, now: number): PaceRow {
  const { ceiling, began = 0, raisedAt = now } = row;
  const windows = Math.floor((now - raisedAt) / windowMs);
  if (ceiling === undefined || windows < 1) return row;
  const raised = ceiling * raisePerWindow ** windows;
  if (raised < began * 2) return { ...row, ceiling: raised, raisedAt: raisedAt + windows * windowMs };
  const { ceiling: _ceiling, began: _began, raisedAt: _raisedAt, ...free } = row;
  return free;
}
