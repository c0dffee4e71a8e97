import { expect, test } from 'vitest';
import { filterEntry } from '../../../lib/batch/request/filter.ts';
import type { MappingInput } from '../../../lib/batch/request/mapping.ts';
import { compileMapping } from '../../../lib/batch/request/mapping.ts';
import { compileFilters } from '../../../lib/keys/filters.ts';
import { oss } from '../../../lib/store/dialects/oss.ts';

const facts = oss.facts;

function map(mapping: MappingInput | undefined, key: string, prefix = '') {
  return compileMapping(mapping, { source: { kind: 'prefix', prefix }, facts, bucket: 'backup' })({
    bucket: 'photos',
    key,
  });
}

const prefix = (otherwise?: 'fail' | 'skip' | 'keep'): MappingInput => ({
  kind: 'prefix',
  from: 'a/',
  to: 'b/',
  otherwise,
});

test.each<[MappingInput | undefined, string, string | undefined]>([
  [undefined, 'a/b', 'a/b'],
  [prefix(), 'a/x', 'b/x'],
  [prefix('skip'), 'c/x', undefined],
  [prefix('keep'), 'c/x', 'c/x'],
  [{ kind: 'template', template: 'copy/{relative}' }, 'in/x.jpg', 'copy/x.jpg'],
  [{ kind: 'template', template: '{bucket}/{dir}{name}_old{ext}' }, 'in/x.jpg', 'photos/in/x_old.jpg'],
  [{ kind: 'pattern', pattern: '(\\d{4})/(\\d\\d)/(.*)', to: '$2-$1/$3' }, '2026/11/x', '11-2026/x'],
  [{ kind: 'pattern', pattern: 'in/(?<name>.*)', to: '$$$<name>$&' }, 'in/x', '$xin/x'],
  [{ kind: 'pattern', pattern: 'a(b)?c', to: 'x$1' }, 'ac', 'x'],
  [{ kind: 'pattern', pattern: 'a', to: 'b', otherwise: 'skip' }, 'aa', undefined],
])('%j: %s becomes %s', (mapping, key, expected) => {
  expect(map(mapping, key, 'in/')).toEqual(expected === undefined ? undefined : { bucket: 'backup', key: expected });
});

test.each<[MappingInput, string, RegExp]>([
  [prefix(), 'c/x', /does not start with 'a\/'/],
  [{ kind: 'prefix', from: 'a', to: '' }, 'a', /empty/],
  [{ kind: 'prefix', from: '', to: '/' }, 'a', /must not start with/],
  [{ kind: 'prefix', from: '', to: 'é'.repeat(600) }, 'a', /bytes of UTF-8/],
  [{ kind: 'pattern', pattern: 'a', to: 'b' }, 'x', /does not match/],
  [{ kind: 'pattern', pattern: '(a)', to: '$2' }, 'a', /no group/],
  [{ kind: 'pattern', pattern: '(a)', to: '$<n>' }, 'a', /no group/],
  [{ kind: 'pattern', pattern: '(a)', to: '5$' }, 'a', /literal dollar/],
  [{ kind: 'pattern', pattern: '(a+)+', to: 'b' }, 'a', /repeats a group/],
  [{ kind: 'template', template: '{name}' }, 'a', /whole key/],
])('%j of %s is refused', (mapping, key, why) => {
  expect(() => map(mapping, key)).toThrow(why);
});

test('what the source says goes first', () => {
  const mapped = compileMapping(prefix(), { source: { kind: 'manifest' }, facts, bucket: 'backup' });
  const entry = { bucket: 'photos', key: 'x' };
  expect(mapped({ ...entry, destination: { key: 'y' } })).toEqual({ bucket: 'backup', key: 'y' });
  expect(mapped({ ...entry, destination: { bucket: 'other', key: 'y' } })).toEqual({ bucket: 'other', key: 'y' });
});

test('a filter asks the store for what the source does not tell', () => {
  const entry = { bucket: 'photos', key: 'a.jpg' };
  const large = compileFilters({ suffix: ['.jpg'], minSize: 10, storageClasses: ['IA'] });
  expect(filterEntry(large, entry)).toBe('ask');
  expect(filterEntry(large, { ...entry, size: 10, storageClass: 'IA' })).toBe(true);
  expect(filterEntry(large, { ...entry, size: 9 })).toBe(false);
  expect(filterEntry(large, { ...entry, size: 10, storageClass: 'Standard' })).toBe(false);
  expect(filterEntry(large, { ...entry, key: 'a.png' })).toBe(false);
  expect(filterEntry(compileFilters({ tags: { a: 'b' } }), entry)).toBe('ask');
  expect(filterEntry(compileFilters({}), entry)).toBe(true);
});
