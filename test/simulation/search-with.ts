/** Runs schedules one after another and tells how it goes. */

/** What the search asks of the outcome of a schedule. */
interface Found {
  steps: number;
  fired: readonly unknown[];
  violation?: unknown;
}

export interface Tally<Outcome> {
  schedules: number;
  steps: number;
  /** Schedules in which at least one fault struck. */
  struck: number;
  violations: Outcome[];
}

export interface SearchOptions<Outcome> {
  from: number;
  runs: number;
  /** Only schedules of lists; only batches know them. */
  lists?: boolean;
  /** Every how-manieth seed, so that several processes share a range. */
  stride?: number;
  /** Stop after this many violations. */
  enough?: number;
  progress?: (tally: Tally<Outcome>) => void;
  found?: (violation: Outcome) => void;
}

/** `simulate` returns undefined for a seed whose schedule is not of the kind that is searched; it counts as no schedule. */
export async function searchWith<Outcome extends Found>(
  simulate: (seed: number) => Promise<Outcome | undefined>,
  { from, runs, stride = 1, enough = 1, progress, found }: SearchOptions<Outcome>,
): Promise<Tally<Outcome>> {
  // Errors are values here, thousands a second; the replay that explains one has its stack.
  Error.stackTraceLimit = 0;
  const tally: Tally<Outcome> = { schedules: 0, steps: 0, struck: 0, violations: [] };
  for (let seed = from; seed < from + runs && tally.violations.length < enough; seed += stride) {
    const outcome = await simulate(seed);
    if (!outcome) continue;
    tally.schedules++;
    tally.steps += outcome.steps;
    if (outcome.fired.length > 0) tally.struck++;
    if (outcome.violation) {
      tally.violations.push(outcome);
      found?.(outcome);
    }
    if (tally.schedules % 500 === 0) {
      progress?.(tally);
      // Schedules never leave the event loop alone: messages to the parent go out now.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return tally;
}
