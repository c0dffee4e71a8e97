import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { expect, test } from 'vitest';

/** Who may import whom, besides itself; the same table stands in ARCHITECTURE.md. */
const allowed: Record<string, readonly string[] | 'anything'> = {
  'lib/copy': [],
  'lib/store': ['lib/copy'],
  'lib/state': ['lib/copy'],
  // The durable queue is a table in the state's own file: one fsync keeps both.
  'lib/queue': ['lib/copy', 'lib/state'],
  'lib/replicate': ['lib/copy'],
  'lib/batch': ['lib/copy'],
  'lib/api': ['lib/copy', 'lib/batch'],
  'lib/twin': [],
  'lib/runtime': [
    'lib/copy',
    'lib/store',
    'lib/state',
    'lib/queue',
    'lib/replicate',
    'lib/batch',
    'lib/api',
    'lib/config/env.ts',
    'lib/log.ts',
  ],
  functions: ['lib/runtime', 'lib/copy', 'lib/replicate', 'lib/batch', 'lib/api', 'lib/config/env.ts', 'lib/log.ts'],
  'lib/cli': 'anything',
};

const root = join(import.meta.dirname, '../..');

function area(path: string): string {
  const [top, second] = path.split('/');
  return top === 'lib' && second ? `lib/${second}` : (top ?? '');
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found = text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g);
  return [...found].map(([, target]) => normalize(join(dirname(file), target ?? '')));
}

function sources(folder: string): string[] {
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

test.each(Object.entries(allowed))('%s imports only what it may', (folder, may) => {
  if (may === 'anything') return;
  const wrong = sources(folder).flatMap((file) =>
    importsOf(file)
      .filter((target) => area(target) !== folder && !may.includes(area(target)))
      .map((target) => `${file} imports ${target}`),
  );
  expect(wrong).toEqual([]);
});

test('nothing in lib imports a function', () => {
  const wrong = sources('lib').filter((file) => importsOf(file).some((target) => area(target) === 'functions'));
  expect(wrong.filter((file) => !file.startsWith('lib/cli/'))).toEqual([]);
});

/** Tarjan's strongly connected components, without single files. */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const order = new Map<string, number>();
  const stack: string[] = [];
  const visit = (file: string): number => {
    const mine = order.size;
    order.set(file, mine);
    stack.push(file);
    let low = mine;
    for (const next of graph.get(file) ?? []) {
      if (!order.has(next)) low = Math.min(low, visit(next));
      else if (stack.includes(next)) low = Math.min(low, order.get(next) ?? low);
    }
    if (low === mine) {
      const component = stack.splice(stack.indexOf(file));
      if (component.length > 1) found.push(component.sort());
    }
    return low;
  };
  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return found;
}

test('no file imports, through others, itself', () => {
  expect(circles(new Map(sources('lib').map((file) => [file, importsOf(file)])))).toEqual([]);
});
