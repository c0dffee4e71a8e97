/** The rooms of lib/: which there are, which may import which, and how large they may grow. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { circles, importsOf, root, sources } from './import-graph.ts';

/** Areas with rooms: from the lowest floor to the highest; '.' is the area's own folder. A room imports only rooms before it. */
const floors: Record<string, readonly string[]> = {
  'lib/copy': ['model', 'fidelity', 'plan', 'after', 'row', 'multipart', 'direct', '.'],
  'lib/store': ['wire', 'sign', 'dialects', 'answers', 'http', 'calls', '.'],
  'lib/state': ['tablestore-client', 'tablestore', 'dynamodb', '.'],
  'lib/sources': ['shared', 'listing', 'text', 'parquet', '.'],
  'lib/replicate': ['events', 'loops', 'rules', 'one', 'compare', '.'],
  'lib/batch': ['model', 'files', 'request', 'rows', 'sync', 'conflicts', 'report', 'tasks', 'control', '.'],
  'lib/api': ['http', 'callers', 'views', 'model', 'callbacks', 'jobs', 'batches', '.'],
  'lib/queue': ['fc', '.'],
  'lib/runtime': ['shared', 'watch', 'middleware', 'embedded', 'library', 'serve', 'aws', 'alibaba', '.'],
  'lib/cli': ['process', 'text', 'input', 'requests', 'output', 'find', 'run', 'many', 'commands', '.'],
};

/** Areas of one room, and the twin, whose files follow the protocols that it serves. */
const withoutFloors = ['lib', 'lib/config', 'lib/cost', 'lib/keys', 'lib/profiles', 'lib/twin'];

/** One file per command, one per operation: these may grow. */
const catalogues = ['lib/cli/commands'];

const mostFiles = 14;
const files = sources('lib');
const roomOf = (file: string): string => dirname(file);
const rooms = [...new Set(files.map(roomOf))];
const isTwin = (path: string): boolean => path === 'lib/twin' || path.startsWith('lib/twin/');

test('every room has its floor', () => {
  const listed = Object.entries(floors).flatMap(([area, names]) => names.map((name) => join(area, name)));
  expect(rooms.filter((room) => !isTwin(room)).sort()).toEqual(
    [...listed, ...withoutFloors.filter((area) => area !== 'lib/twin')].sort(),
  );
});

test.each(Object.entries(floors))('no room of %s imports a room above it', (area, names) => {
  const heights = new Map(names.map((name, height) => [join(area, name), height]));
  const wrong = files
    .filter((file) => heights.has(roomOf(file)))
    .flatMap((file) =>
      importsOf(file)
        .filter((target) => (heights.get(roomOf(target)) ?? -1) > (heights.get(roomOf(file)) ?? -1))
        .map((target) => `${file} imports ${target}`),
    );
  expect(wrong).toEqual([]);
});

test('no room imports, through others, itself', () => {
  const graph = new Map<string, string[]>(rooms.filter((room) => !isTwin(room)).map((room) => [room, []]));
  for (const file of files) {
    for (const target of importsOf(file)) {
      if (roomOf(target) !== roomOf(file)) graph.get(roomOf(file))?.push(roomOf(target));
    }
  }
  expect(circles(graph)).toEqual([]);
});

test(`no folder of lib holds more than ${mostFiles} files`, () => {
  const counts = rooms.map((room) => ({ room, count: files.filter((file) => roomOf(file) === room).length }));
  expect(counts.filter(({ room, count }) => count > mostFiles && !catalogues.includes(room))).toEqual([]);
});

test('rooms lie at most two levels below lib', () => {
  expect(rooms.filter((room) => room.split('/').length > 3)).toEqual([]);
});

test('ARCHITECTURE.md says what each room is for', () => {
  const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
  const paths = [...Object.keys(floors), ...withoutFloors.filter((area) => area !== 'lib')];
  const names = Object.entries(floors).flatMap(([area, all]) =>
    all.filter((name) => name !== '.').map((name) => [area, name] as const),
  );
  const missing = [
    ...paths.filter((path) => !new RegExp(`\\| \`${path}\` \\| \\S`).test(text)),
    ...names
      .filter(([area, name]) => !new RegExp(`\\| \`${area}\` \\|.*\`${name}/\`: \\S`).test(text))
      .map(([area, name]) => `${area}/${name}`),
  ];
  expect(missing).toEqual([]);
});
