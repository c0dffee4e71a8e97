/** How each rule stands, for the API and for `ferry status --rules`. */
import type { RuleStatus } from '../../api/views/rule-status.ts';
import type { RuleSet } from '../../replicate/rules/rules.ts';
import type { Backlog } from './backlog.ts';
import type { Totals } from './totals.ts';

export interface StatusParts {
  /** Of one rule; undefined where nothing is counted. */
  totals?(rule: string): Promise<Totals | undefined>;
  backlogs?: ReadonlyMap<string, Backlog>;
  problem?(rule: string): string | undefined;
}

/** One for each rule, in the order of the configuration. */
export async function ruleStatuses(rules: RuleSet, parts: StatusParts = {}): Promise<RuleStatus[]> {
  const statuses: RuleStatus[] = [];
  for (const name of new Set(rules.routes.map(({ rule }) => rule))) {
    const routes = rules.routes.filter(({ rule }) => rule === name);
    const [first] = routes;
    if (!first) continue;
    const { bucket, prefix } = first.source;
    const totals = await parts.totals?.(name);
    const { objects: backlog, dead, ...oldest } = parts.backlogs?.get(name) ?? { objects: 0, dead: 0 };
    statuses.push({
      name,
      store: first.store,
      source: { bucket, key: prefix },
      destinations: routes.map(({ destination, template }) => ({
        bucket: destination.bucket,
        key: template.startFor(prefix),
      })),
      problem: parts.problem?.(name),
      ...(totals && { figures: { ...totals, ...oldest, backlog, deadLetters: dead } }),
    });
  }
  return statuses;
}
