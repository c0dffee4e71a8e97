import { attributeDifferences, needsLayout } from '../copy/fidelity/compare.ts';
import { layoutOf, tagDifferences } from '../copy/fidelity/compare-tags-and-acl.ts';
import { expectedFrom } from '../copy/fidelity/expected.ts';
import { CopyError } from '../copy/model/errors.ts';
import { headIfThere } from '../copy/model/head-if-there.ts';
import type { ObjectHead } from '../copy/model/object.ts';
import type { Invocation, World } from '../copy/model/ports.ts';
import { compareHeads } from './compare/heads.ts';
import { forEachOf, routesOfRule, type List } from './compare/listing.ts';
import { pairs, type Pair } from './compare/pairs.ts';
import { markerName } from './loops/marker.ts';
import { callOptions, type Context, type ReplicationOutcome } from './one/context.ts';
import { copyOne } from './one/copy.ts';
import { removeOne } from './one/remove.ts';
import { destinationRef, requestFor, sourceRef } from './one/requests.ts';
import type { Route } from './rules/route.ts';
import type { RuleSet } from './rules/rules.ts';

export interface ReconcileOptions {
  /** Pairs in hand at a time; default 16. */
  concurrency?: number;
  /** Look at both sides of every pair and compare all that HEAD tells, and tags; two requests a pair, four where both have tags. */
  metadata?: boolean;
  /** Copy what is missing or different. */
  fix?: boolean;
  /** With `fix`: also remove replicas whose source is gone, as far as the rule follows deletes. */
  removeExtra?: boolean;
  /** Told of each difference; not awaited. */
  onDifference?(difference: Difference): void;
}

/**
 * - `missing`: there is no replica. `different`: it is not equal to its source. `extra`: its source is not there.
 * - `unproven`: same size, but nothing the stores tell proves that they are equal.
 */
export type DifferenceKind = 'missing' | 'different' | 'extra' | 'unproven';

export interface Difference {
  kind: DifferenceKind;
  rule: string;
  /** Key of the source. */
  key: string;
  destination: { bucket: string; key: string };
  why?: string;
  /** What `fix` did about it. */
  repair?: ReplicationOutcome | CopyError;
}

export interface ReconcileReport extends Record<DifferenceKind, number> {
  compared: number;
  equal: number;
  /** Differences that `fix` acted on: copied, started as a job, or removed. */
  repaired: number;
  failed: number;
}

const defaultConcurrency = 16;

/**
 * Compares both sides of a rule, and repairs if asked to. Objects that the rule's filters leave out are not looked for.
 *
 * @throws GiveUp BadRequest for an unknown rule; CopyError when a side cannot be listed or looked at.
 */
export async function reconcile(
  world: World,
  rules: RuleSet,
  rule: string,
  list: List,
  invocation: Invocation,
  options: ReconcileOptions = {},
): Promise<ReconcileReport> {
  const context = { world, rules, invocation };
  const report: ReconcileReport = {
    ...{ compared: 0, equal: 0, missing: 0, different: 0, extra: 0, unproven: 0 },
    ...{ repaired: 0, failed: 0 },
  };
  for (const route of routesOfRule(rules, rule)) {
    await forEachOf(pairs(context, route, list), options.concurrency ?? defaultConcurrency, async (pair) => {
      const found = await differenceOf(context, route, pair, options);
      if (found === 'filtered') return;
      report.compared += 1;
      report[found?.kind ?? 'equal'] += 1;
      if (!found) return;
      const { key } = pair;
      const difference: Difference = { ...found, rule: route.id, key, destination: destinationRef(route, key) };
      if (options.fix) difference.repair = await repair(context, route, difference, options);
      if (difference.repair instanceof CopyError) report.failed += 1;
      else if (difference.repair && hasWritten(difference.repair)) report.repaired += 1;
      options.onDifference?.(difference);
    });
  }
  return report;
}

type Found = Pick<Difference, 'kind' | 'why'> | undefined | 'filtered';

async function differenceOf(
  context: Context,
  route: Route,
  { key, source, replica }: Pair,
  options: ReconcileOptions,
): Promise<Found> {
  if (!source) return { kind: 'extra' };
  const likely = replica !== undefined && replica.size === source.size && sameEtag(source.etag, replica.etag);
  if (likely && !options.metadata) return undefined;
  const store = context.world.store(route.store);
  const look = { ...callOptions(context), checksum: true };
  const head = await headIfThere(store, sourceRef(route, key), look);
  if (!head || (await isFiltered(context, route, key, head))) return 'filtered';
  const there = await headIfThere(store, destinationRef(route, key), look);
  if (!there) return { kind: 'missing' };
  const refs = [sourceRef(route, key), destinationRef(route, key)] as const;
  const layouts = needsLayout(head, there)
    ? ([await layoutOf(store, refs[0], look), await layoutOf(store, refs[1], look)] as const)
    : undefined;
  const comparison = compareHeads(head, there, layouts);
  if (comparison.equal === undefined) return { kind: 'unproven' };
  if (!comparison.equal) return { kind: 'different', why: comparison.why };
  if (!options.metadata) return undefined;
  const sides = [
    { ref: refs[0], head },
    { ref: refs[1], head: there },
  ] as const;
  const request = requestFor(route, key, {});
  const different = [
    ...attributeDifferences(expectedFrom(head, request), there, ignoredBy(context)),
    ...(await tagDifferences(store, ...sides, request.options.tags, callOptions(context))),
  ];
  if (different.length === 0) return undefined;
  return { kind: 'different', why: `other ${different.map(({ what }) => what).join(', ')}` };
}

/** Markers, and what rules add, are no property of the object. */
function ignoredBy({ rules }: Context): ReadonlySet<string> {
  return new Set([markerName, ...rules.addedMetadata]);
}

/** A copy that finds nothing to write mends nothing. */
function hasWritten(repair: ReplicationOutcome): boolean {
  return repair.action !== 'skipped' && !(repair.action === 'copied' && repair.result.way === 'unchanged');
}

async function isFiltered(context: Context, route: Route, key: string, head: ObjectHead): Promise<boolean> {
  const { filters } = route;
  if (!filters.head(head)) return true;
  if (!filters.needsTags) return false;
  return !filters.tags(await context.world.store(route.store).getTags(sourceRef(route, key), callOptions(context)));
}

async function repair(
  context: Context,
  route: Route,
  { kind, key }: Difference,
  { removeExtra }: ReconcileOptions,
): Promise<Difference['repair']> {
  if (kind === 'unproven' || (kind === 'extra' && !removeExtra)) return undefined;
  try {
    if (kind === 'extra') return await removeOne(context, route, key, { versioned: false });
    return await copyOne(context, route, key, {}, 'backfill');
  } catch (error) {
    if (error instanceof CopyError) return error;
    throw error;
  }
}

function sameEtag(a: string, b: string): boolean {
  return a !== '' && a.toLowerCase() === b.toLowerCase();
}
