import { gaveUp, RetryLater, SourceChanged, Superseded } from '../../copy/model/errors.ts';
import { headIfThere } from '../../copy/model/head-if-there.ts';
import { describe, type ObjectHead, type ObjectRef } from '../../copy/model/object.ts';
import type { CopyRequest } from '../../copy/model/request.ts';
import { startCopy } from '../../copy/start.ts';
import { decide, markerFor, type Occasion } from '../loops/decide.ts';
import { placeHash, ruleHash, type Marker } from '../loops/marker.ts';
import type { Route } from '../rules/route.ts';
import { returns } from '../rules/rules.ts';
import { callOptions, type Context, type ReplicationOutcome, type SkipReason } from './context.ts';
import { destinationRef, requestFor, sourceRef, type Told } from './requests.ts';

/** How often both sides are looked at again when they change between the look and the copy. */
const maxLooks = 3;

/**
 * Brings the destination of one route to the current source. Without a marker this is the engine's cheapest copy (one
 * CopyObject, one HEAD); with one, both sides are looked at first and the copy is bound to the version that the marker names.
 *
 * @throws CopyError
 */
export async function copyOne(
  context: Context,
  route: Route,
  key: string,
  told: Told,
  occasion: Occasion = 'push',
): Promise<ReplicationOutcome> {
  const sides = { rule: route.id, source: sourceRef(route, key), destination: destinationRef(route, key) };
  const skipped = (why: SkipReason): ReplicationOutcome => ({ ...sides, action: 'skipped', why });
  // Another version has an event of its own.
  if (told.size !== undefined && !route.filters.size(told.size)) return skipped('filtered');
  for (let look = 1; ; look += 1) {
    const prepared = await prepare(context, route, key, told, occasion);
    if (typeof prepared === 'string') return skipped(prepared);
    // Without an event, what is equal already is left alone; in a loop `decide` has seen to that. Either way the options are other
    // ones than those for an event, so an event never relies on the job of a batch, which may be cancelled (I13).
    if (occasion === 'backfill') prepared.options.overwrite = route.looped ? 'always' : 'if-different';
    try {
      const wanted = context.secondLook ? secondLook(prepared) : prepared;
      const request = { ...wanted, labels: { ...context.labels, ...wanted.labels } };
      const outcome = await startCopy(context.world, request, context.invocation);
      if (outcome.kind === 'job') return { ...sides, action: 'started', jobId: outcome.job.id };
      return { ...sides, action: 'copied', result: outcome.result };
    } catch (error) {
      if (error instanceof Superseded) return skipped('superseded');
      if (gaveUp(error, 'NotFound') && !(await isThere(context, route, key))) return skipped('source-gone');
      if (!isOvertaken(error)) throw error;
      if (look === maxLooks) throw overtakenTooOften(route, sides, error);
    }
  }
}

function secondLook(request: CopyRequest): CopyRequest {
  return { ...request, options: { ...request.options, overwrite: 'if-different' } };
}

/** A side was written or removed while it was copied: what is there now decides. */
function isOvertaken(error: unknown): boolean {
  return error instanceof SourceChanged || gaveUp(error, 'NotFound', 'VerificationFailed');
}

/** A replica that proves wrong every time has been written by others meanwhile: by us for another event, most likely. */
function overtakenTooOften(route: Route, { source }: { source: ObjectRef }, cause: unknown): RetryLater {
  const name = describe(route.store, source);
  const why = cause instanceof Error ? cause.message : String(cause);
  const message = `${name} or its replica keeps changing. Replication will be retried. Last error: ${why}`;
  return new RetryLater(message, { delayMs: 1000, cause });
}

async function isThere(context: Context, route: Route, key: string): Promise<boolean> {
  const store = context.world.store(route.store);
  return (await headIfThere(store, sourceRef(route, key), callOptions(context))) !== undefined;
}

/** The request, or why there is none. */
async function prepare(
  context: Context,
  route: Route,
  key: string,
  told: Told,
  occasion: Occasion,
): Promise<CopyRequest | SkipReason> {
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
  const marker = route.looped
    ? await settle(context, route, key, head, occasion)
    : plainMarker(context, route, key, head);
  if (typeof marker === 'string') return marker;
  const { etag, size, lastModified } = head;
  return { ...requestFor(route, key, head, marker), seen: { etag, size, lastModified }, onlySeen: true };
}

/** Looks at the other side and settles which one is to win. */
async function settle(
  context: Context,
  route: Route,
  key: string,
  head: ObjectHead,
  occasion: Occasion,
): Promise<Marker | SkipReason> {
  const { world, rules } = context;
  const destination = destinationRef(route, key);
  const there = await headIfThere(world.store(route.store), destination, callOptions(context));
  const verdict = decide(
    { ref: sourceRef(route, key), head },
    { ref: destination, head: there },
    { id: route.id, returns: returns(rules, route, key), addedMetadata: rules.addedMetadata },
    occasion,
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
