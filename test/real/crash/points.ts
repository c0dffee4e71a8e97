/** Where in a run the process is killed: drawn from a seed, so that a failure can be looked at again. */
import { seededRandom } from '../../../lib/twin/random.ts';

/**
 * A share of an undisturbed run, from 0 to 1. Most of a run's time is spent in waiting for parts, so every second moment
 * counts requests instead: a process is as likely to die around the one Complete as around any other request.
 */
export interface Moment {
  number: number;
  by: 'time' | 'requests';
  share: number;
  /** How long after its request the process is killed, milliseconds; only by requests. */
  ms: number;
}

export const seed = Number(process.env.FERRY_CRASH_SEED ?? Math.trunc(Date.now() / 1000));

/** Points on `rgw20`; Swift, which is slow, gets a quarter. */
const points = Number(process.env.FERRY_CRASH_POINTS ?? 24);

export function pointsOn(kind: 'rgw20' | 'swift'): number {
  return kind === 'swift' ? Math.ceil(points / 4) : points;
}

/** Moments all over a run, no two in the same slice of it; in no order, so that a matrix that is stopped early has seen all of it. */
export function drawMoments(count: number, salt: number): Moment[] {
  const random = seededRandom(seed + salt);
  const slices = Array.from({ length: count }, (_, slice) => ({ slice, order: random() }));
  slices.sort((a, b) => a.order - b.order);
  return slices.map(({ slice }, i) => ({
    number: i + 1,
    by: slice % 2 === 0 ? 'time' : 'requests',
    share: (slice + random()) / count,
    ms: Math.floor(random() ** 2 * 200),
  }));
}
