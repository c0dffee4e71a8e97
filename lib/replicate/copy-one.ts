import { headIfThere } from '../copy/destination.ts';
import { gaveUp, RetryLater, SourceChanged, Superseded } from '../copy/errors.ts';
import { describe, type ObjectHead } from '../copy/object.ts';
import type { CopyRequest } from '../copy/request.ts';
import { startCopy } from '../copy/start.ts';
import { callOptions, type Context, type ReplicationOutcome, type SkipReason } from './context.ts';
import { decide, markerFor } from './decide.ts';
import { placeHash, ruleHash, type Marker } from './marker.ts';
import { destinationRef, requestFor, sourceRef, type Told } from './requests.ts';
import type { Route } from './rules.ts';

/** How often a source that changes between the look and the copy is looked at again. */
const maxLooks = 3;

/**
 * Brings the destination of one route to the current source. Without a marker this is the engine's cheapest copy (one
 * CopyObject, one HEAD); with one, both sides are looked at first and the copy is bound to the version that the marker names.
 *
 * @throws CopyError
 */
export async function copyOne(context: Context, route: Route, key: string, told: Told): Promise<ReplicationOutcome> {
  const sides = { rule: route.id, source: sourceRef(route, key), destination: destinationRef(route, key) };
  const skipped = (why: SkipReason): ReplicationOutcome => ({ ...sides, action: 'skipped', why });
  // Another version has an event of its own.
  if (told.size !== undefined && !route.filters.size(told.size)) return skipped('filtered');
  for (let look = 1; look <= maxLooks; look += 1) {
    const prepared = await prepare(context, route, key, told);
    if (typeof prepared === 'string') return skipped(prepared);
    try {
      const outcome = await startCopy(context.world, prepared, context.invocation);
      if (outcome.kind === 'job') return { ...sides, action: 'started', jobId: outcome.job.id };
      return { ...sides, action: 'copied', result: outcome.result };
    } catch (error) {
      if (gaveUp(error, 'NotFound')) return skipped('source-gone');
      if (error instanceof Superseded) return skipped('superseded');
      if (!(error instanceof SourceChanged)) throw error;
    }
  }
  throw new RetryLater(`${describe(route.store, sides.source)} keeps changing; its replica is written when it rests.`, {
    delayMs: 1000,
  });
}

/** The request, or why there is none. */
async function prepare(context: Context, route: Route, key: string, told: Told): Promise<CopyRequest | SkipReason> {
  if (!route.marked && !route.filters.needsHead) return requestFor(route, key, told);
  const store = context.world.store(route.store);
  const ref = sourceRef(route, key);
  const head = await headIfThere(store, ref, callOptions(context));
  if (!head) return 'source-gone';
  if (!route.filters.head(head)) return 'filtered';
  if (route.filters.needsTags) {
    const tags = head.tagCount === 0 ? {} : await store.getTags(ref, callOptions(context));
    if (!route.filters.tags(tags)) return 'filtered';
  }
  if (!route.marked) return requestFor(route, key, head);
  const marker = route.looped ? await settle(context, route, key, head) : plainMarker(context, route, key, head);
  if (typeof marker === 'string') return marker;
  const { etag, size, lastModified } = head;
  return { ...requestFor(route, key, head, marker), seen: { etag, size, lastModified }, onlySeen: true };
}

/** Looks at the other side and settles which one is to win. */
async function settle(context: Context, route: Route, key: string, head: ObjectHead): Promise<Marker | SkipReason> {
  const { world, rules } = context;
  const destination = destinationRef(route, key);
  const there = await headIfThere(world.store(route.store), destination, callOptions(context));
  const verdict = decide(
    { ref: sourceRef(route, key), head },
    { ref: destination, head: there },
    { id: route.id, addedMetadata: rules.addedMetadata },
  );
  if (verdict.copy) return verdict.marker;
  if (verdict.why === 'edited-too-often') {
    const object = describe(route.store, sourceRef(route, key));
    world.log.warn('a replica was changed too often without a new upload and is not replicated on', {
      object,
      rule: route.id,
    });
  }
  return verdict.why;
}

/** Outside loops the marker only proves later, when the source is deleted, that the replica is ours. */
function plainMarker({ rules }: Context, route: Route, key: string, head: ObjectHead): Marker {
  const step = { rule: ruleHash(route.id), place: placeHash(destinationRef(route, key)) };
  return markerFor({ ref: sourceRef(route, key), head }, { by: 'user', edits: 0 }, step, rules.addedMetadata);
}
