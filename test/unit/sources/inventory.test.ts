import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { SourceInput } from '../../../lib/sources/shared/source.ts';
import { filesModel, readAll } from './files-model.ts';

const md5 = (bytes: string | Uint8Array): string => createHash('md5').update(bytes).digest('hex');

const s3Rows =
  '"photos","a+b/%C3%A9%2B.jpg","v1","true","false","7","2024-05-06T07:08:09.000Z","e1","STANDARD"\n' +
  '"photos","old","v2","false","false","8","2024-05-06T07:08:09.000Z","e2","STANDARD"\n' +
  '"photos","gone","v3","true","true","","2024-05-06T07:08:09.000Z","",""\n' +
  '"photos","empty","","true","false","0","2024-05-06T07:08:09.000Z","e4","GLACIER"\n';

const s3Data = gzipSync(s3Rows);
const s3Manifest = {
  sourceBucket: 'photos',
  destinationBucket: 'arn:aws:s3:::reports',
  version: '2016-11-30',
  creationTimestamp: '1714953600000',
  fileFormat: 'CSV',
  fileSchema: 'Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag, StorageClass',
  files: [{ key: 'inv/photos/daily/data/1.csv.gz', size: s3Data.length, MD5checksum: md5(s3Data) }],
};

const ossData = gzipSync(
  'pics,"dir%2Fa%20b+c.jpg","Standard","102400","2025-04-14T07-06-00Z","Normal"\npics,"%zz","Standard","1","2025-04-14T07-06-00Z","Normal"\n',
);
const ossManifest = {
  creationTimestamp: '1642994594',
  destinationBucket: 'reports',
  fileFormat: 'CSV',
  fileSchema: 'Bucket, Key, StorageClass, Size, LastModifiedDate, ObjectType',
  files: [{ MD5checksum: md5(ossData).toUpperCase(), key: 'inv/pics/daily/data/2.csv.gz', size: ossData.length }],
  sourceBucket: 'pics',
  version: '2019-09-01',
};

const s3 = 'inv/photos/daily/2024-05-06T00-00Z/manifest.json';
const oss = 'inv/pics/daily/2025-04-15T00-00Z/manifest.json';

function read(files: Record<string, string | Uint8Array>, key: string, options: object = {}, paging?: object) {
  const input = { kind: 'inventory', file: { bucket: 'reports', key }, ...options } as SourceInput;
  return readAll(input, filesModel(files, 4096), paging);
}

const s3Files = {
  [`reports/${s3}`]: JSON.stringify(s3Manifest),
  'reports/inv/photos/daily/data/1.csv.gz': s3Data,
};
const ossFiles = {
  [`reports/${oss}`]: JSON.stringify(ossManifest),
  'reports/inv/pics/daily/data/2.csv.gz': ossData,
};

test.each([false, true])('S3: form encoding, latest versions only (fresh reader for each page: %s)', async (fresh) => {
  const { entries, passedOver, rejected } = await read(s3Files, s3, {}, { limit: 1, fresh });
  const lastModified = Date.UTC(2024, 4, 6, 7, 8, 9);
  expect(entries).toEqual([
    { bucket: 'photos', key: 'a b/é+.jpg', etag: 'e1', size: 7, lastModified, storageClass: 'STANDARD', line: 1 },
    { bucket: 'photos', key: 'empty', etag: 'e4', size: 0, lastModified, storageClass: 'GLACIER', line: 4 },
  ]);
  expect(passedOver).toEqual({ 'delete-marker': 1, 'not-latest': 1 });
  expect(rejected).toEqual([]);
});

test('S3: all versions when asked, never delete markers', async () => {
  const { entries, passedOver } = await read(s3Files, s3, { versions: 'all' });
  expect(entries.map(({ key, versionId }) => [key, versionId])).toEqual([
    ['a b/é+.jpg', 'v1'],
    ['old', 'v2'],
    ['empty', undefined],
  ]);
  expect(passedOver).toEqual({ 'delete-marker': 1 });
});

test('OSS: columns in the order of the schema, %2F, a plus stays, dashes in the time', async () => {
  const { entries, rejected } = await read(ossFiles, oss);
  const lastModified = Date.UTC(2025, 3, 14, 7, 6, 0);
  expect(entries).toEqual([
    { bucket: 'pics', key: 'dir/a b+c.jpg', size: 102_400, lastModified, storageClass: 'Standard', line: 1 },
  ]);
  const file = 'reports/inv/pics/daily/data/2.csv.gz';
  expect(rejected).toMatchObject([{ line: 2, file, why: expect.stringMatching(/URL-encoded/) as string }]);
});

test('a downloaded manifest has its files in ../data', async () => {
  const files = { '/inv/t/manifest.json': JSON.stringify(s3Manifest), '/inv/data/1.csv.gz': s3Data };
  const { entries } = await readAll({ kind: 'inventory', file: { path: '/inv/t/manifest.json' } }, filesModel(files));
  expect(entries.length).toBe(2);
});

test('an inventory without files is of an empty bucket', async () => {
  const files = { [`reports/${s3}`]: JSON.stringify({ ...s3Manifest, files: [] }) };
  expect((await read(files, s3)).entries).toEqual([]);
});

test.each([false, true])('a file that was changed is found out, also when read on by others (%s)', async (fresh) => {
  const changed = { ...s3Files, 'reports/inv/photos/daily/data/1.csv.gz': gzipSync(s3Rows.replace('old', 'new')) };
  await expect(read(changed, s3, {}, { limit: 1, fresh })).rejects.toThrow(/MD5/);
});

test('a manifest that was changed is found out', async () => {
  const sum = `reports/${s3.replace('manifest.json', 'manifest.checksum')}`;
  const good = { ...s3Files, [sum]: `${md5(JSON.stringify(s3Manifest))}\n` };
  expect((await read(good, s3)).entries.length).toBe(2);
  await expect(read({ ...s3Files, [sum]: md5('other') }, s3)).rejects.toThrow(/manifest.checksum/);
});

test.each([
  [JSON.stringify({ ...s3Manifest, fileFormat: 'ORC' }), /ORC are not read here/],
  ['{}', /is no manifest of an inventory/],
  ['bucket,key', /it is no JSON/],
])('refused: %s', async (manifest, why) => {
  await expect(read({ [`reports/${s3}`]: manifest }, s3)).rejects.toThrow(why);
});
