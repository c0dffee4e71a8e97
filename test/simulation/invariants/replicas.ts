/** What rules promise when the world has come to rest. */
import type { ObjectRef } from '../../../lib/copy/object.ts';
import { fingerprint } from '../model/content.ts';
import { stranger } from '../model/objects.ts';
import type { Simulation } from '../simulation.ts';

/** I2: a replica equals its source; where rules lead both ways, all sides are equal. */
export function rulesConverge(sim: Simulation): string | undefined {
  const { rules, dialect } = sim.scenario;
  if (!rules || gaveUp(sim) || isRingBroken(sim)) return undefined;
  const followsDeletes = rules.deletes !== 'off' && !dialect.quirks.versioned;
  for (const { source, destination } of rules.pairs) {
    const original = sim.model.peek(source);
    const replica = sim.model.peek(destination);
    const names = `${destination.bucket}/${destination.key} (${rules.shape})`;
    if (original && !replica && !mayStayAway(sim, destination))
      return `${names} is missing although its source is there`;
    if (original && replica && fingerprint(original.data) !== fingerprint(replica.data))
      return `${names} holds ${fingerprint(replica.data)}, its source ${fingerprint(original.data)}`;
    if (!original && replica && followsDeletes && replica.by !== stranger)
      return `${names} is there although its source is gone`;
  }
  return undefined;
}

/** A ring passes everything on in one direction: where a place was emptied and that is not followed, nothing comes through. */
function isRingBroken(sim: Simulation): boolean {
  const { rules, dialect } = sim.scenario;
  const follows = rules?.deletes !== 'off' && !dialect.quirks.versioned;
  return rules?.looped === true && rules.sides.length > 2 && !follows && sim.watch.removals.length > 0;
}

/** Where owners write on both sides and deletes are not followed, what an owner removed may stay away. */
function mayStayAway(sim: Simulation, { bucket, key }: ObjectRef): boolean {
  const { rules, dialect } = sim.scenario;
  if (!rules?.looped || (rules.deletes !== 'off' && !dialect.quirks.versioned)) return false;
  return sim.watch.removals.some(({ object, by }) => by === stranger && object.bucket === bucket && object.key === key);
}

/**
 * I8: in fair weather one write causes at most one copy for each rule. Not counted where the source is in another class or
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
  const copies = writes.filter((w) => w.by !== stranger).length;
  const allowed = (writes.length - copies) * rules.pairs.length;
  return copies > allowed
    ? `${copies} copies were made of ${writes.length - copies} writes (${rules.shape})`
    : undefined;
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
