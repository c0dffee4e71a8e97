/** Schedules of copies. The entry of the bundle that `npm run sim` makes. */
import { describeOutcome } from './report.ts';
import type { SearchOptions, Tally } from './search-with.ts';
import { searchWith } from './search-with.ts';
import { shrink } from './shrink.ts';
import type { Outcome } from './simulation.ts';
import { simulate } from './simulation.ts';

export { describeOutcome, shrink, simulate };

export async function search(options: SearchOptions<Outcome>): Promise<Tally<Outcome>> {
  return await searchWith(simulate, options);
}
