/** Patterns that callers choose, on keys that any writer of a bucket chooses. */
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { compilePattern } from '../../../lib/keys/pattern.ts';
import { compileReplacement } from '../../../lib/keys/replacement.ts';

const longest = 1024;

/** They kept JavaScript's matcher busy for seconds to years, with a key of a kilobyte. */
const hostile = [
  '.*.*.{0,15}[^b]*b',
  '.*.*[^b]*b[^c]*c',
  '.*.*(?:a|.|[^b]|\\w|\\p{L}|[a-c]|[a-d]|[a-e]|[a-f])[^b]*b',
  '.*.*.*x',
  '(.*)-(.*)-(.*)-(.*)-x',
  `${'a?'.repeat(30)}${'a'.repeat(30)}`,
  `${'(a|a)'.repeat(40)}b`,
  `${'([a-z]*|)'.repeat(6)}!`,
  '[^/]*/?[^/]*/?[^/]*/?!',
  '[^x]*y[^x]*y[^x]*y[^x]*z',
];

afterEach(() => vi.restoreAllMocks());

describe('a hostile pattern', () => {
  it.each(hostile)('%s is matched by the automaton alone, never by a matcher that goes back', (pattern) => {
    const compiled = compilePattern(pattern);
    const exec = vi.spyOn(RegExp.prototype, 'exec');
    const matched = vi.spyOn(RE2JS.prototype, 'matcher');
    for (const key of ['a'.repeat(longest), 'y'.repeat(longest), '/'.repeat(longest)]) compiled.test(key);
    const subjects = exec.mock.calls.map(([subject]) => subject.length);
    expect(Math.max(0, ...subjects)).toBeLessThan(longest);
    expect(matched).toHaveBeenCalledTimes(3);
  });

  it('has an automaton of bounded size, so the steps for a key are at most its length times that', () => {
    const pieces = fc.constantFrom(
      '.*',
      'a{0,40}',
      '[^b]*',
      '(a|b)',
      'a?',
      '\\w+',
      '\\p{L}*',
      '(?:.+)?',
      'a{30}',
      '(.*)',
    );
    fc.assert(
      fc.property(fc.array(pieces, { minLength: 1, maxLength: 60 }), (parts) => {
        const compile = vi.spyOn(RE2JS, 'compile');
        try {
          compilePattern(parts.join(''));
          const automaton = compile.mock.results.at(-1)?.value as RE2JS;
          expect(automaton.programSize()).toBeLessThanOrEqual(1000);
        } catch (error) {
          expect(String(error)).toMatch(/too large|longer than|invalid/);
        } finally {
          compile.mockRestore();
        }
      }),
      { numRuns: 50 },
    );
  });
});

const atoms = fc.constantFrom(
  ...[
    'a',
    'b',
    '/',
    '.',
    '[^/]',
    '[ab]',
    '\\d',
    '\\w',
    '\\s',
    '\\S',
    '[\\s/]',
    '[^\\s]',
    '\\p{L}',
    '\\u{1F600}',
    '\\x2d',
    '\\.',
  ],
  ...['[[a]', '[\\]a]', '[^]', '\\W', '\\D', '\\b', '\\u00e9', '[a-c]', '\\/', '\\0'],
);
const repeats = fc.constantFrom('', '', '*', '+', '?', '*?', '+?', '??', '{2}', '{0,3}', '{1,}?');
const piece = fc.tuple(atoms, repeats).map(([atom, repeat]) => (atom === '\\b' ? atom : atom + repeat));
const sequence = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(''));
const group = fc.tuple(sequence, sequence, fc.constantFrom('', '?')).map(([a, b, may]) => `(${a}|${b})${may}`);
const pattern = fc.array(fc.oneof(sequence, group), { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''));
const characters = fc.constantFrom(...'aab//c1-. \n\u00a0\u2003\u00e9\u{1F600}_\0[]');
const key = fc.array(characters, { maxLength: 12 }).map((list) => list.join(''));

it('a pattern that is taken means what it means in JavaScript: the same keys, the same groups', () => {
  let taken = 0;
  fc.assert(
    fc.property(pattern, key, (text, subject) => {
      const theirs = new RegExp(`^(?:${text})$`, 'us');
      const ours = takenOnly(text);
      if (!ours) return;
      taken += 1;
      const to = Array.from({ length: ours.groups }, (_, i) => `<$${i + 1}>`).join('') + '$&$$';
      const replacement = compileReplacement(to, { pattern: text, ...ours });
      expect(ours.test(subject)).toBe(theirs.test(subject));
      expect(ours.replace(subject, replacement)).toBe(theirs.test(subject) ? subject.replace(theirs, to) : undefined);
    }),
    { numRuns: 2000 },
  );
  expect(taken).toBeGreaterThan(1000);
});

function takenOnly(text: string): ReturnType<typeof compilePattern> | undefined {
  try {
    return compilePattern(text);
  } catch (error) {
    expect(String(error)).toContain('makes a group optional that can match nothing');
    return undefined;
  }
}
