import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { expect, test } from 'vitest';
import { openSource } from '../../../lib/sources/open.ts';
import type { SourceInput, SourcePorts } from '../../../lib/sources/shared/source.ts';
import { sourceSchema } from '../../../lib/sources/shared/source.ts';
import { filesModel, readAll } from './files-model.ts';
import type { InventoryRow } from './write-parquet.ts';
import { inventoryParquet, parquetSchemaText } from './write-parquet.ts';

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

const at = 'inv/photos/daily/2024-05-06T00-00Z/manifest.json';

/** An inventory of these files, in the bucket `reports`. */
function inventory(files: Uint8Array[], change: { size?: number; MD5checksum?: string } = {}) {
  const listed = files.map((bytes, n) => ({
    ...{ key: `inv/photos/daily/data/${n}.parquet`, size: bytes.length, MD5checksum: md5(bytes) },
    ...change,
  }));
  const manifest = {
    sourceBucket: 'photos',
    destinationBucket: 'arn:aws:s3:::reports',
    version: '2016-11-30',
    creationTimestamp: '1714953600000',
    fileFormat: 'Parquet',
    fileSchema: parquetSchemaText,
    files: listed,
  };
  const named = files.map((bytes, n) => [`reports/inv/photos/daily/data/${n}.parquet`, bytes] as const);
  return { [`reports/${at}`]: JSON.stringify(manifest), ...Object.fromEntries(named) };
}

function readInventory(ports: SourcePorts, options: object = {}, paging?: object) {
  const input = { kind: 'inventory', file: { bucket: 'reports', key: at }, ...options } as SourceInput;
  return readAll(input, ports, paging);
}

function read(files: Record<string, string | Uint8Array>, options?: object, paging?: object) {
  return readInventory(filesModel(files, 4096), options, paging);
}

const time = Date.UTC(2024, 4, 6, 7, 8, 9);
const rows: InventoryRow[] = [
  {
    ...{ key: 'a+b/%C3%A9 é.jpg', version_id: 'v1', is_latest: true, is_delete_marker: false, size: 7 },
    ...{ last_modified_date: time, e_tag: 'e1', storage_class: 'STANDARD' },
  },
  { key: 'old', version_id: 'v2', is_latest: false, is_delete_marker: false, size: 8, last_modified_date: time },
  { key: 'gone', version_id: 'v3', is_latest: true, is_delete_marker: true, last_modified_date: time },
  { key: 'empty', is_latest: true, is_delete_marker: false, size: 0, last_modified_date: time, e_tag: '"e4"' },
];

test.each([false, true])('keys as they are, latest versions only (fresh reader for each page: %s)', async (fresh) => {
  const { entries, passedOver, rejected } = await read(inventory([inventoryParquet(rows)]), {}, { limit: 1, fresh });
  expect(entries).toEqual([
    {
      ...{ bucket: 'photos', key: 'a+b/%C3%A9 é.jpg', etag: 'e1', size: 7, lastModified: time },
      ...{ storageClass: 'STANDARD', line: 1 },
    },
    { bucket: 'photos', key: 'empty', etag: 'e4', size: 0, lastModified: time, line: 4 },
  ]);
  expect(passedOver).toEqual({ 'delete-marker': 1, 'not-latest': 1 });
  expect(rejected).toEqual([]);
});

test('all versions when asked, never delete markers', async () => {
  const { entries, passedOver } = await read(inventory([inventoryParquet(rows)]), { versions: 'all' });
  expect(entries.map(({ key, versionId }) => [key, versionId])).toEqual([
    ['a+b/%C3%A9 é.jpg', 'v1'],
    ['old', 'v2'],
    ['empty', undefined],
  ]);
  expect(passedOver).toEqual({ 'delete-marker': 1 });
});

const many: InventoryRow[] = Array.from({ length: 50_000 }, (_, n) => ({
  // Long enough for pages of keys to be other ones than those of the other columns.
  ...{
    key: `2024/${n % 365}/image-${n}.jpg${'x'.repeat(300)}`,
    size: n * 3,
    last_modified_date: time + n,
    e_tag: `e${n}`,
  },
  ...{ is_latest: true, is_delete_marker: n % 1000 === 999, storage_class: n % 3 ? 'STANDARD' : 'GLACIER' },
}));

test.each([
  ['small row groups', { rowGroupSize: 700 }],
  ['large row groups with small pages', { rowGroupSize: 39_000, pageSize: 20_000 }],
  ['no index of the pages', { rowGroupSize: 39_000, pageSize: 20_000, offsetIndex: false }],
  ['one page a column', { rowGroupSize: 100_000, pageSize: 1e9, codec: 'UNCOMPRESSED' as const }],
  ['nothing packed', { rowGroupSize: [1, 34_000, 5_999], codec: 'UNCOMPRESSED' as const }],
  ['gzip', { codec: 'GZIP' as const, compressors: { GZIP: (input: Uint8Array) => gzipSync(input) } }],
])('every row once and in order: %s', async (_, options) => {
  const files = inventory([inventoryParquet(many.slice(0, 40_000), options), inventoryParquet(many.slice(40_000))]);
  const { entries, passedOver, rejected } = await read(files, {}, { limit: 777 });
  const wanted = many.flatMap(({ key, size, last_modified_date, e_tag, storage_class, is_delete_marker }, n) =>
    is_delete_marker
      ? []
      : [
          {
            key,
            size,
            lastModified: last_modified_date,
            etag: e_tag,
            storageClass: storage_class,
            line: (n % 40_000) + 1,
          },
        ],
  );
  expect(entries).toEqual(wanted.map((entry) => ({ bucket: 'photos', ...entry })));
  expect(passedOver).toEqual({ 'delete-marker': 50 });
  expect(rejected).toEqual([]);
});

/** The model of the files, and which bytes of Parquet files were asked of it. */
function watched(files: Record<string, string | Uint8Array>) {
  const ranges: [from: number, to: number][] = [];
  const model = filesModel(files, 4096);
  const stream: typeof model.stream = (file, options = {}) => {
    if ('key' in file && file.key.endsWith('.parquet')) ranges.push([options.from ?? 0, options.to ?? Infinity]);
    return model.stream(file, options);
  };
  return { ranges, ports: { ...model, stream } };
}

/** All but the version, for the latest one is copied. */
const columnsUsed = 8;

test('a reader that goes on in the middle reads no row group before it', async () => {
  const bytes = inventoryParquet(many.slice(0, 5000), { rowGroupSize: 500 });
  const { ranges, ports } = watched(inventory([bytes], { MD5checksum: undefined }));
  const spec = sourceSchema.parse({ kind: 'inventory', file: { bucket: 'reports', key: at } });
  const first = openSource(spec, ports);
  const [range] = await first.ranges();
  if (!range) throw new Error('there is a file');
  const { cursor } = await first.reader.read(range, undefined, 4600);
  await first.close();
  ranges.length = 0;
  const second = openSource(spec, ports);
  const { entries } = await second.reader.read(range, cursor, 50);
  await second.close();
  expect(entries[0]?.line).toBeGreaterThan(4600);
  const [, ...data] = ranges;
  expect(data).toHaveLength(columnsUsed);
  expect(Math.min(...data.map(([from]) => from))).toBeGreaterThan(bytes.length * 0.8);
});

test('a reader that goes on within a row group passes over the pages before', async () => {
  const options = { rowGroupSize: 15_000, pageSize: 100_000, codec: 'UNCOMPRESSED' } as const;
  const files = inventory([inventoryParquet(many.slice(0, 20_000), options)], { MD5checksum: undefined });
  const all = await read(files, {}, { limit: 3000 });
  const fresh = await read(files, {}, { limit: 3000, fresh: true });
  expect(all.entries).toHaveLength(19_980);
  expect(fresh).toEqual(all);
});

test.each([true, false])('only what is used is read, and once (index of the pages: %s)', async (offsetIndex) => {
  const bytes = inventoryParquet(many, { rowGroupSize: 50_000, pageSize: 20_000, offsetIndex });
  const { ranges, ports } = watched(inventory([bytes], { MD5checksum: undefined }));
  await readInventory(ports, {}, { limit: 1000 });
  const [footer, ...data] = ranges;
  expect(footer).toEqual([Math.max(0, bytes.length - 512 * 1024), bytes.length]);
  // A mebibyte at a time.
  expect(data.length).toBeLessThanOrEqual(columnsUsed + bytes.length / 1024 ** 2);
  const bytesRead = data.reduce((sum, [from, to]) => sum + to - from, 0);
  expect(bytesRead).toBeLessThanOrEqual(bytes.length);
});

test('rows that name no object are reported by their row, or end the batch', async () => {
  const bad = [
    { key: 'good' },
    { key: '' },
    { bucket: '', key: 'x' },
    { key: 'k'.repeat(1025) },
    { key: 'negative', size: -1 },
    { key: 'good, too' },
  ];
  const files = inventory([inventoryParquet(bad)]);
  const { entries, rejected } = await read(files);
  expect(entries.map(({ key }) => key)).toEqual(['good', 'good, too']);
  expect(rejected.map(({ line, why }) => [line, why])).toEqual([
    [2, 'no key'],
    [3, 'no bucket'],
    [4, 'a key of more than 1024 bytes'],
    [5, 'the size is no number of bytes: -1'],
  ]);
  expect(rejected[3]?.text).toBe('photos,negative,,,-1,,,');
  await expect(read(files, { onBad: 'fail' })).rejects.toThrow(/0\.parquet, line 2: no key/);
});

test('keys that are no UTF-8 are reported, U+FFFD itself is a character', async () => {
  const keys = [Buffer.from('a\uFFFD'), Buffer.from([0x61, 0xff])];
  const { entries, rejected } = await read(inventory([inventoryParquet(keys.map((key) => ({ key })))]));
  expect(entries.map(({ key }) => key)).toEqual(['a\uFFFD']);
  expect(rejected).toMatchObject([{ line: 2, why: 'not valid UTF-8' }]);
});

test('a file that was changed is found out, also when read on by others', async () => {
  const files = inventory([inventoryParquet(rows)]);
  const other = inventoryParquet(rows.map((row) => ({ ...row, key: `${String(row.key)}!` })));
  const changed = { ...files, 'reports/inv/photos/daily/data/0.parquet': other };
  await expect(read(changed, {}, { limit: 1, fresh: true })).rejects.toThrow(/MD5/);
});

test('the file is read as a whole for its MD5 only by who reads its first row, and not by a sample', async () => {
  const { ranges, ports } = watched(inventory([inventoryParquet(rows)]));
  const spec = sourceSchema.parse({ kind: 'inventory', file: { bucket: 'reports', key: at } });
  const first = openSource(spec, ports);
  const [range] = await first.ranges();
  if (!range) throw new Error('there is a file');
  const wholes = () => ranges.splice(0).filter(([from, to]) => from === 0 && to === Infinity).length;
  const sample = await first.reader.read(range, undefined, 1, { sample: true });
  await first.close();
  expect(wholes()).toBe(0);
  const second = openSource(spec, ports);
  const page = await second.reader.read(range, undefined, 1);
  await second.close();
  expect(wholes()).toBe(1);
  expect(page).toEqual(sample);
  const third = openSource(spec, ports);
  await third.reader.read(range, page.cursor, 1);
  await third.close();
  expect(wholes()).toBe(0);
});

const good = inventoryParquet(rows);
const noKey = new Uint8Array(
  parquetWriteBuffer({ columnData: [{ name: 'bucket', data: ['photos'], type: 'STRING' }] }),
);
const textSize = new Uint8Array(
  parquetWriteBuffer({
    columnData: [
      { name: 'key', data: ['a'], type: 'STRING' },
      { name: 'size', data: ['7'], type: 'STRING' },
    ],
  }),
);
const packed = inventoryParquet(rows, { codec: 'ZSTD', compressors: { ZSTD: (input) => input } });

/** The page headers and values of the first column, changed. */
const damaged = good.slice().fill(0xff, 4, 60);

test.each([
  ['a CSV', Buffer.from('"photos","a"\n'), /0\.parquet cannot be read as a Parquet file: .*PAR1/],
  ['an empty file', Buffer.alloc(0), /cannot be read as a Parquet file/],
  ['a file that was cut', good.subarray(0, -20), /cannot be read as a Parquet file/],
  ['a file without its beginning', good.subarray(100), /cannot be read as a Parquet file/],
  ['a damaged page', damaged, /cannot be read as a Parquet file/],
  ['no key', noKey, /none of its columns is the key: bucket/],
  ['sizes that are texts', textSize, /its column size is not of the type/],
  ['another codec', packed, /its column bucket is packed by ZSTD; only Snappy and gzip are read here/],
])('refused: %s', async (_, bytes, why) => {
  const reading = read(inventory([bytes]));
  await expect(reading).rejects.toThrow(why);
  await expect(reading).rejects.toMatchObject({ code: 'BadRequest' });
});

test('a manifest that tells another size is found out', async () => {
  const files = inventory([good], { MD5checksum: undefined, size: good.length + 100 });
  await expect(read(files)).rejects.toThrow(/ends within bytes/);
  await expect(read(inventory([good], { size: good.length + 100 }))).rejects.toThrow(/the inventory's manifest says/);
});
