import { afterAll, describe, expect, test } from 'vitest';
import { loadSimulation } from './bundle.ts';
import { ledgerMutants } from './ledger.ts';
import { modeMutants } from './modes.ts';
import type { Mutant } from './mutant.ts';
import { uploadMutants } from './uploads.ts';

/** How far a faulty engine may get before it counts as not caught. */
const patience = 1500;

const { stackTraceLimit } = Error;
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

describe.each([
  ['ledger', ledgerMutants],
  ['uploads', uploadMutants],
  ['modes', modeMutants],
])('%s', (_theme, mutants) => {
  test.each(mutants)('$name', async (mutant: Mutant) => {
    const simulation = await loadSimulation(mutant);
    const from = mutant.from ?? 1;
    const { violations, schedules } = await simulation.search({ from, runs: patience });
    const violation = violations[0]?.violation;
    expect(violation, `survived ${schedules} schedules`).toBeDefined();
    expect(mutant.caughtBy, violation?.message).toContain(violation?.invariant);
    console.log(`${violation?.invariant} after ${schedules} schedules from seed ${from}: ${mutant.name}`);
  });
});

test('an edit that no longer matches the engine is an error, not a mutant that is caught', async () => {
  const stale: Mutant = {
    name: 'stale',
    file: 'copy/part.ts',
    edits: [{ find: 'no such line', replace: '' }],
    caughtBy: [],
  };
  await expect(loadSimulation(stale)).rejects.toThrow(/mutant "stale": this stands 0 times in lib\/copy\/part.ts/);
});
