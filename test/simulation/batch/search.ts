/** What the mutants' bundle holds: one schedule of one batch, and the first thing that is wrong with it. */
import { BatchSimulation } from './batch-simulation.ts';
import { judge } from './judge.ts';

/** @returns what is wrong after the schedule of `seed`; undefined when all holds. */
export async function faultOf(seed: number): Promise<string | undefined> {
  const sim = await new BatchSimulation(seed).run();
  return judge(sim)[0];
}
