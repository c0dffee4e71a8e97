/** Faults of the check of lists, each of which the schedules of batches must catch. */
import { expect, test } from 'vitest';
import { loadMutated } from '../mutants/bundle.ts';
import type { Mutant } from '../mutants/mutant.ts';
import type * as Search from './search.ts';

const patience = 3_000;

const mutants: Omit<Mutant, 'caughtBy'>[] = [
  {
    name: 'a list is copied without a check of its rows',
    file: 'batch/conflicts/needed.ts',
    edits: [
      { find: "  if (mode === 'verify' || isRuleMode(mode)) return false;", replace: '  if (mode) return false;' },
    ],
  },
  {
    name: 'a row may write what another has still to read',
    file: 'batch/conflicts/find.ts',
    edits: [{ find: "      if (reader) yield conflict(writer, 'other-source', reader);", replace: '' }],
  },
  {
    name: 'two rows may write one object',
    file: 'batch/conflicts/find.ts',
    edits: [{ find: "    yield* rivals(writers, 'same-destination');", replace: '' }],
  },
  {
    name: 'what the check found is not kept beside the page',
    file: 'batch/conflicts/check.ts',
    edits: [{ find: '      await writeGroupVerdicts(batch, check, pages, options);', replace: '' }],
  },
  {
    name: 'a group is not compared with the others',
    file: 'batch/conflicts/check.ts',
    edits: [
      {
        find: '  for (let group = 0; group < groups; group += 1) {',
        replace: '  for (let group = partition; group === partition; group += 1) {',
      },
    ],
  },
];

test.each(mutants)('a schedule catches the mutant: $name', async (mutant) => {
  const { simulate } = (await loadMutated('test/simulation/batch/search.ts', {
    ...mutant,
    caughtBy: [],
  })) as typeof Search;
  let caught: string | undefined;
  for (let seed = 1; seed <= patience && caught === undefined; seed += 1) caught = (await simulate(seed)).violation;
  expect(caught, `survived ${patience} schedules`).toBeDefined();
});
