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
  ])('%s in bucket/in/: %s', (key, inside) => {
    expect(isInside(['bucket/in/'], 'bucket/', key)).toBe(inside);
  });

  it('takes the empty area for everything, and no area for nothing', () => {
    expect(isInside([''], 'bucket/', 'a')).toBe(true);
    expect(isInside([], 'bucket/', 'a')).toBe(false);
    expect(isInside([''], 'bucket/', '../a')).toBe(false);
  });
});
