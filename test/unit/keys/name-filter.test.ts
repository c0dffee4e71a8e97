import { describe, expect, it } from 'vitest';
import { nameFilter } from '../../../lib/keys/name-filter.ts';

describe('nameFilter', () => {
  const names = ['a.log', 'x/b.log', 'x/y/c.txt', '.hidden', 'x/#odd?*.log', '!bang'];
  const kept = (include: string[], exclude: string[]) => names.filter(nameFilter(include, exclude));

  it('keeps everything by default', () => {
    expect(kept([], [])).toEqual(names);
  });

  it('finds a bare pattern at any depth', () => {
    expect(kept(['*.log'], [])).toEqual(['a.log', 'x/b.log', 'x/#odd?*.log']);
  });

  it('reads a pattern with a slash from the prefix on', () => {
    expect(kept(['x/*'], [])).toEqual(['x/b.log', 'x/#odd?*.log']);
    expect(kept(['x/**'], [])).toEqual(['x/b.log', 'x/y/c.txt', 'x/#odd?*.log']);
  });

  it('lets exclude win', () => {
    expect(kept(['*.log', '*.txt'], ['x/**'])).toEqual(['a.log']);
    expect(kept([], ['.*', '!*'])).toEqual(['a.log', 'x/b.log', 'x/y/c.txt', 'x/#odd?*.log']);
  });
});
