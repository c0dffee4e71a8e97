import { describe, expect, it } from 'vitest';
import { compileChoice } from '../../../lib/keys/choice.ts';
import { compileWildcard, withoutEscapes } from '../../../lib/keys/wildcard.ts';

const matching = (pattern: string, ...texts: string[]): string[] => texts.filter(compileWildcard(pattern).test);

describe('compileWildcard', () => {
  it('lets a star stand for any run of characters, slashes too', () => {
    expect(matching('2024/*.jpg', '2024/a.jpg', '2024/x/b.jpg', '2024/.jpg', '2024/a.jpeg', '2025/a.jpg')).toEqual([
      '2024/a.jpg',
      '2024/x/b.jpg',
      '2024/.jpg',
    ]);
    expect(matching('*', '', 'a', 'a/b')).toEqual(['', 'a', 'a/b']);
  });

  it('lets a question mark stand for one character of any script', () => {
    expect(matching('a?c', 'abc', 'a/c', 'a\u{1F600}c', 'ac', 'abbc')).toEqual(['abc', 'a/c', 'a\u{1F600}c']);
  });

  it('reads classes, ranges and their contrary', () => {
    expect(matching('[a-c]x', 'ax', 'cx', 'dx')).toEqual(['ax', 'cx']);
    expect(matching('[!a-c]x', 'ax', 'dx')).toEqual(['dx']);
    expect(matching('[]x]', ']', 'x', 'y')).toEqual([']', 'x']);
    expect(matching('[a-]', '-', 'a', 'b')).toEqual(['-', 'a']);
  });

  it('takes two stars and a slash for any number of folders, also none', () => {
    expect(matching('2024/**/*.jpg', '2024/a.jpg', '2024/x/y/b.jpg', '2024a.jpg')).toEqual([
      '2024/a.jpg',
      '2024/x/y/b.jpg',
    ]);
    expect(matching('**/a', 'a', 'x/a', 'x/y/a', 'xa')).toEqual(['a', 'x/a', 'x/y/a']);
  });

  it('takes an escaped character as it stands', () => {
    expect(matching('a\\*', 'a*', 'ab')).toEqual(['a*']);
    expect(withoutEscapes('a\\*\\[1\\].txt')).toBe('a*[1].txt');
    expect(withoutEscapes('a\\*b*')).toBeUndefined();
    expect(withoutEscapes('a\\b')).toBe('a\\b');
  });

  it('knows what every match begins with', () => {
    expect(compileWildcard('2024/\\*x*').literal).toBe('2024/*x');
  });

  it('refuses a class that is not closed or runs backwards', () => {
    expect(() => compileWildcard('a[b')).toThrow(/without its \]/);
    expect(() => compileWildcard('[z-a]')).toThrow(/runs backwards/);
  });

  it('looks at each character of a key once, whatever the pattern', () => {
    // A matcher that goes back and tries again needs longer than the age of the universe for this one.
    expect(matching(`${'*a'.repeat(200)}b`, 'a'.repeat(1024))).toEqual([]);
    expect(matching(`${'**/'.repeat(200)}b`, 'a/'.repeat(512))).toEqual([]);
  });
});

describe('compileChoice', () => {
  const names = ['a.csv', 'x/b.csv', 'x/y/c.txt', 'tmp/d.csv', '.hidden'];
  const kept = (...rules: [keep: boolean, pattern: string][]): string[] =>
    names.filter(compileChoice({ rules: rules.map(([keep, pattern]) => ({ keep, pattern })) }));

  it('lets the last rule that matches win', () => {
    expect(kept([false, '*'], [true, '*.csv'])).toEqual(['a.csv', 'x/b.csv', 'tmp/d.csv']);
    expect(kept([false, '*'], [true, '*.csv'], [false, 'tmp/*'])).toEqual(['a.csv', 'x/b.csv']);
    expect(kept([true, '*.csv'], [false, '*'])).toEqual([]);
  });

  it('keeps what no rule matches, unless the first one says what to keep', () => {
    expect(kept([false, '*.csv'])).toEqual(['x/y/c.txt', '.hidden']);
    expect(kept([true, '*.txt'])).toEqual(['x/y/c.txt']);
  });

  it('reads a pattern with a slash from the prefix on, with everything below it', () => {
    expect(kept([true, 'x/*'])).toEqual(['x/b.csv', 'x/y/c.txt']);
    const below = compileChoice({ below: 'x/', rules: [{ keep: true, pattern: 'y/*' }] });
    expect(names.filter(below)).toEqual(['x/y/c.txt']);
  });

  it('asks for the wildcard, the expression and the rules together', () => {
    const test = compileChoice({ wildcard: '*.csv', regex: '.*/.*', rules: [{ keep: false, pattern: 'd.*' }] });
    expect(names.filter(test)).toEqual(['x/b.csv']);
  });
});
