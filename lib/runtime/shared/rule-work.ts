/** Connects batches to replication rules: neither knows the other. */
import type { BatchWorld, RuleBatch, RuleFinding, RuleWork } from '../../batch/index.ts';
import { fileOf } from '../../batch/model/work-files.ts';
import { findBatch } from '../../batch/rows/batch-row.ts';
import { CopyError, GiveUp, RetryLater } from '../../copy/model/errors.ts';
import type { Entry } from '../../sources/shared/source.ts';
import { openRuleSource } from '../../replicate/compare/source.ts';
import type { Context, ReplicationOutcome } from '../../replicate/one/context.ts';
import { copyOne } from '../../replicate/one/copy.ts';
import { requestFor } from '../../replicate/one/requests.ts';
import { findDifference, repair, type Difference } from '../../replicate/reconcile.ts';
import type { Route } from '../../replicate/rules/route.ts';
import { loadRules, type RuleSet } from '../../replicate/rules/rules.ts';

/** Batches whose rules are kept in memory. */
const keptAtOnce = 16;

/** @param rules those of this process: a new batch goes by them and keeps them, so that any process can go on with it. */
export function ruleWork(rules: RuleSet): RuleWork {
  const kept = new Map<string, Promise<RuleSet>>();
  const rulesOf = async ({ id = '', rules: read }: RuleBatch): Promise<RuleSet> => {
    if (!read) return rules;
    const known = kept.get(id);
    if (known) return await known;
    if (kept.size >= keptAtOnce) kept.clear();
    const reading = read().then(parseRules);
    kept.set(id, reading);
    // What failed once is read again.
    reading.catch(() => kept.delete(id));
    return await reading;
  };
  return {
    text: () => `${JSON.stringify(rules.written ?? { rules: [] })}\n`,
    open: async (batch, list) => {
      const { mode, rule } = batch;
      return openRuleSource(await rulesOf(batch), rule.name, { mode, every: rule.metadata }, list);
    },
    work: async (world, batch, entry, invocation, labels) => {
      const its = await rulesOf(batch);
      const context: Context = { world, rules: its, invocation, labels };
      const route = routeOf(its, entry);
      if (batch.mode === 'reconcile') return await reconcileEntry(context, route, entry, batch);
      const { key, etag, size } = entry;
      return findingOf(await copyOne(context, route, key, { etag, size }, 'backfill'));
    },
    requestOf: async (batch, entry) => {
      const route = routeOf(await rulesOf(batch), entry);
      const request = requestFor(route, entry.key, {});
      return { ...request, options: { ...request.options, overwrite: 'if-different' } };
    },
  };
}

/** The rules that a batch keeps; undefined where it is gone, or keeps none. */
export async function rulesOfBatch(world: BatchWorld, id: string): Promise<RuleSet | undefined> {
  const batch = await findBatch(world, id);
  if (!batch?.request.rule) return undefined;
  const text = await batch.files.read(fileOf.rules(id));
  return text === undefined ? undefined : parseRules(text);
}

function parseRules(text: string): RuleSet {
  return loadRules(JSON.parse(text));
}

function routeOf({ routes }: RuleSet, { rule }: Entry): Route {
  const route = routes.find(({ id }) => id === rule?.route);
  if (route) return route;
  throw new GiveUp('BadRequest', `There is no replication rule '${rule?.route ?? ''}' in the rules of this batch.`);
}

async function reconcileEntry(
  context: Context,
  route: Route,
  entry: Entry,
  { rule }: RuleBatch,
): Promise<{ job: string } | RuleFinding> {
  const found = await findDifference(context, route, entry, rule);
  if (found === 'left-out') return { status: 'skipped', why: 'filtered' };
  if (found === 'equal') return { status: 'same' };
  const { kind, why } = found;
  const before: RuleFinding = {
    status: kind === 'unproven' ? 'undecided' : 'different',
    differences: [{ what: kind, ...(why !== undefined && { why }) }],
  };
  if (!rule.fix) return before;
  try {
    const outcome = await repair(noting(context, found), route, entry.key, found, rule);
    return outcome ? repairedOf(before, outcome) : before;
  } catch (error) {
    if (!(error instanceof CopyError) || error instanceof RetryLater) throw error;
    return { ...before, status: 'failed', error };
  }
}

/** The row of a large object's job keeps what was found until it ends. */
function noting(context: Context, { kind, why }: Difference): Context {
  return { ...context, labels: { ...context.labels, found: kind, ...(why !== undefined && { why }) } };
}

/** A copy that finds nothing to write mends nothing. */
function repairedOf(before: RuleFinding, outcome: ReplicationOutcome): { job: string } | RuleFinding {
  if (outcome.action === 'copied' && outcome.result.way === 'unchanged') return { ...before, result: outcome.result };
  if (outcome.action !== 'skipped') return { ...before, ...findingOf(outcome) };
  // A newer version has a copy of its own.
  return { ...before, ...(outcome.why === 'superseded' && { status: 'skipped' as const }), why: outcome.why };
}

function findingOf(outcome: ReplicationOutcome): { job: string } | RuleFinding {
  switch (outcome.action) {
    case 'started':
      return { job: outcome.jobId };
    case 'deleted':
      return { status: 'removed' };
    case 'copied':
      return { status: outcome.result.way === 'unchanged' ? 'unchanged' : 'copied', result: outcome.result };
    case 'skipped':
      return outcome.why === 'same' ? { status: 'unchanged' } : { status: 'skipped', why: outcome.why };
  }
}
