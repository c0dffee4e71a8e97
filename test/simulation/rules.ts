/** Schedules of replication rules: owners write and remove objects, every change anywhere sends an event, ours too. */
import type { ObjectRef, StoreAddress } from '../../lib/copy/model/object.ts';
import type { ObjectEvent } from '../../lib/replicate/events/event.ts';
import type { RuleSet } from '../../lib/replicate/rules/rules.ts';
import type { StoredObject } from './model/objects.ts';
import type { Random } from './random.ts';
import type { Pair } from './rule-sets.ts';
import { drawRuleSet } from './rule-sets.ts';

/** What an owner does. */
export interface OwnerAct {
  /** Milliseconds after the start. */
  at: number;
  side: ObjectRef;
  /** `edit`: other bytes under the metadata that was there, our marker included. */
  act: 'write' | 'write-again' | 'edit' | 'remove';
}

export interface RulesScenario {
  rules: RuleSet;
  /** The rules in words. */
  text: string;
  pairs: readonly Pair[];
  /** Where owners write. */
  sides: readonly ObjectRef[];
  acts: readonly OwnerAct[];
}

export function drawRules(random: Random, store: StoreAddress, isCalm: boolean): RulesScenario {
  const drawn = drawRuleSet(random, store);
  const count = isCalm ? 1 + random.below(3) : 1 + random.below(5);
  const acts: OwnerAct[] = Array.from({ length: count }, (_, i) => ({
    // In calm weather one write has come to rest everywhere before the next.
    at: isCalm ? i * 15_000 : i === 0 ? 0 : random.next() * random.pick([1000, 8000, 20_000]),
    side: i === 0 ? (drawn.sides[0] as ObjectRef) : random.pick(drawn.sides),
    act: i === 0 || isCalm ? 'write' : random.pick(['write', 'write', 'write-again', 'edit', 'remove'] as const),
  }));
  return { ...drawn, acts };
}

/** What the store tells of a change. */
export function eventOf(
  kind: ObjectEvent['kind'],
  object: StoredObject,
  now: number,
  scheme: 'oss' | 's3',
): ObjectEvent {
  const { bucket, key, etag, size, versionId } = object;
  const at = kind === 'created' ? object.lastModified : Math.floor(now);
  const event: ObjectEvent = { kind, scheme, bucket, key, at, source: 'model', id: `${kind} ${object.serial}` };
  if (kind === 'created') return { ...event, etag, size, versionId };
  return versionId === undefined ? event : { ...event, marker: true };
}
