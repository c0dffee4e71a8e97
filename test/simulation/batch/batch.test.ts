import { expect, test } from 'vitest';
import { BatchSimulation } from './batch-simulation.ts';
import { judge } from './judge.ts';

const seeds = Number(process.env['FERRY_BATCH_SEEDS'] ?? 400);
const first = Number(process.env['FERRY_BATCH_FIRST'] ?? 1);

test(`${seeds} batches among crashes, lost answers and duplicates: every object is counted once, and truly`, async () => {
  for (let seed = first; seed < first + seeds; seed += 1) {
    const sim = await new BatchSimulation(seed).run();
    const faults = judge(sim);
    if (faults.length === 0) continue;
    const { trace } = await new BatchSimulation(seed, true).run();
    expect.fail(`seed ${seed}: ${faults.slice(0, 3).join('; ')}\n${trace.slice(-400).join('\n')}`);
  }
});

test.each([
  [1027722, 'a page that ended after a cancel, its task for the sum lost, was missing in the summary'],
  [1092004, 'the worker that added up such a page died, and no other worker did'],
])('seed %i: %s', async (seed) => {
  expect(judge(await new BatchSimulation(seed).run())).toEqual([]);
});
