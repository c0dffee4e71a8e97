import { RetryLater } from '../copy/model/errors.ts';
import type { Invocation, World } from '../copy/model/ports.ts';
import type { Change, ObjectEvent } from './events/event.ts';
import { placeHash } from './loops/marker.ts';
import type { Context, ReplicationOutcome, SkipReason } from './one/context.ts';
import { copyOne } from './one/copy.ts';
import { removeOne } from './one/remove.ts';
import type { RuleWatch } from './one/context.ts';
import { destinationRef, followsDeletes, sourceRef } from './one/requests.ts';
import type { Route } from './rules/route.ts';
import { returns, routesFrom, writerOf, type RuleSet } from './rules/rules.ts';

export type { ReplicationOutcome, SkipReason } from './one/context.ts';

/**
 * Does what an event asks for, on every route it concerns. Safe to repeat: a duplicate, late or reordered event leads to the
 * same state, because each step goes by what is in the stores now.
 *
 * @throws CopyError when a route failed, after all others were tried: a `RetryLater` if there is one.
 */
export async function replicateEvent(
  world: World,
  rules: RuleSet,
  event: ObjectEvent,
  invocation: Invocation,
  watch?: RuleWatch,
): Promise<ReplicationOutcome[]> {
  const context: Context = {
    world,
    rules,
    invocation,
    watch,
    ...(watch && event.at > 0 && { labels: writtenAt(event) }),
  };
  const outcomes = await replicateKey(context, event, event.key);
  const { alternativeKey } = event;
  if (alternativeKey === undefined || !outcomes.every(isAbsent)) return outcomes;
  const others = await replicateKey(context, event, alternativeKey);
  if (!others.every(isAbsent))
    world.log.info('the key of an event had to be decoded', { source: event.source, key: alternativeKey });
  return [...outcomes, ...others];
}

async function replicateKey(context: Context, event: ObjectEvent, key: string): Promise<ReplicationOutcome[]> {
  const { world, rules } = context;
  const step = steps[event.kind];
  const pushes = await Promise.allSettled(
    routesFrom(rules, event.bucket, key).map((route) =>
      watched(context, route, event, (its) => step(its, route, key, event)),
    ),
  );
  const outcomes = pushes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const pulls = event.kind === 'created' ? await Promise.allSettled([pull(context, event.bucket, key, outcomes)]) : [];
  const failures = [...pushes, ...pulls].flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  for (const failure of failures.slice(1)) world.log.error('a route failed as well', { key, error: String(failure) });
  if (failures.length > 0) throw failures.find((failure) => failure instanceof RetryLater) ?? failures[0];
  return outcomes;
}

/** When the source was written, epoch milliseconds: the job of a large object tells its lag by it. */
export const writtenLabel = 'written';

function writtenAt({ at }: ObjectEvent): Record<string, string> {
  return { [writtenLabel]: String(at) };
}

async function watched(
  context: Context,
  route: Route,
  event: ObjectEvent,
  work: (context: Context) => Promise<ReplicationOutcome>,
): Promise<ReplicationOutcome> {
  const { watch, world, invocation } = context;
  if (!watch) return await work(context);
  const its = watch.begin(world, route, event, invocation.attempt);
  let outcome: ReplicationOutcome;
  try {
    outcome = await work({ ...context, world: its.world });
  } catch (error) {
    its.failed(error);
    throw error;
  }
  return { ...outcome, effort: its.ended(outcome) };
}

async function created(context: Context, route: Route, key: string, event: ObjectEvent): Promise<ReplicationOutcome> {
  const outcome = await copyOne(context, route, key, event);
  const versioned = event.versionId !== undefined;
  // Created and removed before we came: its removal may have been handled already, when there was no replica yet.
  if (!skippedFor(outcome, 'source-gone') || !followsDeletes(route, versioned)) return outcome;
  const removal = await removeOne(context, route, key, { versioned });
  return removal.action === 'skipped' ? outcome : removal;
}

/** Which changes of an object that keeps its bytes a rule goes by. */
const goesBy: Record<Change, (route: Route) => boolean> = {
  tags: ({ filters }) => filters.needsTags,
  class: ({ filters }) => filters.needsClass,
  acl: ({ options }) => options.acl === 'keep',
  annotations: () => false,
};

/** A tag that a scanner sets after the upload may let an object through a filter that refused it when it came. */
async function changed(
  context: Context,
  route: Route,
  key: string,
  { change }: ObjectEvent,
): Promise<ReplicationOutcome> {
  if (change !== undefined && goesBy[change](route)) return await copyOne(context, route, key, {});
  const sides = { rule: route.id, source: sourceRef(route, key), destination: destinationRef(route, key) };
  return { ...sides, action: 'skipped', why: 'change-not-used' };
}

const steps = { created, removed, changed } as const;

async function removed(context: Context, route: Route, key: string, event: ObjectEvent): Promise<ReplicationOutcome> {
  const { marker, versionId } = event;
  // Removing one version, or a delete marker, may bring an older version to the front, which no other event tells.
  if (versionId !== undefined && !marker) {
    const outcome = await copyOne(context, route, key, {}, 'backfill');
    if (!skippedFor(outcome, 'source-gone')) return outcome;
  }
  return await removeOne(context, route, key, { versioned: marker === true || versionId !== undefined });
}

/**
 * In a loop, looks at a user's write also from the rule that writes this key: the other side may be the winner although its
 * event was handled before this write (see decide.ts). Replicas need no such look, nor do places that the push reached.
 */
async function pull(context: Context, bucket: string, key: string, pushed: ReplicationOutcome[]): Promise<void> {
  if (pushed.some((outcome) => skippedFor(outcome, 'came-from-there', 'rule-taken', 'source-gone'))) return;
  const reached = new Set(
    pushed.filter(({ action }) => action !== 'skipped').map(({ destination }) => placeHash(destination)),
  );
  const writer = writerOf(context.rules, { bucket, key });
  if (!writer || !returns(context.rules, writer.route, writer.key)) return;
  if (reached.has(placeHash({ bucket: writer.route.source.bucket, key: writer.key }))) return;
  await copyOne(context, writer.route, writer.key, {}, 'pull');
}

function skippedFor(outcome: ReplicationOutcome, ...reasons: SkipReason[]): boolean {
  return outcome.action === 'skipped' && reasons.includes(outcome.why);
}

/** Neither side has the object under this key. */
function isAbsent(outcome: ReplicationOutcome): boolean {
  return skippedFor(outcome, 'source-gone', 'nothing-there', 'deletes-off');
}
