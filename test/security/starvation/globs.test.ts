/** Globs that callers choose: every key of a batch is tried with each of them. */
import { describe, expect, it } from 'vitest';
import { batchBody } from '../../../lib/api/batches/schemas.ts';

const complaints = (filters: object): string[] => {
  const source = { prefix: 'oss://photos/public/' };
  const parsed = batchBody.safeParse({ source, destination: 'oss://photos/copy/', filters });
  return parsed.error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`) ?? [];
};

describe('filters of a batch', () => {
  it.each([
    ['1,300 globs of three stars', { glob: Array.from({ length: 1300 }, (_, i) => `public/*a*a*ab${i}`) }, 'glob'],
    ['five globs of three stars', { glob: Array.from({ length: 5 }, (_, i) => `*a*a*ab${i}`) }, 'glob'],
    ['one glob of four stars', { glob: '*a*a*a*b' }, 'glob'],
    ['stars and braces together', { glob: ['*{a,b}*{c,d}'] }, 'glob'],
    ['101 globs without a star', { glob: Array.from({ length: 101 }, (_, i) => `a${i}`) }, 'glob'],
    ['a glob longer than a key', { glob: 'a'.repeat(1025) }, 'glob'],
    ['101 prefixes', { prefix: Array.from({ length: 101 }, (_, i) => `a${i}`) }, 'prefix'],
    ['101 suffixes', { suffix: Array.from({ length: 101 }, (_, i) => `a${i}`) }, 'suffix'],
  ])('are refused with %s', (_what, filters, field) => {
    expect(complaints(filters)).toEqual([expect.stringMatching(new RegExp(`^filters\\.${field} may `))]);
  });

  it('are taken with a dozen stars over all globs, and a hundred names', () => {
    expect(complaints({ glob: ['*/*/*.jpg', '**/*.png', '{a,b}/*/c*', '*.gif', '*.tif', '*.bmp', '*.raw'] })).toEqual(
      [],
    );
    expect(complaints({ glob: Array.from({ length: 100 }, (_, i) => `name-${i}`) })).toEqual([]);
  });
});
