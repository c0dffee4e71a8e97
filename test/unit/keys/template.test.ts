import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileTemplate, splitKey } from '../../../lib/keys/template.ts';

const source = { bucket: 'photos', prefix: 'in/' };

describe('splitKey', () => {
  test.each([
    ['a/b/photo.tar.gz', 'a/b/', 'photo.tar', '.gz'],
    ['photo', '', 'photo', ''],
    ['.bashrc', '', '.bashrc', ''],
    ['a.b/c', 'a.b/', 'c', ''],
    ['dir/', 'dir/', '', ''],
    ['a/.x.y', 'a/', '.x', '.y'],
    ['end.', '', 'end', '.'],
  ])('%s', (key, dir, name, ext) => {
    expect(splitKey(key)).toEqual({ dir, name, ext });
  });
});

describe('apply', () => {
  test.each([
    ['{key}', 'in/a/b.jpg', 'in/a/b.jpg'],
    ['backup/{key}', 'in/a/b.jpg', 'backup/in/a/b.jpg'],
    ['{bucket}/{relative}', 'in/a/b.jpg', 'photos/a/b.jpg'],
    ['{key}.bak', 'in/a.jpg', 'in/a.jpg.bak'],
    ['{dir}small/{name}-200{ext}', 'in/a/b.jpg', 'in/a/small/b-200.jpg'],
    ['{{{key}}}', 'in/a', '{in/a}'],
  ])('%s of %s is %s', (template, key, replica) => {
    const compiled = compileTemplate(template, source);
    expect(compiled.apply(key)).toBe(replica);
    expect(compiled.invert(replica)).toBe(key);
  });
});

test('a key that the template cannot have made has no source', () => {
  const compiled = compileTemplate('backup/{relative}.bak', source);
  expect(compiled.invert('other/a.bak')).toBeUndefined();
  expect(compiled.invert('backup/a')).toBeUndefined();
  expect(compileTemplate('{key}', source).invert('out/a')).toBeUndefined();
  expect(compileTemplate('x{key}x', source).invert('x')).toBeUndefined();
});

describe('templates that lose part of the key, or are none', () => {
  test.each([
    '{name}{ext}',
    'fixed',
    '{dir}{name}',
    '{key}{key}',
    '{name}{dir}{ext}',
    '{dir}{name}.old{ext}',
    '{dir}{name}{ext}.bak',
  ])('%s', (template) => {
    expect(() => compileTemplate(template, source)).toThrow(/template/);
  });

  test.each(['{keys}', '{key', 'key}', '{}', '{ key }'])('%s', (template) => {
    expect(() => compileTemplate(template, source)).toThrow(/literal brace|there is no/);
  });
});

describe('for every key', () => {
  const part = fc.string({ unit: fc.constantFrom('a', 'b', '.', '/', 'é', '-', '%', '+'), maxLength: 12 });
  const literal = fc.string({ unit: fc.constantFrom('a', '.', '/', '-'), maxLength: 4 });
  const tail = fc.string({ unit: fc.constantFrom('a', '-', '_'), maxLength: 3 });
  const templates = fc.oneof(
    fc.tuple(literal, literal).map(([a, b]) => `${a}{key}${b}`),
    fc.tuple(literal, literal).map(([a, b]) => `${a}{relative}${b}`),
    fc.tuple(literal, literal, tail, tail).map(([a, b, c, d]) => `${a}{dir}${b}{name}${c}{ext}${d}`),
  );
  const prefixes = fc.constantFrom('', 'a', 'a/', 'a/b', 'a/b/');

  test('the replica tells its source', () => {
    fc.assert(
      fc.property(templates, prefixes, part, (template, prefix, rest) => {
        const compiled = compileTemplate(template, { bucket: 'x', prefix });
        const key = prefix + rest;
        expect(compiled.invert(compiled.apply(key))).toBe(key);
      }),
      { numRuns: 2000 },
    );
  });

  test('replicas start and end as the key space says', () => {
    fc.assert(
      fc.property(templates, prefixes, part, part, fc.nat(4), (template, prefix, more, rest, cut) => {
        const compiled = compileTemplate(template, { bucket: 'x', prefix });
        const key = prefix + more + rest;
        const replica = compiled.apply(key);
        expect(replica.startsWith(compiled.startFor(prefix + more))).toBe(true);
        const suffix = key.slice(Math.max(0, key.length - cut));
        expect(replica.endsWith(compiled.endFor(suffix))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('keepsOrder does', () => {
    fc.assert(
      fc.property(templates, prefixes, part, part, (template, prefix, a, b) => {
        const { apply, keepsOrder } = compileTemplate(template, { bucket: 'x', prefix });
        fc.pre(keepsOrder);
        const [x, y] = [Buffer.from(prefix + a), Buffer.from(prefix + b)];
        const [p, q] = [Buffer.from(apply(prefix + a)), Buffer.from(apply(prefix + b))];
        expect(Math.sign(p.compare(q))).toBe(Math.sign(x.compare(y)));
      }),
    );
  });
});
