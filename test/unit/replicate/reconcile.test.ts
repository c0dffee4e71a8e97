import { describe, expect, test } from 'vitest';
import { GiveUp } from '../../../lib/copy/model/errors.ts';
import { backfill } from '../../../lib/replicate/backfill.ts';
import type { List } from '../../../lib/replicate/compare/listing.ts';
import { reconcile, type Difference } from '../../../lib/replicate/reconcile.ts';
import { loadRules } from '../../../lib/replicate/rules/rules.ts';
import type { RulesInput } from '../../../lib/replicate/rules/schema.ts';
import { ModelWorld } from './model-world.ts';

type Rule = RulesInput['rules'][number];

const invocation = { id: 'test', deadline: Infinity, attempt: 1 };

function setUp(...rules: Rule[]) {
  const set = loadRules({ store: { scheme: 's3' }, rules });
  const model = new ModelWorld(set);
  const world = model.worldNow();
  const lists: string[] = [];
  const list: List = async function* (_store, bucket, { prefix, startAfter = '' }) {
    lists.push(`${bucket}/${prefix}`);
    const names = [...model.store.objects.keys()].sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)));
    for (const name of names) {
      const key = name.slice(bucket.length + 1);
      const object = model.store.get({ bucket, key });
      if (!object || !name.startsWith(`${bucket}/${prefix}`) || (startAfter !== '' && key <= startAfter)) continue;
      await Promise.resolve();
      yield { key, size: object.data.length, etag: object.etag, lastModified: object.lastModified };
    }
  };
  const fill = (options = {}) => backfill(world, set, rules[0]!.name, list, invocation, options);
  const compare = async (options: Parameters<typeof reconcile>[5] = {}) => {
    const found: string[] = [];
    const onDifference = ({ kind, key, why }: Difference): void =>
      void found.push([kind, key, why].filter(Boolean).join(' '));
    const report = await reconcile(world, set, rules[0]!.name, list, invocation, { ...options, onDifference });
    return { report, found: found.sort() };
  };
  return {
    model,
    fill,
    compare,
    lists,
    put: (bucket: string, key: string, data: string) => model.put({ bucket, key }, data),
  };
}

const plain: Rule = { name: 'r', source: { bucket: 'a' }, destination: { bucket: 'b' } };
/** Replica keys in another order than their sources: each pair is asked for. */
const reordered: Rule = { ...plain, destination: { bucket: 'b', key: '{dir}{name}-copy{ext}' } };

describe('backfill', () => {
  test('copies what is there, and what is equal already only costs a look', async () => {
    const { model, fill, put } = setUp({ ...plain, filters: { suffix: '.txt' } });
    for (const key of ['1.txt', '2.txt', 'x/3.txt', '4.jpg']) put('a', key, key);
    put('b', '2.txt', '2.txt');
    expect(await fill()).toEqual({ listed: 4, copied: 2, unchanged: 1, started: 0, skipped: 0, failed: 0 });
    expect(model.store.calls['copyObject']).toBe(2);
    expect(await fill()).toMatchObject({ copied: 0, unchanged: 3 });
    expect(model.store.get({ bucket: 'b', key: 'x/3.txt' })?.data).toBe('x/3.txt');
  });

  test('goes on behind a key, and stops when asked', async () => {
    const { fill, put } = setUp(plain);
    for (const key of ['1', '2', '3']) put('a', key, key);
    expect(await fill({ startAfter: '1' })).toMatchObject({ listed: 2, copied: 2 });
    const stop = new AbortController();
    const report = await fill({ signal: stop.signal, concurrency: 1, onOutcome: () => stop.abort() });
    expect(report.listed).toBe(1);
  });

  test('one failure is reported and does not stop the others', async () => {
    const { fill, put, model } = setUp(plain);
    for (const key of ['1', '2', '3']) put('a', key, key);
    model.store.refuse = (ref) => (ref.key === '2' ? new GiveUp('AccessDenied', 'no') : undefined);
    const failures: string[] = [];
    expect(await fill({ onFailure: ({ key }: { key: string }) => failures.push(key) })).toMatchObject({
      copied: 2,
      failed: 1,
    });
    expect(failures).toEqual(['2']);
  });

  test('both ways: the newer side of each pair wins, equal pairs are left alone', async () => {
    const { model, fill, put } = setUp(plain, { name: 'back', source: { bucket: 'b' }, destination: { bucket: 'a' } });
    put('a', 'same', 'x');
    put('b', 'same', 'x');
    put('a', 'older', 'left');
    model.now += 5000;
    put('b', 'older', 'right');
    put('a', 'new', 'y');
    expect(await fill()).toMatchObject({ listed: 3, copied: 1, unchanged: 1, skipped: 1 });
    expect(model.store.get({ bucket: 'b', key: 'older' })?.data).toBe('right');
  });

  test('an unknown rule is refused', async () => {
    const { model } = setUp(plain);
    const set = loadRules({ store: { scheme: 's3' }, rules: [plain] });
    const none: List = async function* () {};
    await expect(backfill(model.worldNow(), set, 'x', none, invocation)).rejects.toThrow(/no replication rule 'x'.*r/);
  });
});

describe.each([
  ['side by side', plain, ''],
  ['one by one', reordered, '-copy'],
])('reconcile, %s', (_how, rule, tail) => {
  function differing() {
    const at = setUp({ ...rule, deletes: 'all' });
    for (const key of ['a', 'b', 'c', '😀', '\uffee', 'd']) at.put('a', key, key.repeat(3));
    at.put('b', `a${tail}`, 'aaa');
    at.put('b', `b${tail}`, 'other');
    at.put('b', `c${tail}`, 'CCC');
    at.put('b', `😀${tail}`, '😀'.repeat(3));
    at.put('b', `\uffee${tail}`, '\uffee'.repeat(3));
    at.put('b', `gone${tail}`, 'x');
    return at;
  }
  const expected = ['different b 5 bytes instead of 3', 'different c another ETag', 'extra gone', 'missing d'];

  test('reports what is missing, different and extra', async () => {
    const { compare, model } = differing();
    const { report, found } = await compare();
    expect(found).toEqual(expected);
    expect(report).toEqual({
      compared: 7,
      equal: 3,
      missing: 1,
      different: 2,
      extra: 1,
      unproven: 0,
      repaired: 0,
      failed: 0,
    });
    expect(model.store.calls['copyObject']).toBeUndefined();
  });

  test('repairs if asked to, removing only if asked to as well', async () => {
    const { compare, model } = differing();
    expect((await compare({ fix: true })).report).toMatchObject({ repaired: 3, failed: 0 });
    expect((await compare()).found).toEqual(['extra gone']);
    expect((await compare({ fix: true, removeExtra: true })).report).toMatchObject({ extra: 1, repaired: 1 });
    expect((await compare()).report).toMatchObject({ compared: 6, equal: 6 });
    expect(model.store.get({ bucket: 'b', key: `c${tail}` })?.data).toBe('ccc');
  });

  test('compares metadata where it should', async () => {
    const { compare, model } = setUp(rule);
    model.put({ bucket: 'a', key: 'k' }, 'x', { note: '1' });
    model.put({ bucket: 'b', key: `k${tail}` }, 'x', { note: '2' });
    expect((await compare()).found).toEqual([]);
    expect((await compare({ metadata: true, fix: true })).found).toEqual(['different k other metadata:note']);
    expect((await compare({ metadata: true })).found).toEqual([]);
  });

  test('a failed repair is reported and does not stop the others', async () => {
    const { compare, model, put } = setUp(rule);
    for (const key of ['1', '2']) put('a', key, key);
    model.store.refuse = (ref) => (ref.key === `1${tail}` ? new GiveUp('AccessDenied', 'no') : undefined);
    expect((await compare({ fix: true })).report).toMatchObject({ missing: 2, repaired: 1, failed: 1 });
  });
});

test('two listings of equal order are walked once each, without a look at any object', async () => {
  const { compare, model, lists, put } = setUp(plain);
  for (let at = 0; at < 50; at += 1) for (const bucket of ['a', 'b']) put(bucket, `k${at}`, `${at}`);
  expect((await compare()).report).toMatchObject({ compared: 50, equal: 50 });
  expect(model.store.calls).toEqual({});
  expect(lists).toEqual(['b/', 'a/']);
});

test('what only filters on the object leave out is not missing', async () => {
  const { compare, model } = setUp({ ...plain, filters: { tags: { backup: 'yes' }, maxSize: 5 } });
  model.store.put({ bucket: 'a', key: 'tagged' }, 'x', { tags: { backup: 'yes' } });
  model.store.put({ bucket: 'a', key: 'large' }, 'xxxxxx', { tags: { backup: 'yes' } });
  model.store.put({ bucket: 'a', key: 'plain' }, 'x');
  expect((await compare()).found).toEqual(['missing tagged']);
});
