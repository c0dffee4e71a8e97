/** A failing schedule, for people. */
import type { Outcome } from './simulation.ts';

export function describeOutcome({ seed, violation, fired, trace, scenario, steps, elapsed }: Outcome): string {
  const { dialect, profile, settings } = scenario;
  const quirks = Object.entries(dialect.quirks)
    .filter(([, value]) => value !== false && value !== 0 && value !== Infinity)
    .map(([name, value]) => (value === true ? name : `${name}=${value}`));
  return [
    `seed ${seed}: ${violation ? `${violation.invariant}: ${violation.message}` : 'nothing is wrong'}`,
    `  store    ${dialect.facts.scheme} (${quirks.join(', ')})`,
    `  weather  ${profile.weather}, ${fired.length} faults: ${fired.map(({ id }) => id).join(' ') || 'none'}`,
    `  settings concurrency ${settings.concurrency}, invocation ${scenario.invocationMs} ms, visibility ${scenario.visibilityMs} ms`,
    ...scenario.asked.map(
      ({ request, via, at }) => `  asked    at ${Math.round(at)} ms by ${via}: ${JSON.stringify(request)}`,
    ),
    ...(scenario.rules
      ? [
          `  rules    ${scenario.rules.text}`,
          `  owners   ${scenario.rules.acts.map(({ at, side, act }) => `${act} ${side.bucket}/${side.key} at ${Math.round(at)} ms`).join(', ')}`,
        ]
      : []),
    `  ${steps} steps, ${Math.round(elapsed / 1000)} s of virtual time`,
    ...trace,
  ].join('\n');
}
