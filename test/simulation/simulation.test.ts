import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type * as Bundle from './search.ts';
import { loadSimulation } from './mutants/bundle.ts';
import { regressions } from './regressions.ts';

/** A few thousand schedules; `npm run sim` looks further. */
const runs = 3000;

let bundle: typeof Bundle;
let stackTraceLimit: number;

beforeAll(async () => {
  ({ stackTraceLimit } = Error);
  bundle = await loadSimulation();
});

afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

test(`the invariants hold in ${runs} schedules`, async () => {
  const { search, shrink, describeOutcome } = bundle;
  const tally = await search({ from: 1, runs });
  const [violation] = tally.violations;
  if (violation) expect.fail(describeOutcome((await shrink(violation)).outcome));
  expect(tally.schedules).toBe(runs);
  // A simulation in which nothing goes wrong would prove nothing.
  expect(tally.struck / tally.schedules).toBeGreaterThan(0.4);
});

test.each(regressions)('seed $seed: $was', async ({ seed }) => {
  const { violation } = await bundle.simulate(seed);
  expect(violation).toBeUndefined();
});

describe('a schedule', () => {
  test('is the same every time', async () => {
    for (const seed of [2, 163, 4242]) {
      const once = await bundle.simulate(seed, { trace: true });
      const again = await bundle.simulate(seed, { trace: true });
      expect(again.trace).toEqual(once.trace);
      expect(once.trace.length).toBeGreaterThan(3);
    }
  });

  test('keeps its other faults when one is left out', async () => {
    let compared = 0;
    for (let seed = 1; compared < 20; seed++) {
      const whole = await bundle.simulate(seed);
      const last = whole.fired.at(-1);
      if (!last || whole.fired.length < 2) continue;
      const without = await bundle.simulate(seed, { leftOut: new Set([last.id]) });
      const before = whole.fired.filter(({ at }) => at < last.at).map(({ id }) => id);
      expect(without.fired.map(({ id }) => id)).toEqual(expect.arrayContaining(before));
      compared++;
    }
  });
});
