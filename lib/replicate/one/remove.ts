import { lookAgainLater } from '../../copy/after/recheck-source.ts';
import { RetryLater, SourceChanged } from '../../copy/model/errors.ts';
import { headIfThere } from '../../copy/model/head-if-there.ts';
import { describe, type ObjectHead } from '../../copy/model/object.ts';
import { authorOf, placeHash, placesOf } from '../loops/marker.ts';
import type { Route } from '../rules/route.ts';
import { returns, routesFrom, writerOf } from '../rules/rules.ts';
import { callOptions, type Context, type ReplicationOutcome, type SkipReason } from './context.ts';
import { copyOne } from './copy.ts';
import { destinationRef, followsDeletes, requestFor, sourceRef } from './requests.ts';

/** What is known of a removal. */
export interface Removal {
  /** It left a delete marker, or removed one version of a versioned bucket. */
  versioned: boolean;
}

/**
 * Lets the replica follow its source: deleted only when the source is gone now, and only what is ours to delete. The source
 * is looked at once more afterwards, so that a create in the meantime is not lost.
 *
 * @throws CopyError
 */
export async function removeOne(
  context: Context,
  route: Route,
  key: string,
  removal: Removal,
): Promise<ReplicationOutcome> {
  const sides = { rule: route.id, source: sourceRef(route, key), destination: destinationRef(route, key) };
  const skipped = (why: SkipReason): ReplicationOutcome => ({ ...sides, action: 'skipped', why });
  if (!followsDeletes(route, removal.versioned)) return skipped('deletes-off');
  const store = context.world.store(route.store);
  const options = callOptions(context);
  // An earlier worker of this task may have died with a DELETE on its way.
  if (context.invocation.attempt === 2) await checkLater(context, route, key);
  // The replica first, the source last: what is deleted was there before the source was seen to be gone, and no later copy.
  const replica = await headIfThere(store, sides.destination, options);
  if (await headIfThere(store, sides.source, options)) return skipped('source-there');
  if (!replica) {
    await giveBack(context, route, key);
    return skipped('nothing-there');
  }
  if (!mayDelete(context, route, key, replica)) {
    await giveBack(context, route, key);
    return skipped('not-ours');
  }
  try {
    await store.delete(sides.destination, { ...options, ifMatch: replica.etag });
  } catch (error) {
    if (error instanceof RetryLater && error.effect === 'unknown') await checkLater(context, route, key);
    if (!(error instanceof SourceChanged)) throw error;
    const message = `${describe(route.store, sides.destination)} changed while it was to follow the removal of its source.`;
    throw new RetryLater(message, { cause: error });
  }
  if (!(await headIfThere(store, sides.source, options))) return { ...sides, action: 'deleted' };
  return await copyOne(context, route, key, {});
}

/** A DELETE that was never answered may take effect after a newer replica has been written. */
async function checkLater({ world, secondLook }: Context, route: Route, key: string): Promise<void> {
  if (!secondLook) await lookAgainLater(world, requestFor(route, key, {}));
}

/**
 * What an event says of the removed object proves nothing: a sender of events can name the ETag and size of whatever stands at
 * the destination. Ours is what carries our marker, as we wrote it from this very source.
 */
function mayDelete(context: Context, route: Route, key: string, replica: ObjectHead): boolean {
  const author = authorOf(destinationRef(route, key), replica, context.rules.addedMetadata);
  if (author.by === 'us' && placesOf(author.marker).at(-2) === placeHash(sourceRef(route, key))) return true;
  // Around a loop our own removals come by here too, later than the one that they follow: whether what a user wrote is older
  // than that one, no clock tells.
  if (returns(context.rules, route, key)) return false;
  return route.deletes === 'all';
}

/**
 * In a loop, what outlives a removal goes back to where it was removed, so that all sides agree: from the side before, and from
 * the side behind on round, for between the two a replica may have followed already.
 */
async function giveBack(context: Context, route: Route, key: string): Promise<void> {
  const { rules } = context;
  if (!returns(rules, route, key)) return;
  const behind = destinationRef(route, key);
  const before = writerOf(rules, sourceRef(route, key));
  if (before) await copyOne(context, before.route, before.key, {});
  for (const next of routesFrom(rules, behind.bucket, behind.key)) {
    if (next !== before?.route && returns(rules, next, behind.key)) await copyOne(context, next, behind.key, {});
  }
}
