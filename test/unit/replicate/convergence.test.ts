/** Random rule sets, random users, any order of events: it ends (I8), and ends equal (I2). */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { authorOf, markerName, ruleHash } from '../../../lib/replicate/loops/marker.ts';
import type { Route } from '../../../lib/replicate/rules/route.ts';
import { isSource, loadRules, returns, routesFrom, type RuleSet } from '../../../lib/replicate/rules/rules.ts';
import type { RulesInput } from '../../../lib/replicate/rules/schema.ts';
import type { ModelObject } from './model-store.ts';
import { ModelWorld, type Dice } from './model-world.ts';

type Rule = RulesInput['rules'][number];
type Candidate = Omit<Rule, 'name'>;

const bucket = fc.constantFrom('a', 'b', 'c');
const prefix = fc.constantFrom('', '', 'p/', 'q/');
const template = fc.constantFrom(
  '{key}',
  '{key}',
  '{relative}',
  'p/{relative}',
  'q/{relative}',
  'x/{key}',
  '{key}.c',
  '{dir}{name}-s{ext}',
);
const rule = fc.record({
  source: fc.record({ bucket, prefix }),
  destination: fc.record({ bucket, key: template }),
  filters: fc.constantFrom({}, {}, {}, { suffix: '.c' }, { glob: '**/k' }),
  deletes: fc.constantFrom('off' as const, 'verified' as const, 'all' as const),
});
/** Pairs of buckets that mirror each other are what goes wrong most easily. */
const mirror = fc.constantFrom('off' as const, 'verified' as const).map((deletes) => [
  { source: { bucket: 'a', prefix: '' }, destination: { bucket: 'b', key: '{key}' }, filters: {}, deletes },
  { source: { bucket: 'b', prefix: '' }, destination: { bucket: 'a', key: '{key}' }, filters: {}, deletes },
]);
const ring = fc.constantFrom('off' as const, 'verified' as const).map((deletes) =>
  (['ab', 'bc', 'ca'] as const).map(([from, to]) => ({
    source: { bucket: from as string, prefix: '' },
    destination: { bucket: to as string, key: '{key}' },
    filters: {},
    deletes,
  })),
);
const ruleSets = fc
  .tuple(fc.oneof(fc.constant([]), mirror, ring), fc.array(rule, { minLength: 1, maxLength: 5 }))
  .map(([start, more]): Candidate[] => [...start, ...more]);

const act = fc.record({
  kind: fc.constantFrom('put', 'put', 'put', 'remove', 'edit', 'pause'),
  bucket,
  key: fc.constantFrom('k', 'k', 'p/k', 'q/k', 'p/q/k.c', 'x/k'),
  data: fc.constantFrom('one', 'two', 'three!'),
  note: fc.constantFrom('', 'x', 'y'),
});
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

/** All acts of a phase happen at once; before the next one everything has settled. */
const phases = fc.array(fc.array(act, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 });
const skews = fc.oneof(fc.constant({}), fc.constant({ a: 1500, b: -2500 }));

test('every accepted rule set settles, and its destinations equal their sources', async () => {
  await fc.assert(
    fc.asyncProperty(
      ruleSets,
      phases,
      skews,
      fc.nat(),
      fc.boolean(),
      async (candidates, acts, skew, seed, conditionalDelete) => {
        const rules = accepted(candidates);
        const model = new ModelWorld(rules, { dice: diceOf(seed), duplicates: 0.2, conditionalDelete });
        Object.assign(model.store.skews, skew);
        for (const phase of acts) {
          for (const one of phase) model.later(() => perform(model, one));
          await model.settle();
        }
        for (const route of rules.routes) checkRoute(model, rules, route);
        const removing = acts.flat().some(({ kind }) => kind === 'remove');
        if (!removing && isClosed(model, rules)) await checkRepeat(model);
      },
    ),
    { numRuns: 500 },
  );
}, 60_000);

/** Adds rules one by one and leaves out those that are refused. */
function accepted(candidates: Candidate[]): RuleSet {
  let rules: RuleSet = { routes: [], addedMetadata: new Set() };
  const kept: Rule[] = [];
  for (const [index, candidate] of candidates.entries()) {
    const next = [...kept, { ...candidate, name: `r${index}` }];
    try {
      rules = loadRules({ store: { scheme: 's3' }, rules: next });
      kept.push(...next.slice(-1));
    } catch {
      continue;
    }
  }
  return rules;
}

function perform(model: ModelWorld, { kind, bucket: at, key, data, note }: Act): void {
  const ref = { bucket: at, key };
  if (kind === 'pause') model.now += 2000;
  // Equal content with other metadata within one second cannot be told from the version before by any header.
  if (kind !== 'remove' && model.store.get(ref)?.data === data) model.now += 1000;
  if (kind === 'remove') model.store.remove(ref);
  if (kind === 'put') model.put(ref, data, note === '' ? {} : { note });
  // An editor that keeps the metadata it does not know.
  if (kind === 'edit') model.put(ref, data, { ...model.store.get(ref)?.userMetadata, ...(note !== '' && { note }) });
}

function checkRoute(model: ModelWorld, rules: RuleSet, route: Route): void {
  for (const [path, source] of model.store.objects) {
    const key = path.slice(2);
    if (path[0] !== route.source.bucket || !isSource(route, key)) continue;
    const destination = { bucket: route.destination.bucket, key: route.template.apply(key) };
    const last = model.changes.findLast(
      (change) => change.bucket === destination.bucket && change.key === destination.key,
    );
    const replica = model.store.get(destination);
    const about = `${route.id}: ${path} to ${destination.bucket}/${destination.key}`;
    if (isTaken(rules, route, path, source)) continue;
    if (returns(rules, route, key)) {
      // Who removes one side without asking for removals to be followed has cut the ring there.
      if (route.deletes === 'off' && model.changes.some(({ kind, by }) => kind === 'removed' && by === 'user'))
        continue;
      if (!replica && last?.kind === 'removed') continue;
    } else if (last?.by === 'user') continue;
    expect(replica && visible(replica), about).toEqual(visible(source));
  }
}

/** A replica that this rule has helped to make is not taken further by it. */
function isTaken(rules: RuleSet, route: Route, path: string, source: ModelObject): boolean {
  const head = {
    ...source,
    size: source.data.length,
    content: { contentType: 'binary/octet-stream' },
    storageClass: 'STANDARD',
  };
  const ref = { bucket: path.slice(0, 1), key: path.slice(2) };
  const author = authorOf(
    ref,
    { ...head, kind: 'normal', archived: false, clientEncrypted: false },
    rules.addedMetadata,
  );
  return (
    author.by === 'us' &&
    author.marker.chain.slice(1).some((step) => typeof step !== 'string' && step.rule === ruleHash(route.id))
  );
}

function visible({ data, userMetadata }: ModelObject): unknown {
  const { [markerName]: _, ...own } = userMetadata;
  return { data, own };
}

/** Every copy has a way back: no user's write is overwritten for being at a destination. */
function isClosed(model: ModelWorld, rules: RuleSet): boolean {
  return [...model.store.objects.keys()].every((path) =>
    routesFrom(rules, path.slice(0, 1), path.slice(2)).every((route) => returns(rules, route, path.slice(2))),
  );
}

/** All events once more, in a world at rest: nothing moves. */
async function checkRepeat(model: ModelWorld): Promise<void> {
  const before = model.changes.length;
  for (const change of [...model.changes]) model.deliver(change);
  await model.settle();
  expect(model.changes.slice(before)).toEqual([]);
}

/** Mulberry32. */
function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
}
