/** Schedules of replication rules: owners write and remove objects, every change anywhere sends an event, ours too. */
import { loadRules } from '../../lib/replicate/rules.ts';
import type { RuleSet } from '../../lib/replicate/rules.ts';
import type { RulesInput } from '../../lib/replicate/schema.ts';
import type { ObjectEvent } from '../../lib/replicate/events/event.ts';
import type { ObjectRef, StoreAddress } from '../../lib/copy/object.ts';
import type { StoredObject } from './model/objects.ts';
import type { Random } from './random.ts';

/** What an owner does. */
export interface OwnerAct {
  /** Milliseconds after the start. */
  at: number;
  side: ObjectRef;
  act: 'write' | 'write-again' | 'remove';
}

export interface RulesScenario {
  shape: string;
  rules: RuleSet;
  /** From where to where a replica goes. */
  pairs: readonly { source: ObjectRef; destination: ObjectRef }[];
  /** Where owners write. */
  sides: readonly ObjectRef[];
  looped: boolean;
  deletes: 'off' | 'verified' | 'all';
  acts: readonly OwnerAct[];
}

interface Shape {
  name: string;
  /** Bucket and prefix of every place; rules lead from one to another by index. */
  places: readonly { bucket: string; prefix: string }[];
  steps: readonly (readonly [number, number])[];
  owned: readonly number[];
}

const photos = { bucket: 'photos', prefix: '' };
const backup = { bucket: 'backup', prefix: '' };
const third = { bucket: 'third', prefix: '' };

const shapes: readonly Shape[] = [
  { name: 'one way', places: [photos, backup], steps: [[0, 1]], owned: [0] },
  {
    name: 'inside a bucket',
    places: [
      { bucket: 'photos', prefix: 'in/' },
      { bucket: 'photos', prefix: 'out/' },
    ],
    steps: [[0, 1]],
    owned: [0],
  },
  {
    name: 'chain',
    places: [photos, backup, third],
    steps: [
      [0, 1],
      [1, 2],
    ],
    owned: [0],
  },
  {
    name: 'fan',
    places: [photos, backup, third],
    steps: [
      [0, 1],
      [0, 2],
    ],
    owned: [0],
  },
  {
    name: 'both ways',
    places: [photos, backup],
    steps: [
      [0, 1],
      [1, 0],
    ],
    owned: [0, 1],
  },
  {
    name: 'both ways inside a bucket',
    places: [
      { bucket: 'photos', prefix: 'in/' },
      { bucket: 'photos', prefix: 'out/' },
    ],
    steps: [
      [0, 1],
      [1, 0],
    ],
    owned: [0, 1],
  },
  {
    name: 'ring',
    places: [photos, backup, third],
    steps: [
      [0, 1],
      [1, 2],
      [2, 0],
    ],
    owned: [0, 1, 2],
  },
];

export function drawRules(random: Random, store: StoreAddress, isCalm: boolean): RulesScenario {
  const shape = random.pick(shapes);
  const looped = shape.steps.length === shape.owned.length && shape.owned.length > 1;
  const deletes = random.pick(['off', 'off', 'verified', 'all'] as const);
  const place = (index: number): Shape['places'][number] => shape.places[index] ?? photos;
  const refOf = (index: number): ObjectRef => ({ bucket: place(index).bucket, key: `${place(index).prefix}a` });
  const input: RulesInput = {
    store,
    rules: shape.steps.map(([from, to], i) => ({
      name: `rule-${i}`,
      source: place(from),
      destination: { bucket: place(to).bucket, key: `${place(to).prefix}{relative}` },
      deletes,
    })),
  };
  const sides = shape.owned.map(refOf);
  const count = isCalm ? 1 : 1 + random.below(5);
  const acts: OwnerAct[] = Array.from({ length: count }, (_, i) => ({
    at: i === 0 ? 0 : random.next() * random.pick([1000, 8000, 20_000]),
    side: isCalm ? (sides[0] ?? refOf(0)) : random.pick(sides),
    act: i === 0 ? 'write' : random.pick(['write', 'write', 'write-again', 'remove'] as const),
  }));
  return {
    shape: `${shape.name}, deletes ${deletes}`,
    rules: loadRules(input),
    pairs: shape.steps.map(([from, to]) => ({ source: refOf(from), destination: refOf(to) })),
    sides,
    looped,
    deletes,
    acts,
  };
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
