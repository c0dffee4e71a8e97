import { attributeDifferences, needsLayout } from '../copy/fidelity/compare.ts';
import { layoutOf, tagDifferences } from '../copy/fidelity/compare-tags-and-acl.ts';
import { expectedFrom } from '../copy/fidelity/expected.ts';
import { headIfThere } from '../copy/model/head-if-there.ts';
import type { ObjectHead } from '../copy/model/object.ts';
import { isLikelyEqual } from '../sources/listing/side-by-side.ts';
import type { Entry } from '../sources/shared/source.ts';
import { compareHeads } from './compare/heads.ts';
import { markerName } from './loops/marker.ts';
import { callOptions, type Context, type ReplicationOutcome } from './one/context.ts';
import { copyOne } from './one/copy.ts';
import { removeOne } from './one/remove.ts';
import { destinationRef, requestFor, sourceRef } from './one/requests.ts';
import type { Route } from './rules/route.ts';

/**
 * - `missing`: there is no replica. `different`: it is not equal to its source. `extra`: its source is not there.
 * - `unproven`: same size, but nothing the stores tell proves that they are equal.
 */
export interface Difference {
  kind: 'missing' | 'different' | 'extra' | 'unproven';
  why?: string;
}

/** What `openRuleSource` lists. */
export type Listed = Pick<Entry, 'key' | 'size' | 'etag' | 'rule'>;

/**
 * Compares one source object with its replica. Objects that the rule's filters leave out have no replica to look for.
 *
 * @param metadata compare all that HEAD tells, and tags: two requests more, four where both have tags.
 * @returns `left-out` for an object that is not to be compared, or is compared by its other side.
 * @throws CopyError when a side cannot be looked at.
 */
export async function findDifference(
  context: Context,
  route: Route,
  { key, size = 0, etag = '', rule }: Listed,
  { metadata = false }: { metadata?: boolean } = {},
): Promise<Difference | 'equal' | 'left-out'> {
  const store = context.world.store(route.store);
  const refs = [sourceRef(route, key), destinationRef(route, key)] as const;
  // Listed for itself: nothing is known of the other side.
  const isAlone = !route.template.keepsOrder;
  if (rule?.extra) {
    const isThere = isAlone && (await headIfThere(store, refs[0], callOptions(context)));
    return isThere ? 'left-out' : { kind: 'extra' };
  }
  if (isAlone) {
    if (!route.filters.size(size)) return 'left-out';
    const replica = await headIfThere(store, refs[1], callOptions(context));
    if (replica && isLikelyEqual({ size, etag }, replica) && !metadata) return 'equal';
  }
  const look = { ...callOptions(context), checksum: true };
  const head = await headIfThere(store, refs[0], look);
  if (!head || (await isFiltered(context, route, key, head))) return 'left-out';
  const there = await headIfThere(store, refs[1], look);
  if (!there) return { kind: 'missing' };
  const layouts = needsLayout(head, there)
    ? ([await layoutOf(store, refs[0], look), await layoutOf(store, refs[1], look)] as const)
    : undefined;
  const comparison = compareHeads(head, there, layouts);
  if (comparison.equal === undefined) return { kind: 'unproven' };
  if (!comparison.equal) return { kind: 'different', why: comparison.why };
  if (!metadata) return 'equal';
  const sides = [
    { ref: refs[0], head },
    { ref: refs[1], head: there },
  ] as const;
  const request = requestFor(route, key, {});
  const different = [
    ...attributeDifferences(expectedFrom(head, request), there, ignoredBy(context)),
    ...(await tagDifferences(store, ...sides, request.options.tags, callOptions(context))),
  ];
  if (different.length === 0) return 'equal';
  return { kind: 'different', why: `other ${different.map(({ what }) => what).join(', ')}` };
}

/**
 * Repairs a difference by the rule: copies, or removes what is extra where that is asked for and the rule follows deletes.
 * Undefined for what cannot be repaired, or is not to be.
 *
 * @throws CopyError
 */
export async function repair(
  context: Context,
  route: Route,
  key: string,
  { kind }: Difference,
  { removeExtra = false }: { removeExtra?: boolean } = {},
): Promise<ReplicationOutcome | undefined> {
  if (kind === 'unproven' || (kind === 'extra' && !removeExtra)) return undefined;
  if (kind === 'extra') return await removeOne(context, route, key, { versioned: false });
  return await copyOne(context, route, key, {}, 'backfill');
}

/** Markers, and what rules add, are no property of the object. */
function ignoredBy({ rules }: Context): ReadonlySet<string> {
  return new Set([markerName, ...rules.addedMetadata]);
}

async function isFiltered(context: Context, route: Route, key: string, head: ObjectHead): Promise<boolean> {
  const { filters } = route;
  if (!filters.head(head)) return true;
  if (!filters.needsTags) return false;
  return !filters.tags(await context.world.store(route.store).getTags(sourceRef(route, key), callOptions(context)));
}
