/** Parquet files that were made to exhaust who reads them, or were damaged: all end with rows or with a refusal. */
import { getHeapStatistics } from 'node:v8';
import { gzipSync } from 'node:zlib';
import type { FileMetaData, PageHeader } from 'hyparquet';
import { ByteWriter, parquetWriteBuffer } from 'hyparquet-writer';
import { writePageHeader } from 'hyparquet-writer/src/datapage.js';
import { writeMetadata } from 'hyparquet-writer/src/metadata.js';
import { expect, test } from 'vitest';
import { GiveUp } from '../../../lib/copy/model/errors.ts';
import { decodeDifferences } from '../../../lib/sources/parquet/runs.ts';
import { structEnd, Unfinished } from '../../../lib/sources/parquet/thrift.ts';
import { compressors } from '../../../lib/sources/parquet/values.ts';
import { filesModel, readAll } from './files-model.ts';
import { inventoryParquet, parquetSchemaText } from './write-parquet.ts';

const at = 'inv/photos/daily/2024-05-06T00-00Z/manifest.json';

/** Without an MD5, as the file may have been written by anyone. */
function read(bytes: Uint8Array, limit = 1000) {
  const manifest = {
    ...{ sourceBucket: 'photos', destinationBucket: 'arn:aws:s3:::reports', version: '2016-11-30' },
    ...{ creationTimestamp: '1714953600000', fileFormat: 'Parquet', fileSchema: parquetSchemaText },
    files: [{ key: 'inv/0.parquet', size: bytes.length }],
  };
  const files = { [`reports/${at}`]: JSON.stringify(manifest), 'reports/inv/0.parquet': bytes };
  return readAll({ kind: 'inventory', file: { bucket: 'reports', key: at } }, filesModel(files, 65_536), { limit });
}

interface Page {
  header: Partial<PageHeader>;
  body?: Uint8Array;
}

/** A file of the columns bucket and key, of which the latter has these pages. */
function fileOf(pages: Page[], { rows, change = {} }: { rows: number; change?: { total_compressed_size?: bigint } }) {
  const writer = new ByteWriter();
  writer.appendBytes(Buffer.from('PAR1'));
  for (const { header, body = new Uint8Array() } of pages) {
    const sizes = { uncompressed_page_size: body.length, compressed_page_size: body.length };
    writePageHeader(writer, { type: 'DATA_PAGE', ...sizes, ...header });
    writer.appendBytes(body);
  }
  const end = writer.offset;
  const total = BigInt(end - 4);
  const numRows = BigInt(rows);
  const metadata: FileMetaData = {
    version: 1,
    schema: [
      { name: 'root', num_children: 1, repetition_type: 'REQUIRED' },
      { name: 'key', type: 'BYTE_ARRAY', repetition_type: 'REQUIRED', converted_type: 'UTF8' },
    ],
    num_rows: numRows,
    row_groups: [
      {
        columns: [
          {
            file_offset: 4n,
            meta_data: {
              ...{ type: 'BYTE_ARRAY', encodings: ['PLAIN'], path_in_schema: ['key'], codec: 'UNCOMPRESSED' },
              ...{ num_values: numRows, total_uncompressed_size: total, total_compressed_size: total },
              ...{ data_page_offset: 4n, ...change },
            },
          },
        ],
        total_byte_size: total,
        num_rows: numRows,
      },
    ],
    metadata_length: 0,
  };
  writeMetadata(writer, metadata);
  writer.appendBytes(Buffer.from('PAR1'));
  return writer.getBytes();
}

const levels = { definition_level_encoding: 'RLE', repetition_level_encoding: 'RLE' } as const;

const data = (num_values: number, body: Uint8Array, encoding: 'PLAIN' | 'RLE_DICTIONARY' = 'RLE_DICTIONARY'): Page => ({
  header: { data_page_header: { num_values, encoding, ...levels } },
  body,
});
const dictionary = (num_values: number, body: Uint8Array): Page => ({
  header: { type: 'DICTIONARY_PAGE', dictionary_page_header: { num_values, encoding: 'PLAIN' } },
  body,
});
const text = (value: string) => Buffer.concat([Buffer.from(Uint32Array.of(value.length).buffer), Buffer.from(value)]);
const oneKey = dictionary(1, text('photo'));

/** A run of one place in the dictionary, in a byte. */
const run = (length: number): Uint8Array => {
  const bytes = [1];
  for (let left = length * 2; ; left = Math.floor(left / 128)) {
    bytes.push((left % 128) | (left >= 128 ? 128 : 0));
    if (left < 128) return Uint8Array.from([...bytes, 0]);
  }
};

test('pages as older writers have them are read, and runs of many rows', async () => {
  const plain = data(2, Buffer.concat([text('a'), text('b')]), 'PLAIN');
  const { rejected } = await read(fileOf([oneKey, plain, data(3000, run(3000))], { rows: 3002 }));
  expect(rejected).toHaveLength(3002);
  expect(rejected[1]).toMatchObject({ line: 2, text: 'b', why: 'no bucket' });
  expect(rejected[3001]).toMatchObject({ text: 'photo' });
});

const million = 1_000_000;
const named =
  /0\.parquet cannot be read as a Parquet file: page \d+ of the column key \(row group of rows 1 to \d+\): /;

test.each([
  ['30 million equal keys in one page', [oneKey, data(30 * million, run(30 * million))], 30 * million, /30000000 rows/],
  ['more rows than the row group has', [oneKey, data(11, run(11))], 10, /11 rows where 10 are left/],
  ['fewer rows than none', [oneKey, data(-1, run(10))], 10, /-1 rows/],
  ['a run of more rows than the page has', [oneKey, data(10, run(2 ** 30))], 10, /a run of 1073741824 values/],
  [
    'a dictionary of many keys',
    [dictionary(2 * million, new Uint8Array(8 * million))],
    10,
    /2000000 values of their own/,
  ],
  [
    'many short keys of their own',
    [data(2 * million, new Uint8Array(8 * million), 'PLAIN')],
    2 * million,
    /2000000 values of their own/,
  ],
  ['a page of much text', [data(1, new Uint8Array(17 * million), 'PLAIN')], 1, /17000000 bytes of text/],
  ['two dictionaries', [oneKey, oneKey], 10, /a second dictionary/],
  ['places without a dictionary', [data(10, run(10))], 10, /there is none/],
  ['a page of gigabytes', [{ header: { compressed_page_size: 2 ** 31 - 1 } }], 10, /2147483647 bytes/],
  ['a page that unpacks to gigabytes', [{ header: { uncompressed_page_size: 2 ** 31 - 1 } }], 10, /2147483647 bytes/],
])('refused: %s', async (_, pages, rows, why) => {
  const reading = read(fileOf(pages, { rows }));
  await expect(reading).rejects.toThrow(why);
  await expect(reading).rejects.toThrow(named);
  await expect(reading).rejects.toMatchObject({ code: 'BadRequest' });
});

/** How much of the file is asked for, and what that ends in. */
async function readOfZeros(start: Uint8Array): Promise<{ bytes: number; why: unknown }> {
  const zeros = 100 * 1024 * 1024;
  const file = fileOf([{ header: {}, body: start }], { rows: 1, change: { total_compressed_size: BigInt(zeros) } });
  // What goes before the footer is put in between, as if the file had it.
  const footer = Buffer.from(file.subarray(4));
  const size = 4 + zeros + footer.length;
  let bytes = 0;
  const model = filesModel({});
  const manifest = {
    ...{ sourceBucket: 'photos', destinationBucket: 'arn:aws:s3:::reports', version: '2016-11-30' },
    ...{ creationTimestamp: '1714953600000', fileFormat: 'Parquet', fileSchema: parquetSchemaText },
    files: [{ key: 'inv/0.parquet', size }],
  };
  const stream: typeof model.stream = (ref, { from = 0, to = size } = {}) => {
    const isManifest = 'key' in ref && ref.key === at;
    if ('key' in ref && !isManifest && !ref.key.endsWith('.parquet')) return model.stream(ref);
    const whole = Buffer.alloc(isManifest ? 0 : to - from);
    if (!isManifest) {
      bytes += whole.length;
      if (from < 4 + start.length) whole.set(start.subarray(Math.max(0, from - 4)), Math.max(0, 4 - from));
      if (to > 4 + zeros) footer.copy(whole, Math.max(0, 4 + zeros - from), Math.max(0, from - 4 - zeros));
    }
    return Promise.resolve(
      (async function* () {
        yield await Promise.resolve(isManifest ? Buffer.from(JSON.stringify(manifest)) : whole);
      })(),
    );
  };
  const reading = readAll({ kind: 'inventory', file: { bucket: 'reports', key: at } }, { ...model, stream });
  const why = await reading.then(
    () => 'read',
    (error: unknown) => error,
  );
  return { bytes, why };
}

test('a column of zeros is refused at its first header', async () => {
  const { bytes, why } = await readOfZeros(new Uint8Array());
  expect(String(why)).toMatch(/undefined bytes/);
  expect(bytes).toBeLessThan(2 * 1024 * 1024);
});

test('a header that goes on and on is refused', async () => {
  // Field 4 is a text of 99 MB.
  const { bytes, why } = await readOfZeros(Uint8Array.of(0x48, 0x80, 0xc0, 0x9a, 0x2f));
  expect(String(why)).toMatch(/header is longer than 16777216 bytes/);
  expect(bytes).toBeLessThan(32 * 1024 * 1024);
});

test('a header is walked over before anything is allocated for it', () => {
  const nested = Buffer.from(Array.from({ length: 100 }, () => [0xf9, 0x80, 0x80, 0x80, 0x08]).flat());
  expect(() => structEnd(Buffer.concat([Buffer.from([0x19]), nested]), 0)).toThrow(/a list of 16777216 values/);
  expect(() => structEnd(Buffer.from(Array.from({ length: 100 }, () => 0x1c)), 0)).toThrow(/nested more than 32/);
  expect(() => structEnd(Buffer.concat([Buffer.from([0x16]), Buffer.alloc(100, 0x80)]), 0)).toThrow(/64 bits/);
  expect(() => structEnd(Buffer.from([0x18, 0x05, 0x61]), 0)).toThrow(Unfinished);
  expect(structEnd(Buffer.from([0xff, 0x15, 0x02, 0x00, 0xff]), 1)).toBe(4);
});

test('what unpacks would go back for ever here', () => {
  // A literal of 4,294,967,289 bytes, which is one of -7 where numbers have 32 bits.
  const packed = Uint8Array.of(10, 0xfc, 0xf8, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0);
  expect(() => compressors.SNAPPY(packed, 10)).toThrow(/its Snappy data is damaged/);
  // Blocks of 128 differences in 4,294,967,295 parts.
  const page = Uint8Array.of(0x80, 0x01, 0xff, 0xff, 0xff, 0xff, 0x0f, 9, 0, 0, 0, 0, 0, 0);
  const reader = { view: new DataView(page.buffer), offset: 0 };
  expect(() => decodeDifferences(reader, new Int32Array(9))).toThrow(/differences in 4294967295 parts/);
});

const long = 'x'.repeat(50_000);

test('rows with a text that none of an inventory is are reported, in short', async () => {
  const keys = Array.from({ length: 50 }, () => ({ key: long, e_tag: long, version_id: 'v' }));
  const { rejected } = await read(inventoryParquet([...keys, { key: 'k', e_tag: long }]));
  expect(rejected).toHaveLength(51);
  for (const { why, text: shown } of rejected) {
    expect(why).toBe('a text of more than 4096 bytes');
    expect(shown.length).toBeLessThanOrEqual(200);
  }
});

const encodings = {
  key: ['PLAIN', 'DELTA_LENGTH_BYTE_ARRAY', 'DELTA_BYTE_ARRAY'],
  size: ['PLAIN', 'DELTA_BINARY_PACKED'],
} as const;
type Encodings = { key: (typeof encodings.key)[number]; size: (typeof encodings.size)[number] };

function encoded({ key, size }: Encodings, rows: number, codec: 'SNAPPY' | 'UNCOMPRESSED' | 'GZIP' = 'UNCOMPRESSED') {
  const numbers = Array.from({ length: rows }, (_, n) => n);
  const columnData = [
    { name: 'bucket', data: numbers.map(() => 'photos'), type: 'STRING' as const, nullable: false },
    { name: 'key', data: numbers.map((n) => `photos/${n >> 3}/${n}`), type: 'STRING' as const, encoding: key },
    { name: 'size', data: numbers.map((n) => BigInt(n * n)), type: 'INT64' as const, encoding: size },
    { name: 'is_latest', data: numbers.map((n) => (n % 7 ? true : null)), type: 'BOOLEAN' as const },
  ];
  const compressors = { GZIP: (input: Uint8Array) => gzipSync(input) };
  return new Uint8Array(parquetWriteBuffer({ columnData, codec, compressors, pageSize: 2000 }));
}

test.each(encodings.key.flatMap((key) => encodings.size.map((size) => ({ key, size }))))(
  'keys by $key, sizes by $size',
  async (how) => {
    const { entries } = await read(encoded(how, 1000));
    expect(entries).toEqual(
      Array.from({ length: 1000 }, (_, n) => ({
        ...{ bucket: 'photos', key: `photos/${n >> 3}/${n}`, size: n * n, line: n + 1 },
      })),
    );
  },
);

/** The same numbers in every run. */
function* numbersFrom(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

const subjects: [string, Uint8Array][] = [
  ['Snappy', inventoryParquet(Array.from({ length: 40 }, (_, n) => ({ key: `a/${n % 9}`, size: n, e_tag: 'e' })))],
  ['gzip', encoded({ key: 'PLAIN', size: 'PLAIN' }, 40, 'GZIP')],
  ['differences', encoded({ key: 'DELTA_BYTE_ARRAY', size: 'DELTA_BINARY_PACKED' }, 40)],
  ['lengths', encoded({ key: 'DELTA_LENGTH_BYTE_ARRAY', size: 'DELTA_BINARY_PACKED' }, 40, 'SNAPPY')],
  ['older pages', fileOf([oneKey, data(40, run(40))], { rows: 40 })],
];

test.each(subjects)('damaged files end with rows or are refused: %s', { timeout: 60_000 }, async (_, file) => {
  const random = numbersFrom(77);
  const below = (limit: number) => Math.floor(random.next().value * limit);
  const seen = { read: 0, refused: 0 };
  for (let round = 0; round < 300; round += 1) {
    const damaged = Uint8Array.from(file);
    for (let flips = 1 + below(3); flips > 0; flips -= 1) {
      const value = [0xff, 0x80, 0x00, below(256)][below(4)] ?? 0;
      damaged.fill(value, ...([below(file.length)].flatMap((from) => [from, from + 1 + below(4)]) as [number, number]));
    }
    try {
      await read(damaged);
      seen.read += 1;
    } catch (error) {
      expect(error).toBeInstanceOf(GiveUp);
      seen.refused += 1;
    }
  }
  expect(Math.min(seen.read, seen.refused)).toBeGreaterThan(0);
  expect(getHeapStatistics().used_heap_size).toBeLessThan(1024 ** 3);
});
