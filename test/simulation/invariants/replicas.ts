/** What rules promise when the world has come to rest. */
import type { ObjectRef } from '../../../lib/copy/model/object.ts';
import { fingerprint } from '../model/content.ts';
import type { StoredObject } from '../model/objects.ts';
import { stranger } from '../model/objects.ts';
import type { Pair } from '../rule-sets.ts';
import { isSame } from '../rule-sets.ts';
import type { Simulation } from '../simulation.ts';

/** I2: a replica equals its source; where rules lead round, all sides are equal. */
export function rulesConverge(sim: Simulation): string | undefined {
  const { rules } = sim.scenario;
  if (!rules || gaveUp(sim)) return undefined;
  for (const pair of rules.pairs) {
    const problem = unequal(pair, sim);
    if (problem) return `${pair.destination.bucket}/${pair.destination.key} ${problem} (${pair.route})`;
  }
  return undefined;
}

function unequal(pair: Pair, sim: Simulation): string | undefined {
  const { source, destination, loop } = pair;
  const original = sim.model.peek(source);
  const replica = sim.model.peek(destination);
  // In a loop that lets every size through all sides are equal. Elsewhere what an owner does to a replica is theirs.
  const isLoop = loop.length > 0 && loop.every(({ sizes }) => sizes.min === 0 && sizes.max === Infinity);
  const follows = (isLoop ? loop : [pair]).every((one) => followsDeletes(one, sim));
  if (!original) {
    const isLeftOver = replica !== undefined && replica.by !== stranger && follows;
    return isLeftOver ? 'is there although its source is gone' : undefined;
  }
  if (isLoop ? isCut(loop, follows, sim) : isDone(pair, original, replica, sim)) return undefined;
  if (!replica) {
    const mayStayAway = isLoop && !follows && wasRemoved(destination, sim);
    return mayStayAway || (isLoop && wasHit(destination, sim)) ? undefined : 'is missing although its source is there';
  }
  if (fingerprint(original.data) === fingerprint(replica.data)) return undefined;
  return `holds ${fingerprint(replica.data)}, its source ${fingerprint(original.data)}`;
}

function followsDeletes({ deletes, deleteMarkers }: Pair, sim: Simulation): boolean {
  return deletes !== 'off' && (deleteMarkers || !sim.scenario.dialect.quirks.versioned);
}

/** A ring passes everything on in one direction: where a place was emptied and that is not followed, nothing comes through. */
function isCut(loop: readonly Pair[], follows: boolean, sim: Simulation): boolean {
  return loop.length > 2 && !follows && loop.some(({ destination }) => wasRemoved(destination, sim));
}

function wasRemoved(ref: ObjectRef, sim: Simulation): boolean {
  return sim.watch.removals.some(({ object, by }) => by === stranger && isSame(object, ref));
}

/** Where the store has no condition for it, a DELETE of ours that is late may hit what an owner wrote since. */
function wasHit(ref: ObjectRef, sim: Simulation): boolean {
  return sim.watch.removals.some(({ object, by }) => by !== stranger && object.by === stranger && isSame(object, ref));
}

/** Nothing is promised: an owner has changed the replica, the rule leaves this size out, or it has been taken already. */
function isDone(pair: Pair, original: StoredObject, replica: StoredObject | undefined, sim: Simulation): boolean {
  if (replica ? replica.by === stranger : wasRemoved(pair.destination, sim)) return true;
  if (original.size < pair.sizes.min || original.size > pair.sizes.max) return true;
  return wayOf(original, sim).some(({ route, source }) => route === pair.route || isSame(source, pair.destination));
}

/** The pairs that an object took from where its owner wrote it. */
function wayOf(object: StoredObject, sim: Simulation): Pair[] {
  const { by, copiedFrom: from } = object;
  if (by === stranger || !from) return [];
  const taken = sim.scenario.rules?.pairs.filter(
    (pair) => isSame(pair.destination, object) && isSame(pair.source, from),
  );
  return [...(taken ?? []), ...wayOf(from, sim)];
}

/**
 * I8: in fair weather one write takes every way once, and no way takes a rule twice or comes to a place twice. Not counted where the source is in another class or
 * encrypted: a replica that was copied on the word of its event alone is then copied a second time, with these.
 */
export function noLoops(sim: Simulation): string | undefined {
  const { rules, profile } = sim.scenario;
  if (!rules || profile.weather !== 'calm') return undefined;
  const { writes } = sim.watch;
  const isPlain = writes.every(
    (w) => !w.encryption && w.storageClass === sim.scenario.dialect.facts.defaultStorageClass,
  );
  if (!isPlain) return undefined;
  const owned = writes.filter((w) => w.by === stranger);
  const copies = writes.length - owned.length;
  const allowed = owned.reduce((sum, write) => sum + waysFrom(write, rules.pairs, []), 0);
  return copies > allowed ? `${copies} copies were made of ${owned.length} writes, ${allowed} are allowed` : undefined;
}

function waysFrom(place: ObjectRef, pairs: readonly Pair[], taken: readonly Pair[]): number {
  const next = pairs.filter(
    (pair) =>
      isSame(pair.source, place) &&
      taken.every(({ route, source }) => route !== pair.route && !isSame(source, pair.destination)),
  );
  return next.reduce((sum, pair) => sum + 1 + waysFrom(pair.destination, pairs, [...taken, pair]), 0);
}

/** Tasks failed so often, or uploads were aborted so often, that the engine gave up as it should. */
function gaveUp(sim: Simulation): boolean {
  const aborted = sim.faults.fired.filter(({ kind }) => kind === 'uploads-aborted').length;
  const { maxAttempts, maxRestarts } = sim.scenario.settings;
  return (
    sim.workers.mostAttempts >= maxAttempts ||
    aborted > maxRestarts ||
    sim.faults.fired.some(({ kind }) => kind === 'cancel')
  );
}
