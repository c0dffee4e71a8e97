import { describe, expect, test } from 'vitest';
import type { RuleMode, RuleRequest } from '../../../lib/batch/index.ts';
import { CopyError, GiveUp } from '../../../lib/copy/model/errors.ts';
import { loadRules } from '../../../lib/replicate/rules/rules.ts';
import type { RulesInput } from '../../../lib/replicate/rules/schema.ts';
import { ruleWork } from '../../../lib/runtime/shared/rule-work.ts';
import type { SourcePorts } from '../../../lib/sources/shared/source.ts';
import { ModelWorld } from './model-world.ts';

type Rule = RulesInput['rules'][number];
type Wanted = Pick<RuleRequest, 'fix' | 'metadata' | 'removeExtra'>;

const invocation = { id: 'test', deadline: Infinity, attempt: 1 };

function setUp(...rules: Rule[]) {
  const set = loadRules({ store: { scheme: 's3' }, rules });
  const model = new ModelWorld(set);
  const world = model.worldNow();
  const lists: string[] = [];
  const list: SourcePorts['list'] = async (bucket, { prefix, startAfter = '', limit }) => {
    lists.push(`${bucket}/${prefix}`);
    const entries = [...model.store.objects.keys()]
      .filter((name) => name.startsWith(`${bucket}/${prefix}`))
      .map((name) => name.slice(bucket.length + 1))
      .filter((key) => startAfter === '' || Buffer.compare(Buffer.from(key), Buffer.from(startAfter)) > 0)
      .sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)))
      .map((key) => {
        const { data, etag, lastModified } = model.store.get({ bucket, key })!;
        return { key, size: data.length, etag, lastModified };
      });
    return { entries: entries.slice(0, limit), more: entries.length > limit };
  };
  /** Every object of the rule, in turn, page by page, as a batch does it; a new reader for each page, as after a crash. */
  const run = async (mode: RuleMode, wanted: Wanted = {}, { name = rules[0]!.name, pageSize = 2 } = {}) => {
    const work = ruleWork(set);
    const batch = { mode, rule: { name, destinations: [], ...wanted } };
    const counts: Record<string, number> = {};
    const count = (what: string, by = 1): void => void (counts[what] = (counts[what] ?? 0) + by);
    const found: string[] = [];
    const source = await work.open(batch, list);
    for (const range of await source.ranges()) {
      for (let cursor, last = false; !last;) {
        const { reader } = await work.open(batch, list);
        const page = await reader.read(range, cursor, pageSize, { split: false });
        for (const [why, rows = 0] of Object.entries(page.passedOver)) count(why, rows);
        for (const entry of page.entries) {
          const done = await work.work(world, batch, entry, invocation, {}).catch((error: unknown) => {
            if (!(error instanceof CopyError)) throw error;
            return { status: 'failed', differences: undefined } as const;
          });
          if ('job' in done) throw new Error('the model has no large objects');
          const [difference] = done.differences ?? [];
          count(done.status);
          if (difference) count(difference.what);
          if (difference) found.push([difference.what, entry.key, difference.why].filter(Boolean).join(' '));
        }
        ({ cursor, last } = page);
      }
    }
    return { counts, found: found.sort() };
  };
  return {
    model,
    run,
    lists,
    fill: async () => (await run('replicate')).counts,
    compare: (wanted?: Wanted) => run('reconcile', wanted),
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
    expect(await fill()).toEqual({ copied: 2, unchanged: 1, filtered: 1 });
    expect(model.store.calls['copyObject']).toBe(2);
    expect(await fill()).toEqual({ unchanged: 3, filtered: 1 });
    expect(model.store.get({ bucket: 'b', key: 'x/3.txt' })?.data).toBe('x/3.txt');
  });

  test('copies each object to each destination of the rule', async () => {
    const to = [{ bucket: 'b' }, { bucket: 'c', key: 'x/{key}' }];
    const { fill, put, model } = setUp({ ...plain, destination: to });
    for (const key of ['1', '2', '3']) put('a', key, key);
    expect(await fill()).toEqual({ copied: 6 });
    expect(model.store.get({ bucket: 'c', key: 'x/3' })?.data).toBe('3');
  });

  test('one failure is reported and does not stop the others', async () => {
    const { fill, put, model } = setUp(plain);
    for (const key of ['1', '2', '3']) put('a', key, key);
    model.store.refuse = (ref) => (ref.key === '2' ? new GiveUp('AccessDenied', 'no') : undefined);
    expect(await fill()).toEqual({ copied: 2, failed: 1 });
  });

  test('both ways: the newer side of each pair wins, equal pairs are left alone', async () => {
    const { model, fill, put } = setUp(plain, { name: 'back', source: { bucket: 'b' }, destination: { bucket: 'a' } });
    put('a', 'same', 'x');
    put('b', 'same', 'x');
    put('a', 'older', 'left');
    model.now += 5000;
    put('b', 'older', 'right');
    put('a', 'new', 'y');
    expect(await fill()).toEqual({ copied: 1, unchanged: 1, skipped: 1 });
    expect(model.store.get({ bucket: 'b', key: 'older' })?.data).toBe('right');
  });

  test('an unknown rule is refused', async () => {
    const { run } = setUp(plain);
    await expect(run('replicate', {}, { name: 'x' })).rejects.toThrow(/no replication rule 'x'.*r/);
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
    const { counts, found } = await compare();
    expect(found).toEqual(expected);
    expect((counts['equal'] ?? 0) + (counts['same'] ?? 0)).toBe(3);
    expect(counts).toMatchObject({ missing: 1, extra: 1 });
    expect(model.store.calls['copyObject']).toBeUndefined();
  });

  test('repairs if asked to, removing only if asked to as well', async () => {
    const { compare, model } = differing();
    expect((await compare({ fix: true })).counts).toMatchObject({ copied: 3, extra: 1 });
    expect((await compare()).found).toEqual(['extra gone']);
    expect((await compare({ fix: true, removeExtra: true })).counts).toMatchObject({ extra: 1, removed: 1 });
    expect((await compare()).found).toEqual([]);
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
    expect((await compare({ fix: true })).counts).toMatchObject({ missing: 2, copied: 1, failed: 1 });
  });
});

test('two listings of equal order are walked once each, without a look at any object', async () => {
  const { compare, model, lists, put } = setUp(plain);
  for (let at = 0; at < 50; at += 1) for (const bucket of ['a', 'b']) put(bucket, `k${at}`, `${at}`);
  expect((await compare()).counts).toEqual({ equal: 50 });
  expect(model.store.calls).toEqual({});
  expect(lists.sort()).toEqual(['a/', 'b/']);
});

test('what only filters on the object leave out is not missing', async () => {
  const { compare, model } = setUp({ ...plain, filters: { tags: { backup: 'yes' }, maxSize: 5 } });
  model.store.put({ bucket: 'a', key: 'tagged' }, 'x', { tags: { backup: 'yes' } });
  model.store.put({ bucket: 'a', key: 'large' }, 'xxxxxx', { tags: { backup: 'yes' } });
  model.store.put({ bucket: 'a', key: 'plain' }, 'x');
  expect((await compare()).found).toEqual(['missing tagged']);
});

test('rules that a batch keeps decide as those that they were written from', () => {
  const rules: Rule[] = [{ ...plain, source: { bucket: 'a', prefix: 'in/', store: 'named' }, deletes: 'verified' }];
  const place = { scheme: 'oss', endpoint: 'http://127.0.0.1:1', region: 'r' } as const;
  const address = { ...place, requestPayer: 'requester' } as const;
  const set = loadRules({ rules }, { stores: { named: address } });
  const again = loadRules(JSON.parse(ruleWork(set).text()));
  expect(JSON.parse(JSON.stringify(again.routes))).toEqual(JSON.parse(JSON.stringify(set.routes)));
  expect(again.routes[0]?.store).toEqual(address);
});
