import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import type { Violation } from '../simulation.ts';
import { loadSimulation } from './bundle.ts';
import { ledgerMutants } from './ledger.ts';
import { modeMutants } from './modes.ts';
import type { Mutant } from './mutant.ts';
import { replicateMutants } from './replicate.ts';
import { uploadMutants } from './uploads.ts';

/** How far a faulty engine may get before it counts as not caught. */
const patience = 20_000;

/**
 * By mutant: the first schedule that caught it at the last search from the beginning, and the invariant. Saves the
 * search as long as schedules are drawn as they were. `RECORD=1 npx vitest run --project simulation mutants` renews it.
 */
const foundFile = new URL('found.json', import.meta.url);
const found = JSON.parse(readFileSync(foundFile, 'utf8')) as Record<string, { by: string; after: number }>;
const isRecording = process.env['RECORD'] === '1';

const { stackTraceLimit } = Error;
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
  if (isRecording) writeFileSync(foundFile, `${JSON.stringify(found, null, 2)}\n`);
});

describe.each([
  ['ledger', ledgerMutants],
  ['uploads', uploadMutants],
  ['modes', modeMutants],
  ['replicate', replicateMutants],
])('%s', (_theme, mutants) => {
  test.each(mutants)('$name', async (mutant) => {
    const caught = await hunt(mutant);
    expect(caught, `survived ${patience} schedules`).toBeDefined();
    expect(mutant.caughtBy, caught?.violation.message).toContain(caught?.violation.invariant);
    if (caught) found[mutant.name] = { by: caught.violation.invariant, after: caught.after };
    console.log(`${caught?.violation.invariant} after ${caught?.after} schedules: ${mutant.name}`);
  });
});

async function hunt(mutant: Mutant): Promise<{ violation: Violation; after: number } | undefined> {
  const { search, simulate } = await loadSimulation(mutant);
  const known = isRecording ? undefined : found[mutant.name];
  if (known) {
    const { violation } = await simulate(known.after);
    if (violation && mutant.caughtBy.includes(violation.invariant)) return { violation, after: known.after };
  }
  const { violations } = await search({ from: 1, runs: patience });
  const [first] = violations;
  return first?.violation && { violation: first.violation, after: first.seed };
}

test('an edit that no longer matches the engine is an error, not a mutant that is caught', async () => {
  const stale: Mutant = {
    name: 'stale',
    file: 'copy/copy-parts.ts',
    edits: [{ find: 'no such line', replace: '' }],
    caughtBy: [],
  };
  await expect(loadSimulation(stale)).rejects.toThrow(`mutant "stale": this stands 0 times in lib/${stale.file}`);
});
