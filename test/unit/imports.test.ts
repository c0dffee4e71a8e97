import { expect, test } from 'vitest';
import { circles, importsOf, sources } from './import-graph.ts';

/** The areas that an area may import, besides itself; ARCHITECTURE.md has the same table. */
const allowed: Record<string, readonly string[] | 'anything'> = {
  'lib/copy': [],
  'lib/keys': ['lib/copy'],
  'lib/sources': ['lib/copy', 'lib/keys'],
  'lib/cost': ['lib/copy'],
  // Where the vendors' tools keep settings and keys; the configuration reads the ones, the signer the others.
  'lib/profiles': ['lib/copy'],
  'lib/store': ['lib/copy', 'lib/profiles'],
  'lib/state': ['lib/copy'],
  // The durable queue is a table in the state's own file: one fsync keeps both.
  'lib/queue': ['lib/copy', 'lib/state'],
  // A rule's sides are listed as the sources of batches are; what a batch does with them is wired in lib/runtime.
  'lib/replicate': ['lib/copy', 'lib/keys', 'lib/sources'],
  'lib/batch': ['lib/copy', 'lib/keys', 'lib/sources', 'lib/cost'],
  'lib/api': ['lib/copy', 'lib/keys', 'lib/sources', 'lib/cost', 'lib/batch'],
  // `ferry.yaml` holds callers and rules.
  'lib/config': ['lib/copy', 'lib/keys', 'lib/profiles', 'lib/replicate', 'lib/api'],
  'lib/log.ts': ['lib/copy', 'lib/config'],
  'lib/twin': [],
  'lib/runtime': [
    'lib/copy',
    'lib/profiles',
    'lib/sources',
    'lib/store',
    'lib/state',
    'lib/queue',
    'lib/replicate',
    'lib/batch',
    'lib/api',
    'lib/config',
    'lib/log.ts',
  ],
  functions: ['lib/runtime', 'lib/copy', 'lib/replicate', 'lib/batch', 'lib/api', 'lib/config', 'lib/log.ts'],
  'lib/cli': 'anything',
};

const files = [...sources('lib'), ...sources('functions')];

function area(path: string): string {
  const [top, second] = path.split('/');
  return top === 'lib' && second ? `lib/${second}` : (top ?? '');
}

test('every area of lib has its row in the table of imports', () => {
  expect([...new Set(files.map(area))].sort()).toEqual(Object.keys(allowed).sort());
});

test.each(Object.entries(allowed))('%s imports only what it may', (name, may) => {
  if (may === 'anything') return;
  const wrong = files
    .filter((file) => area(file) === name)
    .flatMap((file) =>
      importsOf(file)
        .filter((target) => area(target) !== name && !may.includes(area(target)))
        .map((target) => `${file} imports ${target}`),
    );
  expect(wrong).toEqual([]);
});

test('nothing in lib imports a function', () => {
  const wrong = sources('lib').filter((file) => importsOf(file).some((target) => area(target) === 'functions'));
  expect(wrong.filter((file) => !file.startsWith('lib/cli/'))).toEqual([]);
});

test('no file imports, through others, itself', () => {
  expect(circles(new Map(files.map((file) => [file, importsOf(file)])))).toEqual([]);
});
