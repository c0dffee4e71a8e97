import { describe, expect, test } from 'vitest';
import { markerName } from '../../../lib/replicate/loops/marker.ts';
import { loadRules } from '../../../lib/replicate/rules/rules.ts';
import type { RulesInput } from '../../../lib/replicate/rules/schema.ts';
import { ModelWorld } from './model-world.ts';

type Rule = RulesInput['rules'][number];

const world = (...rules: Rule[]) => new ModelWorld(loadRules({ store: { scheme: 's3' }, rules }));
const rule = (name: string, from: string, to: string, more: Partial<Rule> = {}): Rule => ({
  name,
  source: { bucket: from },
  destination: { bucket: to },
  ...more,
});
const a = { bucket: 'a', key: 'k' };
const b = { bucket: 'b', key: 'k' };
const c = { bucket: 'c', key: 'k' };

describe('one way', () => {
  test('costs one CopyObject and one HEAD when the event tells the ETag, and leaves no marker', async () => {
    const model = world(rule('ab', 'a', 'b'));
    model.put(a, 'one', { note: 'x' });
    await model.settle();
    expect(model.store.get(b)).toMatchObject({ data: 'one', userMetadata: { note: 'x' } });
    expect(model.store.get(b)?.userMetadata).not.toHaveProperty(markerName);
    expect(model.store.calls).toEqual({ copyObject: 1, head: 1 });
  });

  test('a chain goes on', async () => {
    const model = world(rule('ab', 'a', 'b'), rule('bc', 'b', 'c'));
    model.put(a, 'one');
    await model.settle();
    expect(model.store.get(c)?.data).toBe('one');
    expect(model.store.calls['copyObject']).toBe(2);
  });
});

describe('both ways', () => {
  const both = () => world(rule('ab', 'a', 'b'), rule('ba', 'b', 'a'));

  test('a write on either side gets to the other, once', async () => {
    const model = both();
    model.put(a, 'one', { note: 'x' });
    await model.settle();
    expect(model.store.get(b)).toMatchObject({ data: 'one', userMetadata: { note: 'x' } });
    expect(model.store.calls['copyObject']).toBe(1);
    model.put(b, 'two');
    await model.settle();
    expect(model.store.get(a)?.data).toBe('two');
    expect(model.store.calls['copyObject']).toBe(2);
    model.put(a, 'three');
    await model.settle();
    expect(model.store.get(b)?.data).toBe('three');
    expect(model.store.calls['copyObject']).toBe(3);
  });

  test('duplicates of old events change nothing', async () => {
    const model = both();
    model.put(a, 'one');
    await model.settle();
    model.put(b, 'two');
    await model.settle();
    const copies = model.store.calls['copyObject'];
    for (const change of [...model.changes]) model.deliver(change);
    await model.settle();
    expect(model.store.calls['copyObject']).toBe(copies);
  });

  test('a change of metadata on the replica goes back, although the editor kept the marker', async () => {
    const model = both();
    model.put(a, 'one', { note: 'x' });
    await model.settle();
    const replica = model.store.get(b);
    model.put(b, 'one', { ...replica?.userMetadata, note: 'y' });
    await model.settle();
    expect(model.store.get(a)?.userMetadata['note']).toBe('y');
    expect(model.store.calls['copyObject']).toBe(2);
  });

  test('so does a change of content with the metadata kept', async () => {
    const model = both();
    model.put(a, 'one');
    await model.settle();
    model.put(b, 'two', model.store.get(b)?.userMetadata);
    await model.settle();
    expect(model.store.get(a)?.data).toBe('two');
  });

  test('a copy of a replica made by hand is an object of its own', async () => {
    const model = both();
    model.put(a, 'one');
    await model.settle();
    model.put({ bucket: 'b', key: 'j' }, 'one', model.store.get(b)?.userMetadata);
    await model.settle();
    expect(model.store.get({ bucket: 'a', key: 'j' })?.data).toBe('one');
  });

  test('of two writes at one time the larger ETag wins, on both sides', async () => {
    for (const [left, right] of [
      ['one', 'two'],
      ['two', 'one'],
    ] as const) {
      const model = both();
      model.put(a, left);
      model.put(b, right);
      await model.settle();
      expect(model.store.get(a)?.data).toBe(model.store.get(b)?.data);
    }
  });

  test('a write that a slow clock dates before its rival is overruled on its own side too', async () => {
    const model = both();
    Object.assign(model.store.skews, { a: 1500, b: -2500 });
    model.put(a, 'one');
    await model.settle();
    model.put(b, 'two');
    await model.settle();
    expect(model.store.get(a)?.data).toBe('one');
    expect(model.store.get(b)?.data).toBe('one');
  });

  test('a replica that a user removed is not brought back by a late event of its own', async () => {
    const model = both();
    model.put(a, 'one');
    await model.settle();
    model.store.remove(a);
    await model.settle();
    for (const change of model.changes.filter(({ kind }) => kind === 'created')) model.deliver(change);
    await model.settle();
    expect(model.store.get(a)).toBeUndefined();
  });
});

describe('longer ways', () => {
  test('a ring stops where it began', async () => {
    const model = world(rule('ab', 'a', 'b'), rule('bc', 'b', 'c'), rule('ca', 'c', 'a'));
    model.put(b, 'one');
    await model.settle();
    expect(model.store.get(a)?.data).toBe('one');
    expect(model.store.calls['copyObject']).toBe(2);
  });

  test('rules that would grow a key for ever are each taken once', async () => {
    const model = world(rule('ab', 'a', 'b', { destination: { bucket: 'b', key: 'x/{key}' } }), rule('ba', 'b', 'a'));
    model.put(a, 'one');
    await model.settle();
    expect([...model.store.objects.keys()].sort()).toEqual(['a/k', 'a/x/k', 'b/x/k']);
  });

  test('within one bucket, prefix to prefix and back', async () => {
    const model = world(
      rule('out', 'a', 'a', {
        source: { bucket: 'a', prefix: 'in/' },
        destination: { bucket: 'a', key: 'out/{relative}' },
      }),
      rule('back', 'a', 'a', {
        source: { bucket: 'a', prefix: 'out/' },
        destination: { bucket: 'a', key: 'in/{relative}' },
      }),
    );
    model.put({ bucket: 'a', key: 'in/k' }, 'one');
    model.put({ bucket: 'a', key: 'out/j' }, 'two');
    await model.settle();
    expect([...model.store.objects.keys()].sort()).toEqual(['a/in/j', 'a/in/k', 'a/out/j', 'a/out/k']);
    expect(model.store.calls['copyObject']).toBe(2);
  });
});
