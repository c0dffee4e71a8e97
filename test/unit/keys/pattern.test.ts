import { describe, expect, test } from 'vitest';
import { compilePattern } from '../../../lib/keys/pattern.ts';

describe('taken', () => {
  test.each([
    ['photos/(.*)', 'photos/a/b'],
    ['^photos/(.*)$', 'photos/a/b'],
    ['(.*)/(.*)\\.(jpe?g|png)', 'a/b/c.jpg'],
    ['(?<year>\\d{4})/(?<month>\\d\\d)/([^/]+)/(.*)', '2026/11/x/y'],
    ['[^/]+/[^/]+/[^/]+/[^/]+/[^/]+/.*', 'a/b/c/d/e/f'],
    ['\\p{L}+-\\d+', 'Ärger-7'],
    ['a.c', 'a\nc'],
    ['.', '\u{1F600}'],
    ['[\\]\\\\x]+\\.z', ']\\x.z'],
    ['(?:draft-)?(.+)', 'draft-1'],
    ['a|b|', ''],
  ])('%s', (pattern, key) => {
    expect(compilePattern(pattern).test(key)).toBe(true);
  });
});

test.each(['photos', 'xphotos', 'photosx', 'x\nphotos'])('the whole key is meant: %j', (key) => {
  expect(compilePattern('photos').test(key)).toBe(key === 'photos');
});

describe('refused', () => {
  test.each([
    ['(a+)+b', /repeats a group/],
    ['(?:a|aa)*b', /repeats a group/],
    ['(ab){3}', /repeats a group/],
    ['(.*)\\1', /refers back/],
    ['(?<n>.*)\\k<n>', /refers back/],
    ['(?=a).*', /looks ahead/],
    ['.*(?<!x)', /looks ahead/],
    ['a{0,900}a{0,900}b', /too large/],
    ['a{1001}', /invalid repeat count/],
    ['\\p{Script=Greek}', /is not taken here/],
    ['[]', /empty class/],
    ['a(.*)?', /optional that can match nothing/],
    ['[a\\S]', /\\S in a class/],
    ['(', /is none/],
    ['a'.repeat(1001), /longer than/],
  ])('%s', (pattern, why) => {
    expect(() => compilePattern(pattern)).toThrow(why);
  });
});
