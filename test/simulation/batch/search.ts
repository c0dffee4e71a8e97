/** Schedules of batches, one after another. The entry of the bundles that `npm run sim -- --batches` and the mutants make. */
import { searchWith } from '../search-with.ts';
import type { SearchOptions, Tally } from '../search-with.ts';
import { BatchSimulation } from './batch-simulation.ts';
import type { Fault } from './caller.ts';
import { judge } from './judge.ts';

/** One schedule of one batch. */
export interface BatchOutcome {
  seed: number;
  steps: number;
  /** The first thing that is wrong; undefined when all holds. */
  violation?: string;
  fired: readonly Fault[];
  trace: readonly string[];
}

export async function simulate(seed: number, { trace = false } = {}): Promise<BatchOutcome> {
  return await outcomeOf(new BatchSimulation(seed, trace));
}

async function outcomeOf(simulation: BatchSimulation): Promise<BatchOutcome> {
  const sim = await simulation.run();
  const [violation] = judge(sim);
  return {
    seed: sim.seed,
    steps: sim.scheduler.steps,
    ...(violation && { violation }),
    fired: sim.fired,
    trace: sim.trace,
  };
}

export async function search(options: SearchOptions<BatchOutcome>): Promise<Tally<BatchOutcome>> {
  return await searchWith(async (seed) => {
    const simulation = new BatchSimulation(seed);
    if (options.lists && !simulation.scenario.rows) return undefined;
    return await outcomeOf(simulation);
  }, options);
}

/** A batch has no list of faults that could be left out: shows the schedule as it is. */
export async function shrink({ seed }: BatchOutcome): Promise<{ outcome: BatchOutcome }> {
  return { outcome: await simulate(seed, { trace: true }) };
}

export function describeOutcome({ seed, violation, steps, fired, trace }: BatchOutcome): string {
  return [
    `seed ${seed}: ${violation ?? 'nothing is wrong'}`,
    `  ${steps} steps, faults: ${fired.join(' ') || 'none'}`,
    ...trace,
  ].join('\n');
}
