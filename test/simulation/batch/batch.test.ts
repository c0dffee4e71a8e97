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
