import { CopyError } from '../copy/model/errors.ts';
import type { Invocation, World } from '../copy/model/ports.ts';
import { forEachOf, routesOfRule, type List, type Listed } from './compare/listing.ts';
import type { ReplicationOutcome } from './one/context.ts';
import { copyOne } from './one/copy.ts';
import type { Route } from './rules/route.ts';
import type { RuleSet } from './rules/rules.ts';
import { isSource } from './rules/rules.ts';

export interface BackfillOptions {
  /** Objects in hand at a time; default 16. */
  concurrency?: number;
  /** Begin behind this key: goes on with a run that stopped. */
  startAfter?: string;
  /** Told of each object, for progress; not awaited. */
  onOutcome?(outcome: ReplicationOutcome): void;
  onFailure?(failure: BackfillFailure): void;
  /** Ends the run after what is in hand. */
  signal?: AbortSignal;
}

export interface BackfillFailure {
  rule: string;
  key: string;
  error: CopyError;
}

/** Counts replicas, so an object counts once for each destination of its rule. */
export interface BackfillReport {
  listed: number;
  copied: number;
  /** Were equal already. */
  unchanged: number;
  /** Large ones: jobs that go on by themselves. */
  started: number;
  skipped: number;
  failed: number;
}

const defaultConcurrency = 16;

/**
 * Copies what was there before the rule: lists its source and brings each destination up to date. What is equal already costs
 * a look and no copy, so it can be run again. One object's failure does not stop the others.
 *
 * @throws GiveUp BadRequest for an unknown rule; CopyError when the source cannot be listed.
 */
export async function backfill(
  world: World,
  rules: RuleSet,
  rule: string,
  list: List,
  invocation: Invocation,
  options: BackfillOptions = {},
): Promise<BackfillReport> {
  const { concurrency = defaultConcurrency, startAfter, signal, onOutcome, onFailure } = options;
  const routes = routesOfRule(rules, rule);
  const report: BackfillReport = { listed: 0, copied: 0, unchanged: 0, started: 0, skipped: 0, failed: 0 };
  const context = { world, rules, invocation };
  const copy = async (route: Route, { key, etag, size }: Listed): Promise<void> => {
    try {
      const outcome = await copyOne(context, route, key, { etag, size }, 'backfill');
      report[fieldOf(outcome)] += 1;
      onOutcome?.(outcome);
    } catch (error) {
      if (!(error instanceof CopyError)) throw error;
      report.failed += 1;
      world.log.error('an object was not replicated', { rule: route.id, key, code: error.code, error: error.message });
      onFailure?.({ rule: route.id, key, error });
    }
  };
  const [{ store, source }] = routes as [Route];
  const found = until(list(store, source.bucket, { prefix: source.prefix, startAfter }), signal);
  await forEachOf(found, concurrency, async (object) => {
    report.listed += 1;
    for (const route of routes) if (isSource(route, object.key)) await copy(route, object);
  });
  return report;
}

function fieldOf(outcome: ReplicationOutcome): 'copied' | 'unchanged' | 'started' | 'skipped' {
  if (outcome.action === 'copied') return outcome.result.way === 'unchanged' ? 'unchanged' : 'copied';
  if (outcome.action === 'started') return 'started';
  return outcome.action === 'skipped' && outcome.why === 'same' ? 'unchanged' : 'skipped';
}

async function* until<T>(items: AsyncIterable<T>, signal: AbortSignal | undefined): AsyncIterable<T> {
  if (signal?.aborted) return;
  for await (const item of items) {
    yield item;
    if (signal?.aborted) return;
  }
}
