import type { Outcome } from './simulation.ts';
import { simulate } from './simulation.ts';

/**
 * Leaves faults out, one after another, as long as the same invariant is still violated: what remains is needed for the
 * violation. Draws do not shift when a fault is left out, so the rest of the schedule stays as it was.
 */
export async function shrink(found: Outcome): Promise<{ outcome: Outcome; leftOut: ReadonlySet<string> }> {
  const leftOut = new Set<string>();
  let best = found;
  for (let progress = true; progress;) {
    progress = false;
    // The latest first: what comes after the violation's cause is most often idle.
    for (const { id } of [...best.fired].reverse()) {
      const attempt = await simulate(found.seed, { leftOut: new Set([...leftOut, id]) });
      if (attempt.violation?.invariant !== found.violation?.invariant) continue;
      leftOut.add(id);
      best = attempt;
      progress = true;
      break;
    }
  }
  Error.stackTraceLimit = 10;
  return { outcome: await simulate(found.seed, { leftOut, trace: true }), leftOut };
}
