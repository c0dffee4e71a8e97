/** What answers tell of replication rules. */
import * as z from 'zod';
import { isInside } from '../../keys/prefixes.ts';
import type { Caller } from '../callers/callers.ts';
import type { Stores } from '../callers/object-url.ts';
import { urlOf } from '../callers/object-url.ts';
import type { RuleStatus } from './rule-status.ts';

const count = z.int().min(0);
const counts = z.record(z.string(), count);

const figuresView = z
  .object({
    since: z.iso.datetime().meta({ description: 'When counting began; it goes on over restarts.' }),
    events: count.meta({ description: 'Events that concern the rule, once for each destination.' }),
    replicated: count,
    deleted: count.meta({ description: 'Replicas that followed the removal of their source.' }),
    skipped: counts.meta({ description: 'Events that needed no copy, by why.' }),
    failed: counts.meta({ description: 'Attempts that failed, by the code of the error; most are repeated.' }),
    bytes: count.meta({ description: 'That the store copied.' }),
    requests: count.meta({ description: 'Sent to the store, retries included.' }),
    lagSeconds: z.object({ p50: z.number(), p95: z.number(), p99: z.number(), of: count }).optional().meta({
      description: 'From the write of a source to its replica, over the latest replicas (`of`, at most 1,000).',
    }),
    lastSuccessAt: z.iso.datetime().optional(),
    backlog: count.meta({ description: 'Objects that are not replicated yet, once for each destination.' }),
    oldestAt: z.iso.datetime().optional().meta({ description: 'When the oldest of them was written.' }),
    deadLetters: count.meta({ description: 'Events that were given up; `ferry dead` lists them.' }),
  })
  .meta({ id: 'RuleFigures' });

const ruleView = z
  .object({
    name: z.string(),
    source: z.string(),
    destinations: z.array(z.string()),
    problem: z.string().optional().meta({ description: 'What keeps the rule from working, as it was seen last.' }),
    figures: figuresView
      .optional()
      .meta({ description: 'Absent where the installation keeps none (see the documentation).' }),
  })
  .meta({ id: 'Rule' });

export const ruleListView = z.object({ rules: z.array(ruleView) }).meta({ id: 'RuleList' });

export type RuleView = z.output<typeof ruleView>;

export function viewRule(
  { name, store, source, destinations, figures, problem }: RuleStatus,
  stores: Stores,
): RuleView {
  return {
    name,
    source: urlOf(store, source, stores),
    destinations: destinations.map((one) => urlOf(store, one, stores)),
    problem,
    figures: figures && viewFigures(figures),
  };
}

function viewFigures({ lag, lastSuccessAt, oldestAt, since, ...rest }: NonNullable<RuleStatus['figures']>) {
  const time = (at: number | undefined): string | undefined =>
    at === undefined ? undefined : new Date(at).toISOString();
  return {
    ...rest,
    since: new Date(since).toISOString(),
    lagSeconds: lag,
    lastSuccessAt: time(lastSuccessAt),
    oldestAt: time(oldestAt),
  };
}

/** A rule names buckets: a caller that may not touch both sides hears nothing of it. */
export function seesRule({ policy }: Caller, rule: RuleStatus, stores: Stores): boolean {
  if (policy.seesAllJobs) return true;
  const areas = [...policy.read, ...policy.write];
  return [rule.source, ...rule.destinations].every(({ bucket, key }) => {
    const root = urlOf(rule.store, { bucket, key: '' }, stores);
    return isInside(areas, root, key);
  });
}
