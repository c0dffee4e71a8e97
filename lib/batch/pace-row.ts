import type { World } from '../copy/ports.ts';
import { putNote } from './note.ts';

/** A scope's row. Rates are requests a second, times epoch milliseconds. */
export interface PaceRow {
  kind: 'pace';
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

/** Throttling within this time is one and the same. */
const windowMs = 1_000;
const raisePerWindow = 1.05;
/** Unused instants are lost after this, so that a pause is not followed by a burst. */
const burstMs = 100;

/**
 * Books the next requests of a scope. Returns undefined when nothing limits it.
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
    const job = await world.state.get(id);
    const found = job?.batch as PaceRow | undefined;
    const now = world.clock.now();
    const row = raise(found ?? { kind: 'pace', nextFreeAt: now }, now);
    const rate = Math.min(limit ?? Infinity, row.ceiling ?? Infinity);
    if (rate === Infinity) return undefined;
    const gapMs = 1000 / rate;
    const count = Math.max(1, Math.min(atMost, Math.floor(forMs / gapMs)));
    const at = Math.max(now - burstMs, row.nextFreeAt);
    if (await putNote(world, id, job, { ...row, nextFreeAt: at + count * gapMs })) return { at, gapMs, count };
    await world.clock.sleep(world.random() * 20);
  }
}

/**
 * The store said that we are too fast: halves the ceiling, once per window.
 *
 * @param rate requests a second of this worker, where there is no ceiling yet; others' come on top, so the first ceiling is
 *   too low rather than too high, and rises.
 */
export async function slowPace(world: World, id: string, rate: number): Promise<void> {
  for (;;) {
    const job = await world.state.get(id);
    const now = world.clock.now();
    const row = raise((job?.batch as PaceRow | undefined) ?? { kind: 'pace', nextFreeAt: now }, now);
    if (row.throttledAt !== undefined && now - row.throttledAt < windowMs) return;
    const before = row.ceiling ?? rate;
    const slower: PaceRow = {
      ...row,
      ceiling: Math.max(1, before / 2),
      began: Math.max(row.began ?? 0, before),
      throttledAt: now,
      raisedAt: now,
    };
    if (await putNote(world, id, job, slower)) return;
    await world.clock.sleep(world.random() * 20);
  }
}

/** Requests a second that throttling allows at the moment; undefined: as many as one likes. */
export async function ceilingOf(world: World, id: string): Promise<number | undefined> {
  const job = await world.state.get(id);
  return job && raise(job.batch as PaceRow, world.clock.now()).ceiling;
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
