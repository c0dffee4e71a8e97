/** Rows of one batch that depend on one another: nothing is destroyed, and every row says what became of it (I3). */
import { expect, test } from 'vitest';
import type { BatchInput, BatchView, ResultLine } from '../../../lib/batch/index.ts';
import { dryRunBatch, retryBatch } from '../../../lib/batch/index.ts';
import type { Embedded } from '../../../lib/runtime/embedded/open.ts';
import type { Rig } from './rig.ts';
import { linesOf, runToEnd, useRig } from './rig.ts';

type Pair = readonly [from: string, to: string];

/** A list of the pairs as CSV, and an object for each source whose body is its name. */
async function listOf(
  rig: Rig,
  pairs: readonly Pair[],
  format: 'csv' | 'jsonl' = 'csv',
): Promise<BatchInput['source']> {
  for (const key of new Set(pairs.map(([from]) => from))) {
    await rig.twin.store.put('photos', key, { body: Buffer.from(key) });
  }
  const lines =
    format === 'csv'
      ? ['key,destination', ...pairs.map((pair) => pair.join())]
      : pairs.map(([key, destination]) => JSON.stringify({ key, destination }));
  await rig.twin.store.put('work', `list.${format}`, { body: Buffer.from(`${lines.join('\n')}\n`) });
  return { kind: 'manifest', file: { bucket: 'work', key: `list.${format}` }, format, bucket: 'photos' };
}

async function contents({ twin }: Rig, bucket = 'photos'): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const key of twin.store.keys(bucket)) found[key] = (await twin.store.bytes(bucket, key)).toString();
  return found;
}

async function run(
  rig: Rig,
  mode: BatchInput['mode'],
  pairs: readonly Pair[],
  change: Partial<BatchInput> = {},
): Promise<{ embedded: Embedded; view: BatchView; lines: ResultLine[]; objects: Record<string, string> }> {
  const embedded = await rig.open();
  const source = await listOf(rig, pairs);
  const view = await runToEnd(embedded, rig.request({ mode, source, destination: undefined, ...change }));
  return { embedded, view, lines: await linesOf(embedded, view.id), objects: await contents(rig) };
}

const shapes: Record<
  string,
  { pairs: Pair[]; renamed: Record<string, string>; counts: BatchView['counts']['counts'] }
> = {
  'two rows with one destination': {
    pairs: [
      ['a', 'x'],
      ['b', 'x'],
      ['c', 'y'],
    ],
    renamed: { a: 'a', b: 'b', y: 'c' },
    counts: { failed: 2, renamed: 1 },
  },
  'a chain': {
    pairs: [
      ['1', '2'],
      ['2', '3'],
    ],
    renamed: { 1: '1', 3: '2' },
    counts: { failed: 1, renamed: 1 },
  },
  'a chain, last row first': {
    pairs: [
      ['2', '3'],
      ['1', '2'],
    ],
    renamed: { 1: '1', 3: '2' },
    counts: { failed: 1, renamed: 1 },
  },
  'a swap': {
    pairs: [
      ['x', 'y'],
      ['y', 'x'],
    ],
    renamed: { x: 'x', y: 'y' },
    counts: { failed: 2 },
  },
  'a cycle of three': {
    pairs: [
      ['x', 'y'],
      ['y', 'z'],
      ['z', 'x'],
    ],
    renamed: { x: 'x', y: 'y', z: 'z' },
    counts: { failed: 3 },
  },
  'one source with two destinations': {
    pairs: [
      ['a', 'x'],
      ['a', 'y'],
    ],
    renamed: { a: 'a' },
    counts: { failed: 2 },
  },
  'a row listed twice': {
    pairs: [
      ['a', 'x'],
      ['b', 'y'],
      ['a', 'x'],
    ],
    renamed: { x: 'a', y: 'b' },
    counts: { renamed: 2, repeated: 1 },
  },
};

for (const [shape, { pairs, renamed, counts }] of Object.entries(shapes)) {
  for (const [overwrite, pageSize] of [
    ['always', 1],
    [undefined, 500],
  ] as const) {
    const how = overwrite ? 'that may overwrite, a page a row' : 'in one page';
    test(`a rename of ${shape}, ${how}, destroys nothing and says why`, async () => {
      const rig = await useRig('s3');
      const { view, lines, objects } = await run(rig, 'rename', pairs, { options: { overwrite }, pageSize });
      expect(objects).toEqual(renamed);
      expect(view.summary?.counts).toEqual(counts);
      for (const { status, error, otherRow, line } of lines) {
        if (status === 'renamed') continue;
        expect(otherRow?.line).not.toBe(line);
        if (status === 'repeated') continue;
        expect(error?.code).toBe('RowConflict');
        expect(error?.message).toMatch(new RegExp(`\\bline ${otherRow?.line} of the list`, 'i'));
      }
    });
  }
}

test('a copy never writes what another row of the batch wrote or has still to read', async () => {
  const rig = await useRig('s3');
  const pairs: Pair[] = [
    ['a', 'x'],
    ['b', 'x'],
    ['1', '2'],
    ['2', '3'],
    ['p', 'q'],
    ['p', 'r'],
  ];
  const { view, objects } = await run(rig, 'copy', pairs, { pageSize: 1 });
  expect(objects).toEqual({ 1: '1', 2: '2', 3: '2', a: 'a', b: 'b', p: 'p', q: 'p', r: 'p' });
  expect(view.summary).toMatchObject({ counts: { copied: 3, failed: 3 }, failures: { RowConflict: 3 } });
});

test('two different changes of one object in place are both refused, the same one listed twice is made once', async () => {
  const rig = await useRig('s3');
  const embedded = await rig.open();
  for (const key of ['a', 'b']) await rig.twin.store.put('photos', key, { body: Buffer.from(key) });
  const change = (owner: string) => ({ metadata: { base: 'merge', set: { owner } } });
  const rows = [
    { key: 'a', options: change('alice') },
    { key: 'a', options: change('bob') },
    { key: 'b', options: change('carol') },
    { key: 'b', options: change('carol') },
  ];
  await rig.twin.store.put('work', 'l.jsonl', { body: Buffer.from(rows.map((row) => JSON.stringify(row)).join('\n')) });
  const source = {
    kind: 'manifest',
    file: { bucket: 'work', key: 'l.jsonl' },
    format: 'jsonl',
    bucket: 'photos',
  } as const;
  const view = await runToEnd(embedded, rig.request({ mode: 'metadata', source, destination: undefined }));
  expect(view.summary?.counts).toEqual({ failed: 2, copied: 1, repeated: 1 });
  expect((await rig.twin.store.head('photos', 'a'))?.meta).toEqual({});
  expect((await rig.twin.store.head('photos', 'b'))?.meta).toEqual({ owner: 'carol' });
});

test('a pattern that maps two keys to one is found before anything is written', async () => {
  const rig = await useRig('s3');
  const embedded = await rig.open();
  for (const key of ['in/a.jpg', 'in/a.png', 'in/b.jpg']) {
    await rig.twin.store.put('photos', key, { body: Buffer.from(key) });
  }
  const request = rig.request({
    mode: 'rename',
    destination: undefined,
    mapping: { kind: 'pattern', pattern: 'in/(.*)\\.[a-z]+', to: 'out/$1' },
    options: { overwrite: 'always' },
    pageSize: 1,
  });
  const view = await runToEnd(embedded, request);
  expect(view.summary?.counts).toEqual({ failed: 2, renamed: 1 });
  expect(await contents(rig)).toEqual({ 'in/a.jpg': 'in/a.jpg', 'in/a.png': 'in/a.png', 'out/b': 'in/b.jpg' });
});

test('what a pattern would write into the prefix that is read is refused object by object', async () => {
  const rig = await useRig('s3');
  const embedded = await rig.open();
  await rig.put(120);
  await rig.twin.store.put('photos', 'in/z', { body: Buffer.from('z') });
  const request = rig.request({
    mode: 'rename',
    destination: undefined,
    mapping: { kind: 'pattern', pattern: 'in/(?:z|(.*))', to: 'out/$1' },
  });
  const inside = { ...request, mapping: { kind: 'pattern', pattern: '(in/)(z?)(\\d*)', to: 'out$2/$3' } } as const;
  const view = await runToEnd(embedded, inside);
  expect(view.summary?.counts).toEqual({ renamed: 121 });
  const back = {
    ...request,
    source: { kind: 'prefix', bucket: 'photos', prefix: 'out' },
    mapping: { kind: 'pattern', pattern: '(outz?)/(\\d*)', to: '$1-$2' },
  } as const;
  await expect(runToEnd(embedded, back)).rejects.toThrow(/lies in what is to be copied/);
});

test('a chain is done by retrying: each retry moves the row whose destination has become free', async () => {
  const rig = await useRig('s3');
  const { embedded, view } = await run(rig, 'rename', [
    ['1', '2'],
    ['2', '3'],
    ['3', '4'],
  ]);
  expect(await contents(rig)).toEqual({ 1: '1', 2: '2', 4: '3' });
  const second = await retryBatch(embedded.batches, view.id);
  await embedded.runBatch(second.id);
  // The rows of a retry stand in the files of another batch, so no line of the list names them.
  const refused = (await linesOf(embedded, second.id)).find(({ status }) => status === 'failed');
  expect(refused?.otherRow).toEqual({ page: '0-000000', index: 1 });
  expect(refused?.error?.message).toContain('object 2 of page 0-000000');
  expect(await contents(rig)).toEqual({ 1: '1', 3: '2', 4: '3' });
  const third = await retryBatch(embedded.batches, second.id);
  expect((await embedded.runBatch(third.id)).summary?.counts).toEqual({ renamed: 1 });
  expect(await contents(rig)).toEqual({ 2: '1', 3: '2', 4: '3' });
});

test('a rename keeps what is at its destination unless it says always', async () => {
  const rig = await useRig('s3');
  await rig.twin.store.put('photos', 'x', { body: Buffer.from('a person wrote this') });
  const kept = await run(rig, 'rename', [['a', 'x']]);
  expect(kept.view.summary).toMatchObject({ counts: { failed: 1 }, failures: { DestinationExists: 1 } });
  expect(kept.objects).toEqual({ a: 'a', x: 'a person wrote this' });
  const different = await run(rig, 'rename', [['a', 'x']], { options: { overwrite: 'if-different' } });
  expect(different.view.summary).toMatchObject({ counts: { failed: 1 }, failures: { DestinationExists: 1 } });
  const replaced = await run(rig, 'rename', [['a', 'x']], { options: { overwrite: 'always' } });
  expect(replaced.objects).toEqual({ x: 'a' });
});

test('a dry run names the same conflicts and writes nothing', async () => {
  const rig = await useRig('s3');
  const embedded = await rig.open();
  const pairs: Pair[] = [
    ['a', 'x'],
    ['b', 'x'],
    ['1', '2'],
    ['2', '3'],
    ['a', 'x'],
  ];
  const source = await listOf(rig, pairs, 'jsonl');
  const before = await contents(rig);
  rig.twin.requests.reset();
  const plan = await dryRunBatch(embedded.batches, rig.request({ mode: 'rename', source, destination: undefined }));
  expect(plan.conflicts).toMatchObject({
    rows: 5,
    more: false,
    counts: { 'same-destination': 3, 'other-source': 1 },
  });
  expect(plan.conflicts?.examples[0]).toEqual({
    line: 1,
    source: { bucket: 'photos', key: 'a' },
    why: expect.stringContaining('Line 2 of the list also writes s3://photos/x') as string,
  });
  expect(Object.keys(rig.twin.requests.counts).filter((name) => !/^(Head|Get|List)/.test(name))).toEqual([]);
  expect(await contents(rig)).toEqual(before);
});

test('conflicts are found among more rows than are in memory at once, whichever groups of pages they stand in', async () => {
  const rig = await useRig('s3');
  const pairs: Pair[] = Array.from({ length: 60 }, (_, n) => [`k${n}`, `to${n === 57 ? 3 : n}`] as const);
  pairs.push(['chain', 'k5']);
  const source = await listOf(rig, pairs);
  const embedded = await rig.open({ settings: { batchCheckRows: 4 } });
  const view = await runToEnd(embedded, rig.request({ mode: 'rename', source, destination: undefined, pageSize: 2 }));
  expect(view.summary).toMatchObject({ counts: { renamed: 58, failed: 3 }, failures: { RowConflict: 3 } });
  expect(await contents(rig)).toMatchObject({ k3: 'k3', k57: 'k57', chain: 'chain', to5: 'k5' });
});
