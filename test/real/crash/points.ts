/** Where in a run the process is killed: drawn from a seed, so that a failure can be looked at again. */
import { seededRandom } from '../../../lib/twin/random.ts';

/**
 * `time`: at a share of an undisturbed run, from 0 to 1. Most of that is spent in waiting for parts, so as many moments count
 * requests instead, and kill so many milliseconds after one: a process is as likely to die around the one Complete as around
 * any other. `answer`: the store has done what the first request of this kind asks, and the process never learns of it.
 */
export type Moment =
  { by: 'time'; share: number } | { by: 'requests'; share: number; ms: number } | { by: 'answer'; to: string };

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
  return slices.map(({ slice }) => {
    const share = (slice + random()) / count;
    return slice % 2 === 0 ? { by: 'time', share } : { by: 'requests', share, ms: Math.floor(random() ** 2 * 200) };
  });
}
