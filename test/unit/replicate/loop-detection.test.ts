import { describe, expect, test } from 'vitest';
import { loadRules, returns } from '../../../lib/replicate/rules/rules.ts';

const s3 = { scheme: 's3' as const };
type Loose = Record<string, unknown>;

const rule = (name: string, from: string, to: string, more: Loose = {}): Loose => ({
  name,
  source: { bucket: from },
  destination: { bucket: to },
  ...more,
});
const load = (...rules: Loose[]) => loadRules({ rules }, { defaultStore: s3 });

describe('loops', () => {
  const looped = (...rules: Loose[]) =>
    load(...rules)
      .routes.filter((route) => route.looped)
      .map(({ id }) => id);

  test('a chain is none, both ways is one, and so is a ring', () => {
    expect(looped(rule('ab', 'a', 'b'), rule('bc', 'b', 'c'))).toEqual([]);
    expect(looped(rule('ab', 'a', 'b'), rule('ba', 'b', 'a'), rule('bc', 'b', 'c'))).toEqual(['ab', 'ba']);
    expect(looped(rule('ab', 'a', 'b'), rule('bc', 'b', 'c'), rule('ca', 'c', 'a'))).toEqual(['ab', 'bc', 'ca']);
  });

  test('only rules that can feed each other', () => {
    const back = rule('ba', 'b', 'a', {
      source: { bucket: 'b', prefix: 'back/' },
      destination: { bucket: 'a', key: 'from-b/{key}' },
    });
    const out = rule('ab', 'a', 'b', { source: { bucket: 'a', prefix: 'out/' } });
    expect(looped(out, back)).toEqual([]);
  });

  test('a loop through another address of the same bucket is seen', () => {
    const at = (port: number, name: string, from: string, to: string) =>
      rule(name, from, to, { source: { bucket: from, store: { scheme: 's3', endpoint: `http://localhost:${port}` } } });
    expect(looped(at(1, 'ab', 'a', 'b'), at(2, 'ba', 'b', 'a'))).toEqual(['ab', 'ba']);
  });

  test('for one key, whether a way leads back', () => {
    const rules = load(rule('ab', 'a', 'b'), rule('ba', 'b', 'a', { filters: { glob: '*.jpg' } }));
    const [ab, ba] = rules.routes;
    expect(returns(rules, ab!, 'x.jpg')).toBe(true);
    expect(returns(rules, ba!, 'x.jpg')).toBe(true);
    expect(returns(rules, ab!, 'x.png')).toBe(false);
  });

  test('too long a loop is refused', () => {
    const ring = (length: number) =>
      Array.from({ length }, (_, at) => rule(`r${at}`, `b${at}`, `b${(at + 1) % length}`));
    expect(load(...ring(32)).routes).toHaveLength(32);
    expect(() => load(...ring(33))).toThrow(/loop of 33 rules/);
  });
});
