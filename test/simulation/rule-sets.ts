/** Sets of replication rules for one schedule: half of them shapes that go wrong most easily, half whatever the loader takes. */
import { GiveUp } from '../../lib/copy/model/errors.ts';
import type { ObjectRef, StoreAddress } from '../../lib/copy/model/object.ts';
import type { Route } from '../../lib/replicate/rules/route.ts';
import type { RuleSet } from '../../lib/replicate/rules/rules.ts';
import { loadRules, routesFrom } from '../../lib/replicate/rules/rules.ts';
import type { RulesInput } from '../../lib/replicate/rules/schema.ts';
import { MiB } from './model/dialect.ts';
import type { Random } from './random.ts';

/** One key and where one rule takes it. */
export interface Pair {
  source: ObjectRef;
  destination: ObjectRef;
  /** Id of the route. */
  route: string;
  deletes: Route['deletes'];
  deleteMarkers: boolean;
  /** Sizes that the rule copies, bytes. */
  sizes: { min: number; max: number };
  /** All pairs of the loop that this one is part of, itself included; empty when nothing leads back. */
  loop: readonly Pair[];
}

export interface DrawnRules {
  rules: RuleSet;
  /** As people would write it down. */
  text: string;
  /** Every key that can come about, from where to where. */
  pairs: readonly Pair[];
  /** Where owners write. */
  sides: readonly ObjectRef[];
}

type Rule = RulesInput['rules'][number];
type Candidate = Omit<Rule, 'name'>;
type Deletes = NonNullable<Rule['deletes']>;

const buckets = ['photos', 'backup', 'third'] as const;

/** From bucket and prefix to bucket and key template. */
function step(from: string, to: string, deletes: Deletes): Candidate {
  const [bucket = '', prefix = ''] = from.split(':');
  const [target = '', start = ''] = to.split(':');
  return { source: { bucket, prefix }, destination: { bucket: target, key: `${start}{relative}` }, deletes };
}

const shapes: readonly (readonly (readonly [string, string])[])[] = [
  [['photos', 'backup']],
  [['photos:in/', 'photos:out/']],
  [
    ['photos', 'backup'],
    ['backup', 'third'],
  ],
  [
    ['photos', 'backup'],
    ['photos', 'third'],
  ],
  [
    ['photos', 'backup'],
    ['backup', 'photos'],
  ],
  [
    ['photos:in/', 'photos:out/'],
    ['photos:out/', 'photos:in/'],
  ],
  [
    ['photos', 'backup'],
    ['backup', 'third'],
    ['third', 'photos'],
  ],
];

export function drawRuleSet(random: Random, store: StoreAddress): DrawnRules {
  const rules = accept(random.chance(0.5) ? drawShape(random) : drawCandidates(random), store);
  const owned = drawSides(random, rules);
  const replicas = follow(rules, owned).map(({ destination }) => destination);
  const sides = random.chance(0.4) ? [...owned, random.pick(replicas)] : owned;
  return { rules, text: rules.routes.map(describeRoute).join('; '), pairs: follow(rules, sides), sides };
}

function drawShape(random: Random): Candidate[] {
  const shape = random.pick(shapes);
  const deletes = random.pick(['off', 'off', 'verified', 'all'] as const);
  return shape.map(([from, to]) => step(from, to, deletes));
}

function drawCandidates(random: Random): Candidate[] {
  const deletes = random.pick(['off', 'verified'] as const);
  const start = random.pick([[], [], shapes[4], shapes[6]] as const) ?? [];
  const candidates = start.map(([from, to]) => step(from, to, deletes));
  for (let left = 1 + random.below(4); left > 0; left--) {
    const candidate = drawCandidate(random);
    candidates.push(candidate);
    if (random.chance(0.3)) candidates.push(drawBack(random, candidate));
  }
  return candidates;
}

function drawCandidate(random: Random): Candidate {
  const destination = (): Candidate['destination'] & object => ({
    bucket: random.pick(buckets),
    key: random.pick([
      '{key}',
      '{relative}',
      'in/{relative}',
      'out/{relative}',
      'x/{key}',
      '{key}.c',
      '{dir}{name}-s{ext}',
    ]),
    ...(random.chance(0.2) ? { metadata: { copied: 'yes' } } : {}),
  });
  return {
    source: { bucket: random.pick(buckets), prefix: random.pick(['', '', 'in/', 'out/']) },
    destination: random.chance(0.3) ? [destination(), destination()].flat() : destination(),
    filters: random.pick([{}, {}, {}, { suffix: '.c' }, { glob: '**/a*' }, { maxSize: 30 * MiB }, { minSize: 1 }]),
    deletes: random.pick(['off', 'verified', 'verified', 'all'] as const),
    ...(random.chance(0.3) ? { deleteMarkers: true } : {}),
  };
}

/** A rule the other way, though not always exactly. */
function drawBack(random: Random, { source, destination }: Candidate): Candidate {
  const [to] = [destination].flat();
  const prefix = /^[^{]*/.exec(to?.key ?? '')?.[0] ?? '';
  return {
    source: { bucket: to?.bucket ?? 'backup', prefix },
    destination: { bucket: source.bucket, key: `${source.prefix ?? ''}{relative}` },
    deletes: random.pick(['off', 'verified'] as const),
  };
}

/** Adds rules one by one and leaves out what the loader refuses. */
function accept(candidates: readonly Candidate[], store: StoreAddress): RuleSet {
  const kept: Rule[] = [];
  const load = (rules: readonly Rule[]): RuleSet => loadRules({ store, rules });
  for (const candidate of candidates) {
    const rule = { ...candidate, name: `r${kept.length}` };
    if (rule.deletes === 'off') delete rule.deleteMarkers;
    try {
      load([...kept, rule]);
      kept.push(rule);
    } catch (error) {
      if (!(error instanceof GiveUp)) throw error;
    }
  }
  return load(kept.length > 0 ? kept : [{ ...step('photos', 'backup', 'off'), name: 'r0' }]);
}

/** Up to three keys that rules read. */
function drawSides(random: Random, rules: RuleSet): ObjectRef[] {
  const all = rules.routes.flatMap(({ source: { bucket, prefix } }) =>
    ['a', 'a.c']
      .map((name) => ({ bucket, key: prefix + name }))
      .filter(({ key }) => routesFrom(rules, bucket, key).length > 0),
  );
  const name = random.pick(['a', 'a.c']);
  const named = all.filter(({ key }) => key.endsWith(name));
  const from = named.length > 0 ? named : all;
  const drawn = Array.from({ length: 1 + random.below(3) }, () => random.pick(from));
  return drawn.filter((ref, i) => drawn.findIndex((other) => isSame(other, ref)) === i);
}

/** Follows keys along the rules. A rule that makes keys longer each time round is taken a few times only. */
function follow(rules: RuleSet, from: readonly ObjectRef[]): Pair[] {
  const pairs: (Pair & { loop: Pair[] })[] = [];
  let places = [...from];
  for (let depth = 0; depth <= rules.routes.length && places.length > 0; depth++) {
    const next: ObjectRef[] = [];
    for (const source of places) {
      for (const route of routesFrom(rules, source.bucket, source.key)) {
        const { id, deletes, deleteMarkers, destination: to, template } = route;
        const destination = { bucket: to.bucket, key: template.apply(source.key) };
        if (pairs.some((pair) => isSame(pair.source, source) && isSame(pair.destination, destination))) continue;
        pairs.push({ source, destination, route: id, deletes, deleteMarkers, sizes: sizesOf(route), loop: [] });
        next.push(destination);
      }
    }
    places = next;
  }
  for (const pair of pairs) pair.loop.push(...loopOf(pair, pairs));
  return pairs;
}

/** A key is written by one rule at most, so there is one way back to look along. */
function loopOf(pair: Pair, pairs: readonly Pair[]): Pair[] {
  const loop = [pair];
  for (let at = pair; loop.length <= pairs.length;) {
    const before = pairs.find(({ destination }) => isSame(destination, at.source));
    if (!before) return [];
    if (before === pair) return loop;
    loop.push(before);
    at = before;
  }
  return [];
}

/** Asked of the filter itself: its limits are not kept. */
function sizesOf({ filters }: Route): Pair['sizes'] {
  return { min: filters.size(0) ? 0 : 1, max: filters.size(31 * MiB) ? Infinity : 30 * MiB };
}

function describeRoute({ id, source, destination, template, deletes, deleteMarkers }: Route): string {
  const to = template.apply(`${source.prefix}KEY`);
  return `${id}: ${source.bucket}/${source.prefix}KEY -> ${destination.bucket}/${to} ${deletes}${deleteMarkers ? '+markers' : ''}`;
}

export function isSame(a: ObjectRef, b: ObjectRef): boolean {
  return a.bucket === b.bucket && a.key === b.key;
}
