import { describe, expect, it } from 'vitest';
import { isInside } from '../../../lib/keys/prefixes.ts';

describe('isInside', () => {
  it.each([
    ['in/a', true],
    ['in/', true],
    ['in', false],
    ['in/../secret', false],
    ['in/./a', true],
    ['in/../in/a', true],
    ['../bucket/in/a', false],
    ['inside', false],
    ['x/../in/a', false],
    ['', false],
    ['in//a', true],
    ['in//../secret', false],
    ['in/a//../../../secret', false],
    ['in/a//../b', true],
    ['in///../../secret', false],
    ['in//..', false],
    ['/in/a', false],
  ])('%s in bucket/in/: %s', (key, inside) => {
    expect(isInside(['bucket/in/'], 'bucket/', key)).toBe(inside);
  });

  it('keeps areas whose own name holds two slashes in a row', () => {
    expect(isInside(['bucket/in//deep/'], 'bucket/', 'in//deep/a')).toBe(true);
    expect(isInside(['bucket//'], 'bucket/', '/a')).toBe(true);
    expect(isInside(['bucket/in//deep/'], 'bucket/', 'in//deep//../../secret')).toBe(false);
  });

  it('refuses a key that climbs above its bucket once slashes are merged', () => {
    expect(isInside([''], 'bucket/', 'a//../../other')).toBe(false);
  });

  it('takes the empty area for everything, and no area for nothing', () => {
    expect(isInside([''], 'bucket/', 'a')).toBe(true);
    expect(isInside([], 'bucket/', 'a')).toBe(false);
    expect(isInside([''], 'bucket/', '../a')).toBe(false);
  });
});
