import { describe, expect, test } from 'vitest';
import { loadRules } from '../../../lib/replicate/rules/rules.ts';
import type { RulesInput } from '../../../lib/replicate/rules/schema.ts';
import { ModelWorld } from './model-world.ts';

type Rule = RulesInput['rules'][number];
type Deletes = NonNullable<Rule['deletes']>;

const rule = (name: string, from: string, to: string, more: Partial<Rule> = {}): Rule => ({
  name,
  source: { bucket: from },
  destination: { bucket: to },
  ...more,
});
const world = (...rules: Rule[]) => new ModelWorld(loadRules({ store: { scheme: 's3' }, rules }));
const oneWay = (deletes: Deletes) => world(rule('ab', 'a', 'b', { deletes }));
const a = { bucket: 'a', key: 'k' };
const b = { bucket: 'b', key: 'k' };

async function replicated(model: ModelWorld, data = 'one'): Promise<ModelWorld> {
  model.put(a, data);
  await model.settle();
  expect(model.store.get(b)?.data).toBe(data);
  return model;
}

describe('one way', () => {
  test('off: the replica stays', async () => {
    const model = await replicated(oneWay('off'));
    model.store.remove(a);
    await model.settle();
    expect(model.store.get(b)?.data).toBe('one');
    expect(model.store.calls['delete']).toBeUndefined();
  });

  test.each<Deletes>(['verified', 'all'])('%s: our replica goes', async (deletes) => {
    const model = await replicated(oneWay(deletes));
    model.store.remove(a);
    await model.settle();
    expect(model.store.get(b)).toBeUndefined();
  });

  test.each<[Deletes, boolean]>([
    ['verified', true],
    ['all', false],
  ])('%s: what a user put in its place stays: %s', async (deletes, stays) => {
    const model = await replicated(oneWay(deletes));
    model.put(b, 'mine');
    model.store.remove(a);
    await model.settle();
    expect(model.store.get(b) !== undefined).toBe(stays);
  });

  test('a late create does not bring it back', async () => {
    const model = await replicated(oneWay('verified'));
    const [first] = model.changes;
    model.store.remove(a);
    await model.settle();
    model.deliver(first!);
    await model.settle();
    expect(model.store.get(b)).toBeUndefined();
  });

  test('a late removal does not take what is there again', async () => {
    const model = await replicated(oneWay('all'));
    model.store.remove(a);
    await model.settle();
    const removal = model.changes.find(({ kind }) => kind === 'removed');
    model.put(a, 'two');
    await model.settle();
    model.deliver(removal!);
    await model.settle();
    expect(model.store.get(b)?.data).toBe('two');
  });

  test('a chain follows to its end', async () => {
    const model = world(rule('ab', 'a', 'b', { deletes: 'verified' }), rule('bc', 'b', 'c', { deletes: 'verified' }));
    model.put(a, 'one');
    await model.settle();
    model.store.remove(a);
    await model.settle();
    expect([...model.store.objects.keys()]).toEqual([]);
  });
});

describe('versioned buckets', () => {
  test.each([
    [false, true],
    [true, false],
  ])('delete markers followed: %s, the replica stays: %s', async (deleteMarkers, stays) => {
    const model = await replicated(world(rule('ab', 'a', 'b', { deletes: 'verified', deleteMarkers })));
    model.store.objects.delete('a/k');
    model.removedEvent(a, { marker: true, versionId: 'v2' });
    await model.settle();
    expect(model.store.get(b) !== undefined).toBe(stays);
  });
});

test.each<Deletes>(['off', 'verified'])(
  'removing a version brings the one before to the front, deletes %s',
  async (deletes) => {
    const model = await replicated(oneWay(deletes), 'newest');
    model.store.objects.set('a/k', model.store.put({ bucket: 'elsewhere', key: 'k' }, 'older'));
    model.removedEvent(a, { versionId: 'v2' });
    await model.settle();
    expect(model.store.get(b)?.data).toBe('older');
  },
);

test('removing an old version leaves an equal replica alone', async () => {
  const model = await replicated(oneWay('off'));
  const copies = model.store.calls['copyObject'];
  model.removedEvent(a, { versionId: 'v1' });
  await model.settle();
  expect(model.store.calls['copyObject']).toBe(copies);
});

describe('both ways', () => {
  const both = () =>
    world(rule('ab', 'a', 'b', { deletes: 'verified' }), rule('ba', 'b', 'a', { deletes: 'verified' }));

  test('what was written on a side goes with its replica', async () => {
    for (const [side, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const model = both();
      model.put(side, 'one');
      await model.settle();
      expect(model.store.get(other)?.data).toBe('one');
      model.now += 5000;
      model.store.remove(side);
      await model.settle();
      expect([...model.store.objects.keys()]).toEqual([]);
    }
  });

  test('a replica that is removed on its own comes back', async () => {
    const model = await replicated(both());
    model.now += 5000;
    model.store.remove(b);
    await model.settle();
    expect(model.store.get(a)?.data).toBe('one');
    expect(model.store.get(b)?.data).toBe('one');
  });

  test('what a user wrote outlives a removal on the other side, whenever it was written', async () => {
    for (const pause of [0, 5000]) {
      const model = await replicated(both());
      model.put(b, 'two');
      model.now += pause;
      model.store.remove(a);
      model.now += 5000;
      await model.settle();
      expect(model.store.get(a)?.data).toBe('two');
      expect(model.store.get(b)?.data).toBe('two');
    }
  });

  const ring = () =>
    world(
      rule('ab', 'a', 'b', { deletes: 'verified' }),
      rule('bc', 'b', 'c', { deletes: 'verified' }),
      rule('ca', 'c', 'a', { deletes: 'verified' }),
    );

  test('all the way round a ring what was removed comes back from where it was written', async () => {
    for (const removed of [[b], [{ ...b, bucket: 'c' }], [b, { ...b, bucket: 'c' }]]) {
      const model = ring();
      model.put(a, 'one');
      await model.settle();
      for (const replica of removed) model.store.remove(replica);
      await model.settle();
      expect([...model.store.objects.values()].map(({ data }) => data)).toEqual(['one', 'one', 'one']);
    }
  });

  test('a ring does not take what was written while a removal went round', async () => {
    const model = ring();
    model.put(a, 'one');
    await model.settle();
    model.store.remove(a);
    model.later(() => {
      model.put(a, 'two');
      model.now += 5000;
    });
    await model.settle();
    expect([...model.store.objects.values()].map(({ data }) => data)).toEqual(['two', 'two', 'two']);
  });
});
