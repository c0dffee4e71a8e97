import { describe, expect, test } from 'vitest';
import { gaveUp } from '../../../lib/copy/model/errors.ts';
import type { ObjectEvent } from '../../../lib/replicate/events/event.ts';
import { requestsFor } from '../../../lib/replicate/one/requests.ts';
import { loadRules, routesFrom, sourceKeyOf } from '../../../lib/replicate/rules/rules.ts';

const s3 = { scheme: 's3' as const };
const oss = { scheme: 'oss' as const, region: 'cn-hangzhou' };
type Loose = Record<string, unknown>;

const rule = (name: string, from: string, to: string, more: Loose = {}): Loose => ({
  name,
  source: { bucket: from },
  destination: { bucket: to },
  ...more,
});
const load = (...rules: Loose[]) => loadRules({ rules }, { defaultStore: s3 });

/** What loading says when it refuses. */
function refusal(input: unknown, context = { defaultStore: s3 } as Parameters<typeof loadRules>[1]): string {
  try {
    loadRules(input, context);
  } catch (error) {
    if (gaveUp(error, 'BadRequest')) return error.message;
    throw error;
  }
  return 'accepted';
}

const created = (bucket: string, key: string, more: Partial<ObjectEvent> = {}): ObjectEvent => ({
  kind: 'created',
  scheme: 's3',
  bucket,
  key,
  at: 1000,
  source: 'test',
  id: '1',
  ...more,
});

describe('requestsFor', () => {
  test('one request for each destination of each rule that reads the key', () => {
    const rules = load(
      rule('two', 'photos', 'x', {
        destination: [
          { bucket: 'backup' },
          { bucket: 'archive', key: '{bucket}/{key}', storageClass: 'GLACIER_IR', acl: 'keep' },
        ],
      }),
      rule('other', 'videos', 'elsewhere'),
    );
    expect(requestsFor(created('photos', 'a b.jpg', { etag: 'e', size: 3 }), rules)).toEqual([
      {
        mode: 'replicate',
        store: s3,
        source: { bucket: 'photos', key: 'a b.jpg' },
        destination: { bucket: 'backup', key: 'a b.jpg' },
        options: {},
        labels: { rule: 'two' },
        seen: { etag: 'e', size: 3, notAfter: 1000 },
      },
      {
        mode: 'replicate',
        store: s3,
        source: { bucket: 'photos', key: 'a b.jpg' },
        destination: { bucket: 'archive', key: 'photos/a b.jpg' },
        options: { storageClass: 'GLACIER_IR', acl: 'keep' },
        labels: { rule: 'two#2' },
        seen: { etag: 'e', size: 3, notAfter: 1000 },
      },
    ]);
  });

  test('nothing for removals, other buckets, and what the filters leave out', () => {
    const rules = load(
      rule('f', 'photos', 'backup', {
        source: { bucket: 'photos', prefix: 'in/' },
        filters: { prefix: ['in/a', 'in/b'], suffix: '.jpg', glob: '**/*[0-9].*', minSize: 10, maxSize: 20 },
      }),
    );
    const asks = (key: string, more: Partial<ObjectEvent> = {}) =>
      requestsFor(created('photos', key, more), rules).length;
    expect(asks('in/a/x1.jpg')).toBe(1);
    expect(asks('in/b1.jpg')).toBe(1);
    expect(asks('in/c1.jpg')).toBe(0);
    expect(asks('in/ax.jpg')).toBe(0);
    expect(asks('in/a1.png')).toBe(0);
    expect(asks('a1.jpg')).toBe(0);
    expect(asks('in/a1.jpg', { size: 9 })).toBe(0);
    expect(asks('in/a1.jpg', { size: 10 })).toBe(1);
    expect(asks('in/a1.jpg', { size: 21 })).toBe(0);
    expect(asks('in/a1.jpg', { kind: 'removed' })).toBe(0);
    expect(asks('in/a1.jpg', { bucket: 'others' })).toBe(0);
  });

  test('metadata is added to what the source has; replicas of verified deletes follow their source', () => {
    const rules = load(
      rule('m', 'a', 'b', { destination: { bucket: 'b', metadata: { origin: 'a' } }, deletes: 'verified' }),
    );
    const [request] = requestsFor(created('a', 'k'), rules);
    expect(request?.options).toEqual({ metadata: { base: 'merge', set: { origin: 'a' } }, followDelete: true });
    expect(request).not.toHaveProperty('seen');
  });

  test('a versioned source is followed to its delete markers only when asked for', () => {
    const follow = (more: Loose) => {
      const rules = load(rule('m', 'a', 'b', more));
      return requestsFor(created('a', 'k', { versionId: 'v1' }), rules)[0]?.options.followDelete;
    };
    expect(follow({ deletes: 'all' })).toBeUndefined();
    expect(follow({ deletes: 'all', deleteMarkers: true })).toBe(true);
  });
});

describe('stores', () => {
  test('by name, by address, by default', () => {
    const context = { stores: { hz: oss, main: s3 }, defaultStore: s3 };
    const rules = loadRules(
      {
        rules: [
          rule('named', 'a', 'b', { source: { bucket: 'a', store: 'hz' } }),
          rule('given', 'c', 'd', {
            source: { bucket: 'c', store: { scheme: 's3', endpoint: 'http://127.0.0.1:9000' } },
          }),
          rule('default', 'e', 'f'),
        ],
      },
      context,
    );
    expect(rules.routes.map(({ store }) => store)).toEqual([
      oss,
      { scheme: 's3', endpoint: 'http://127.0.0.1:9000' },
      s3,
    ]);
  });

  test('missing ones are named', () => {
    expect(refusal({ rules: [rule('r', 'a', 'b')] }, {})).toContain("rule 'r': it names no store");
    expect(refusal({ store: 'x', rules: [rule('r', 'a', 'b')] }, { stores: { hz: oss } })).toMatch(/no store 'x'.*hz/);
    expect(refusal({ store: 'toString', rules: [rule('r', 'a', 'b')] }, { stores: {} })).toMatch(/no store/);
  });
});

describe('refused, by the name of the rule', () => {
  test.each<[string, Loose[], RegExp]>([
    ['an unknown key', [rule('r', 'a', 'b', { filter: {} })], /rule 'r': Unrecognized key: "filter"/],
    ['an unknown key deep inside', [rule('r', 'a', 'b', { filters: { sufix: 'x' } })], /rule 'r': filters: .*sufix/],
    ['a wrong type', [rule('r', 'a', 'b', { filters: { minSize: '1' } })], /rule 'r': filters.minSize/],
    ['a rule without a name', [{ source: { bucket: 'a' }, destination: { bucket: 'b' } }], /rule number 1: name/],
    ['a bad name', [rule('a b', 'a', 'b')], /rule 'a b': name: letters/],
    ['two of a name', [rule('r', 'a', 'b'), rule('r', 'c', 'd')], /'r': there are two rules/],
    ['sizes the wrong way round', [rule('r', 'a', 'b', { filters: { minSize: 2, maxSize: 1 } })], /'r': .*minSize/],
    ['markers without deletes', [rule('r', 'a', 'b', { deleteMarkers: true })], /'r': deleteMarkers/],
    [
      'our own metadata',
      [rule('r', 'a', 'b', { destination: { bucket: 'b', metadata: { 'ferry-replica': 'x' } } })],
      /'r': .*reserved/,
    ],
    [
      'a template that loses the key',
      [rule('r', 'a', 'b', { destination: { bucket: 'b', key: '{name}' } })],
      /'r': key template/,
    ],
    [
      'a filter that never fits',
      [rule('r', 'a', 'b', { source: { bucket: 'a', prefix: 'x/' }, filters: { prefix: 'y/' } })],
      /'r': no key can/,
    ],
    ['a rule onto itself', [rule('r', 'a', 'a')], /'r': its replicas in s3:\/\/a\/ would be sources/],
    [
      'a destination inside its source',
      [rule('r', 'a', 'a', { destination: { bucket: 'a', key: 'backup/{key}' } })],
      /'r': its replicas in s3:\/\/a\/backup\//,
    ],
    [
      'two rules to one place',
      [rule('one', 'a', 'c'), rule('two', 'b', 'c')],
      /rules 'one' and 'two' could write the same key in s3:\/\/c\//,
    ],
    [
      'two destinations to one place',
      [rule('r', 'a', 'b', { destination: [{ bucket: 'b' }, { bucket: 'b', key: '{relative}' }] })],
      /two destinations of rule 'r'/,
    ],
    [
      'a loop that deletes whatever stands there',
      [rule('there', 'a', 'b'), rule('back', 'b', 'a', { deletes: 'all' })],
      /'back': in a loop \('there', 'back'\) deletes 'all'/,
    ],
    [
      'nested destination prefixes',
      [
        rule('one', 'a', 'c', { destination: { bucket: 'c', key: 'x/{key}' } }),
        rule('two', 'b', 'c', { destination: { bucket: 'c', key: 'x/y/{key}' } }),
      ],
      /'one' and 'two'/,
    ],
  ])('%s', (_what, rules, message) => {
    expect(refusal({ rules })).toMatch(message);
  });

  test('all problems at once', () => {
    const message = refusal({ rules: [rule('one', 'a', 'a'), rule('two', 'b', 'b')] });
    expect(message).toContain("'one'");
    expect(message).toContain("'two'");
  });

  test('something that is no configuration', () => {
    expect(refusal('rules')).toMatch(/cannot be used/);
    expect(refusal({ rules: [] })).toMatch(/cannot be used/);
    expect(refusal({ rules: [rule('r', 'a', 'b')], extra: 1 })).toMatch(/extra/);
  });

  test('one vendor bucket by two endpoints is one bucket, two private stores are two', () => {
    const at = (endpoint: string, name: string, from: string) =>
      rule(name, from, 'c', { source: { bucket: from, store: { scheme: 'oss', endpoint } } });
    const hangzhou = 'https://oss-cn-hangzhou.aliyuncs.com';
    const inside = 'https://oss-cn-hangzhou-internal.aliyuncs.com';
    expect(refusal({ rules: [at(hangzhou, 'one', 'a'), at(inside, 'two', 'b')] })).toMatch(/same key/);
    expect(refusal({ rules: [at('http://10.0.0.1', 'one', 'a'), at('http://10.0.0.2', 'two', 'b')] })).toBe('accepted');
  });
});

describe('accepted', () => {
  test.each<[string, Loose[]]>([
    [
      'prefix to prefix in one bucket',
      [
        rule('r', 'a', 'a', {
          source: { bucket: 'a', prefix: 'in/' },
          destination: { bucket: 'a', key: 'out/{relative}' },
        }),
      ],
    ],
    [
      'a suffix that keeps replicas out of the source',
      [rule('r', 'a', 'a', { filters: { suffix: '.jpg' }, destination: { bucket: 'a', key: '{key}.bak' } })],
    ],
    [
      'two sources to a place each',
      [
        rule('one', 'a', 'c', { destination: { bucket: 'c', key: '{bucket}/{key}' } }),
        rule('two', 'b', 'c', { destination: { bucket: 'c', key: '{bucket}/{key}' } }),
      ],
    ],
    [
      'two suffixes to one place',
      [rule('one', 'a', 'c', { filters: { suffix: '.jpg' } }), rule('two', 'a', 'c', { filters: { suffix: '.png' } })],
    ],
  ])('%s', (_what, rules) => {
    expect(refusal({ rules })).toBe('accepted');
  });
});

test('a replica key leads back to its source key through the filters', () => {
  const rules = load(
    rule('r', 'a', 'b', { filters: { suffix: '.jpg' }, destination: { bucket: 'b', key: 'x/{key}' } }),
  );
  const [route] = rules.routes;
  expect(sourceKeyOf(route!, 'x/k.jpg')).toBe('k.jpg');
  expect(sourceKeyOf(route!, 'x/k.png')).toBeUndefined();
  expect(sourceKeyOf(route!, 'k.jpg')).toBeUndefined();
  expect(routesFrom(rules, 'a', '')).toEqual([]);
});
