/** What a batch reads, from objects of a bucket to an exact report. */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { BatchInput, BatchView } from '../../../lib/batch/index.ts';
import { createBatch, rejected } from '../../../lib/batch/index.ts';
import type { Embedded } from '../../../lib/runtime/embedded/open.ts';
import type { Rejected } from '../../../lib/sources/shared/source.ts';
import { inventoryParquet, parquetSchemaText } from '../../unit/sources/write-parquet.ts';
import { odd } from '../store/keys.ts';
import type { Rig } from './rig.ts';
import { linesOf, runToEnd, useRig } from './rig.ts';

const md5 = (bytes: string | Uint8Array): string => createHash('md5').update(bytes).digest('hex');
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const pageSize = 70;

/** `count` keys, odd ones among them, with an object at each. */
async function putOdd(rig: Rig, count: number): Promise<string[]> {
  const texts = Object.values(odd);
  const keys = Array.from({ length: count }, (_, n) => {
    const text = texts[n % texts.length] ?? '';
    return n % 2 ? `in/${n} ${text}` : `in/${text}${n}`;
  });
  for (const key of keys) await rig.twin.store.put('photos', key, { body: Buffer.from(`body of ${key}`) });
  return keys;
}

async function putWork(rig: Rig, key: string, body: string | Uint8Array): Promise<{ bucket: string; key: string }> {
  await rig.twin.store.put('work', key, { body: Buffer.from(body) });
  return { bucket: 'work', key };
}

/** Each of these objects is copied, told of once, and nothing else is there. */
async function expectCopied(rig: Rig, embedded: Embedded, view: BatchView, keys: string[]): Promise<void> {
  expect(view).toMatchObject({ state: 'done', ended: true, pages: { complete: true } });
  const { length } = keys;
  expect(view.summary).toMatchObject({ entries: length, counts: { copied: length }, failures: {}, losses: {} });
  const lines = await linesOf(embedded, view.id);
  const inOrder = [...keys].sort();
  expect(lines.map(({ key }) => key).sort()).toEqual(inOrder);
  expect(lines.every(({ destination }, n) => destination.key === lines[n]?.key)).toBe(true);
  expect(rig.twin.store.keys('backup').sort()).toEqual(inOrder);
  let bytes = 0;
  for (const key of keys) {
    const [from, to] = [await rig.twin.store.head('photos', key), await rig.twin.store.head('backup', key)];
    expect(to?.etag, key).toBe(from?.etag);
    bytes += from?.size ?? 0;
  }
  expect(view.summary?.bytes).toBe(bytes);
}

test.each([
  ['oss', 'plain'],
  ['s3', 'gzip'],
] as const)('%s: a CSV manifest that is an object, %s', async (scheme, way) => {
  const rig = await useRig(scheme);
  const keys = await putOdd(rig, 300);
  const embedded = await rig.open();
  const text = `key,bucket,size\r\n${keys.map((key) => `${quoted(key)},photos,\r\n`).join('')}`;
  const file = await putWork(rig, 'list', way === 'gzip' ? gzipSync(text) : text);
  const source = { kind: 'manifest', format: 'csv', file } as const;
  const view = await runToEnd(embedded, rig.request({ source, pageSize }));
  await expectCopied(rig, embedded, view, keys);
  expect(view.summary).toMatchObject({ rejected: 0, passedOver: {} });
});

test.each([
  ['s3', 'plain'],
  ['oss', 'gzip'],
] as const)('%s: a JSONL manifest that is an object, %s, with options of one object', async (scheme, way) => {
  const rig = await useRig(scheme);
  const keys = await putOdd(rig, 200);
  const embedded = await rig.open();
  const options = { metadata: { base: 'merge', set: { owner: 'alice' } } };
  const row = (key: string, n: number) => JSON.stringify({ bucket: 'photos', key, ...(n === 150 && { options }) });
  const text = keys.map(row).join('\n');
  const file = await putWork(rig, 'list', way === 'gzip' ? gzipSync(text) : text);
  const source = { kind: 'manifest', format: 'jsonl', file } as const;
  const view = await runToEnd(embedded, rig.request({ source, pageSize }));
  await expectCopied(rig, embedded, view, keys);
  const heads = keys.slice(149, 152).map((key) => embedded.store(rig.address).head({ bucket: 'backup', key }));
  expect((await Promise.all(heads)).map(({ userMetadata }) => userMetadata)).toEqual([{}, { owner: 'alice' }, {}]);
});

/** Writes an inventory of `photos` into `work`, with its checksums, and gives the request to copy what it names. */
async function inventory(
  rig: Rig,
  files: { bytes: Uint8Array; end: string }[],
  manifest: { fileFormat: string; fileSchema: string; version: string },
  sum: (bytes: string | Uint8Array) => string,
): Promise<Partial<BatchInput>> {
  const listed = [];
  for (const [n, { bytes, end }] of files.entries()) {
    const { key } = await putWork(rig, `inv/photos/daily/data/${n}.${end}`, bytes);
    listed.push({ key, size: bytes.length, MD5checksum: sum(bytes) });
  }
  const destinationBucket = rig.address.scheme === 's3' ? 'arn:aws:s3:::work' : 'work';
  const text = JSON.stringify({ sourceBucket: 'photos', destinationBucket, ...manifest, files: listed });
  await putWork(rig, 'inv/photos/daily/2024-05-06T00-00Z/manifest.checksum', `${sum(text)}\n`);
  const file = await putWork(rig, 'inv/photos/daily/2024-05-06T00-00Z/manifest.json', text);
  return { source: { kind: 'inventory', file }, pageSize };
}

/** The keys in three lists, the second empty. */
function thirds(keys: string[]): string[][] {
  return [keys.slice(0, 120), [], keys.slice(120)];
}

const form = (key: string): string =>
  encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/').replaceAll("'", '%27');

test('an S3 inventory in CSV, its keys encoded as forms are', async () => {
  const rig = await useRig('s3');
  const keys = await putOdd(rig, 300);
  const embedded = await rig.open();
  const row = (key: string, flags = '"true","false"') =>
    `"photos","${form(key)}","",${flags},"9","2024-04-14T07:06:00.000Z","e","STANDARD"\n`;
  const left = row('in/old', '"false","false"') + row('in/gone', '"true","true"');
  const files = thirds(keys).map((part) => gzipSync(part.map((key) => row(key)).join('') + left));
  const request = await inventory(
    rig,
    files.map((bytes) => ({ bytes, end: 'csv.gz' })),
    {
      ...{ fileFormat: 'CSV', version: '2016-11-30' },
      fileSchema: 'Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag, StorageClass',
    },
    md5,
  );
  const view = await runToEnd(embedded, rig.request(request));
  await expectCopied(rig, embedded, view, keys);
  expect(view.summary).toMatchObject({ rejected: 0, passedOver: { 'not-latest': 3, 'delete-marker': 3 } });
});

test('an S3 inventory in Parquet, its keys as they are', async () => {
  const rig = await useRig('s3');
  const keys = await putOdd(rig, 300);
  const embedded = await rig.open();
  const left = [
    { key: 'in/old', is_latest: false, is_delete_marker: false },
    { key: 'in/gone', is_latest: true, is_delete_marker: true },
  ];
  const files = thirds(keys).map((part) =>
    inventoryParquet([...part.map((key) => ({ key, is_latest: true, is_delete_marker: false, size: 9 })), ...left], {
      rowGroupSize: 40,
    }),
  );
  const request = await inventory(
    rig,
    files.map((bytes) => ({ bytes, end: 'parquet' })),
    { fileFormat: 'Parquet', fileSchema: parquetSchemaText, version: '2016-11-30' },
    md5,
  );
  const view = await runToEnd(embedded, rig.request(request));
  await expectCopied(rig, embedded, view, keys);
  expect(view.summary).toMatchObject({ rejected: 0, passedOver: { 'not-latest': 3, 'delete-marker': 3 } });
});

test('an OSS inventory, in the order of its schema, slashes encoded too', async () => {
  const rig = await useRig('oss');
  const keys = await putOdd(rig, 300);
  const embedded = await rig.open();
  const row = (key: string) =>
    `photos,"${encodeURIComponent(key)}","Standard","2025-04-14T07-06-00Z","9","false","Normal"\n`;
  const files = thirds(keys).map((part) => gzipSync(part.map(row).join('')));
  const request = await inventory(
    rig,
    files.map((bytes) => ({ bytes, end: 'csv.gz' })),
    {
      ...{ fileFormat: 'CSV', version: '2019-09-01' },
      fileSchema: 'Bucket, Key, StorageClass, LastModifiedDate, Size, IsMultipartUploaded, ObjectType',
    },
    (bytes) => md5(bytes).toUpperCase(),
  );
  const view = await runToEnd(embedded, rig.request(request));
  await expectCopied(rig, embedded, view, keys);
});

test.each(['oss', 's3'] as const)(
  '%s: a prefix of odd keys, listed by several readers',
  async (scheme) => {
    const rig = await useRig(scheme);
    const keys = await putOdd(rig, 2300);
    await rig.twin.store.put('photos', 'in', { body: Buffer.from('beside the prefix') });
    const embedded = await rig.open();
    const view = await runToEnd(embedded, rig.request({ pageSize: 500 }));
    await expectCopied(rig, embedded, view, keys);
    expect(readdirSync(join(rig.home, 'batches', view.id, 'ranges')).length).toBeGreaterThan(1);
  },
  60_000,
);

/** 300 rows, with a bad one after each hundred, in CSV, JSONL and Parquet; and the place of the bad ones. */
async function withBadRows(rig: Rig, format: string): Promise<{ keys: string[]; request: Partial<BatchInput> }> {
  const keys = await rig.put(300);
  const mixed = [0, 100, 200].flatMap((from) => [...keys.slice(from, from + 100), '']);
  if (format === 'parquet') {
    const bytes = inventoryParquet(
      mixed.map((key) => ({ key })),
      { rowGroupSize: 50 },
    );
    const manifest = { fileFormat: 'Parquet', fileSchema: parquetSchemaText, version: '2016-11-30' };
    return { keys, request: await inventory(rig, [{ bytes, end: 'parquet' }], manifest, md5) };
  }
  const csv = (key: string) => (key === '' ? 'photos,"open' : `photos,${key}`);
  const jsonl = (key: string) => (key === '' ? '{"bucket":' : JSON.stringify({ bucket: 'photos', key }));
  const file = await putWork(rig, 'list', gzipSync(mixed.map(format === 'csv' ? csv : jsonl).join('\n')));
  const source = { kind: 'manifest', format: format === 'csv' ? 'csv' : 'jsonl', file } as const;
  return { keys, request: { source, pageSize } };
}

test.each(['csv', 'jsonl', 'parquet'])('malformed rows are skipped and reported by their line: %s', async (format) => {
  const rig = await useRig('s3');
  const { keys, request } = await withBadRows(rig, format);
  const embedded = await rig.open();
  const view = await runToEnd(embedded, rig.request(request));
  await expectCopied(rig, embedded, view, keys);
  expect(view.summary).toMatchObject({ rejected: 3 });
  const rows: Rejected[] = [];
  for await (const row of rejected(embedded.batches, view.id)) rows.push(row);
  expect(rows.map(({ line }) => line)).toEqual([101, 202, 303]);
});

test.each(['csv', 'jsonl', 'parquet'])('a malformed row ends the batch where that is asked for: %s', async (format) => {
  const rig = await useRig('s3');
  const { request } = await withBadRows(rig, format);
  const embedded = await rig.open();
  const strict = { ...request.source, onBad: 'fail' } as BatchInput['source'];
  const { id } = await createBatch(embedded.batches, rig.request({ ...request, source: strict }));
  const view = await embedded.runBatch(id);
  expect(view).toMatchObject({ state: 'failed', ended: true });
  expect(JSON.stringify(view)).toMatch(/line 101: /);
  // What was read before is whole pages, and told of.
  expect(rig.twin.store.keys('backup').length).toBeLessThan(101);
});
