/** Lists as other tools write them, read without a word about their format. */
import { describe, expect, it } from 'vitest';
import type { SourceInput } from '../../../lib/sources/shared/source.ts';
import { filesModel, readAll } from './files-model.ts';

const file = { path: 'list' };

async function read(text: string | Uint8Array, options: object = {}, paging: Parameters<typeof readAll>[2] = {}) {
  const ports = { ...filesModel({ list: text }), scheme: 's3' as const };
  return await readAll({ kind: 'manifest', format: 'auto', file, ...options } as SourceInput, ports, paging);
}

const places = ({ entries }: Awaited<ReturnType<typeof read>>) => entries.map(({ bucket, key }) => `${bucket}:${key}`);

const listed = [
  { Key: 'a+b.txt', LastModified: '2026-11-30T07:00:00+00:00', ETag: '"0cc175b9c0f1b6a831c399e269772661"', Size: 1 },
  {
    Key: 'dir/with "quotes" {and} [more].txt',
    ETag: '"92eb5ffee6ae2fec3ad71c777531578f-2"',
    Size: 12,
    Owner: { ID: 'o' },
  },
  { Key: 'tab\tand\\', ChecksumAlgorithm: ['CRC64NVME'], Size: 0, StorageClass: 'STANDARD' },
];
const keys = listed.map(({ Key }) => `b:${Key}`);

const awsLs = [
  '2026-11-30 08:00:00          1 a b.txt',
  '2026-11-30 08:00:00 1234567890123 sub/12 34 c.csv',
  '',
  'Total Objects: 2',
  '   Total Size: 1234567890124',
];

describe('a list', () => {
  it.each<[string, string, object, string[]]>([
    ['of URLs', 's3://b/plain.txt\ns3://b/a+b.txt\n', {}, ['b:plain.txt', 'b:a+b.txt']],
    ['of URLs with commas in the keys', 's3://b/a,b,c\n', {}, ['b:a,b,c']],
    ['of URLs whose column is named', 's3://b/plain.txt\n', { columns: ['key'] }, ['b:plain.txt']],
    ['of URLs under a header', 'size,url\n5,s3://b/k\n', {}, ['b:k']],
    ['of URLs in CSV', '"s3://b/a,b"\n', { format: 'csv' }, ['b:a,b']],
    ['of aws s3 ls', awsLs.join('\n'), { bucket: 'b' }, ['b:a b.txt', 'b:sub/12 34 c.csv']],
    ['of aws s3 ls --human-readable', '2026-11-30 08:00:00    3.5 MiB x\n', { bucket: 'b' }, ['b:x']],
    ['of s5cmd ls', '2026/11/30 08:00:00               12 a b.txt\n', { bucket: 'b' }, ['b:a b.txt']],
    [
      'of s5cmd ls --etag --storage-class',
      '2026/11/30 08:00:00 STANDARD 0cc175b9c0f1b6a831c399e269772661              12 12 a.txt\n',
      { bucket: 'b' },
      ['b:12 a.txt'],
    ],
    ['of s5cmd ls --show-fullpath', 's3://b/a b\n', {}, ['b:a b']],
    ['of URLs and sizes by tabs', 's3://b/a,1.txt\t5\n', {}, ['b:a,1.txt']],
    ['of keys and sizes by tabs', 'a.txt\t1\nb,c.txt\t2\n', { bucket: 'b' }, ['b:a.txt', 'b:b,c.txt']],
    ['of a header and tabs', 'Key\tSize\na.txt\t1\n', { bucket: 'b' }, ['b:a.txt']],
    [
      'of aws s3api --output text',
      'CONTENTS\tCRC64\t"0cc175b9c0f1b6a831c399e269772661"\tx/y.txt\t2026-11-30T07:00:00+00:00\t5\tSTANDARD\nCHECKSUMALGORITHM\tCRC64NVME\n',
      { bucket: 'b' },
      ['b:x/y.txt'],
    ],
    ['of aws s3api, an object a line', listed.map((one) => JSON.stringify(one)).join('\n'), { bucket: 'b' }, keys],
    ['of aws s3api, one document', JSON.stringify({ Contents: listed }, undefined, 4), { bucket: 'b' }, keys],
    ['of aws s3api, one document on one line', JSON.stringify({ Contents: listed }), { bucket: 'b' }, keys],
    ['of aws s3api --query Contents[]', JSON.stringify(listed, undefined, 2), { bucket: 'b' }, keys],
    ['of aws s3api --query Contents[].Key', '[\n "a",\n "b"\n]\n', { bucket: 'b' }, ['b:a', 'b:b']],
    ['of buckets and keys as the stores name them', '{"Bucket":"b","Key":"k"}\n', {}, ['b:k']],
    ['of URLs in JSON', '{"key":"s3://b/k"}\n', {}, ['b:k']],
    [
      'of a completion report',
      'b,k,,failed,404,NoSuchKey,"{""a"":1}"\nb,l,v,failed,500,InternalError,msg\n',
      {},
      ['b:k', 'b:l'],
    ],
  ])('%s is read, page by page as well', async (_name, text, options, expected) => {
    const whole = await read(text, options);
    expect(whole.rejected).toEqual([]);
    expect(places(whole)).toEqual(expected);
    for (const limit of [1, 2]) {
      const paged = await read(text, options, { limit, fresh: true });
      expect([places(paged), paged.passedOver]).toEqual([expected, whole.passedOver]);
    }
  });

  it('of ossutil ls is read: versions 1 and 2', async () => {
    const text = [
      'LastModifiedTime                   Size(B)  StorageClass   ETAG                                  ObjectName',
      '2026-11-30 14:06:29 +0000 CST       201933      Standard   7E2F4A7F1AC9D2F0996E8332D5EA5B41      oss://b/dir 1/obj  11',
      '2026-11-30 14:06:29 +0800 CST            5            IA   7E2F4A7F1AC9D2F0996E8332D5EA5B41-3    oss://b/x',
      'oss://b/short',
      'Object Number is: 3',
      '',
      '0.009423(s) elapsed',
    ].join('\n');
    const ports = { ...filesModel({ list: text }), scheme: 'oss' as const };
    const all = await readAll({ kind: 'manifest', format: 'auto', file }, ports, { limit: 1, fresh: true });
    expect(all.entries).toMatchObject([
      { bucket: 'b', key: 'dir 1/obj  11', size: 201_933, etag: '7E2F4A7F1AC9D2F0996E8332D5EA5B41' },
      { bucket: 'b', key: 'x', size: 5, etag: '7E2F4A7F1AC9D2F0996E8332D5EA5B41-3' },
      { bucket: 'b', key: 'short' },
    ]);
    expect(all).toMatchObject({ rejected: [], passedOver: { 'no-object': 3 } });
  });

  it('keeps what a listing tells of each object, and its line', async () => {
    const { entries } = await read(JSON.stringify({ Contents: listed }, undefined, 4), { bucket: 'b' });
    expect(entries).toMatchObject([
      { size: 1, etag: '0cc175b9c0f1b6a831c399e269772661', line: 3 },
      { size: 12, etag: '92eb5ffee6ae2fec3ad71c777531578f-2', line: 9 },
      { size: 0, line: 17 },
    ]);
  });

  it('of versions passes delete markers over', async () => {
    const text = JSON.stringify({
      Versions: [{ Key: 'k', VersionId: 'v', IsLatest: true }],
      DeleteMarkers: [{ Key: 'm' }],
    });
    const all = await read(text, { bucket: 'b' });
    expect(all).toMatchObject({ entries: [{ key: 'k', versionId: 'v' }], passedOver: { 'delete-marker': 1 } });
  });
});

describe('a list that leaves open what its columns are', () => {
  it.each<[string, string, object, RegExp]>([
    ['keys and sizes', 'plain.txt,5\n', { bucket: 'b' }, /"5" is no versionId.*--columns key,size/s],
    ['a URL and what may be a size', 's3://b/k,123\n', {}, /may belong to the key.*--columns key,size/s],
    ['a status in place of the ETag', 'man,plain.txt,,failed\n', {}, /--columns bucket,key,,/],
    ['two texts by tabs', 'a\tb\n', { bucket: 'b' }, /nothing tells which of them is the key/],
    ['all keys on one line', `${'k\t'.repeat(9)}k\n`, { bucket: 'b' }, /Contents\[\]\.\[Key\]/],
    [
      'a header without a key',
      'size,etag\n5,x\n',
      { bucket: 'b' },
      /none of its columns is the key: size, etag.*--columns/,
    ],
    ['a word that may be a header', 'path\nx\n', { bucket: 'b' }, /--header.*--no-header/],
    ['one column without a bucket', 'plain.txt\n', {}, /--bucket/],
    ['more columns than are known', 'b,k,a,b,c,d,e\n', {}, /7 fields where 6/],
  ])('is refused with what was seen: %s', async (_name, text, options, why) => {
    await expect(read(text, options)).rejects.toThrow(why);
  });

  it('takes a header for no key although its bucket is missing', async () => {
    const all = await read('key,size\nk,5\n');
    expect(all).toMatchObject({
      entries: [],
      rejected: [{ line: 2, why: expect.stringMatching(/no bucket/) as string }],
    });
  });

  it.each([
    ['--no-header', false, ['b:path', 'b:x']],
    ['--header', true, ['b:x']],
  ])('is read after %s', async (_name, header, expected) => {
    expect(places(await read('path\nx\n', { bucket: 'b', header }))).toEqual(expected);
  });
});

describe('what is no list of objects', () => {
  it.each<[string, string | Uint8Array, object, RegExp]>([
    ['UTF-16', Buffer.from('\uFEFFb,k\n', 'utf16le'), {}, /UTF-16.*iconv/],
    ['UTF-16 without a mark', Buffer.from('bucket,key\n', 'utf16le'), {}, /UTF-16/],
    ['UTF-16, bytes swapped', Buffer.from('\uFEFFb,k\n', 'utf16le').swap16(), {}, /UTF-16/],
    [
      'names without their folder',
      '                           PRE sub/\n2026-11-30 08:00:00   1 a\n',
      { bucket: 'b' },
      /--recursive/,
    ],
    ['half a document', '{\n "Contents": [\n  {"Key": "a"},\n', { bucket: 'b' }, /cut short/],
    ['a bracket too many', '[\n]\n]\n', {}, /closes nothing/],
    ['an object without end', `[\n{"Key":"a"\n${',"x":"y"\n'.repeat(10_000)}`, { bucket: 'b' }, /65536 characters/],
    ['brackets without end', `{"a":${'[{"a":'.repeat(40)}\n`, { format: 'json' }, /nests too deep/],
  ])('is refused: %s', async (_name, text, options, why) => {
    await expect(read(text, options)).rejects.toThrow(why);
  });

  it.each<[string, string, object, RegExp]>([
    ['another vendor', 's3://b/1\noss://b/k\n', {}, /oss:\/\/, and the batch is about s3/],
    ['two URLs', 's3://b/1\ns3://b/k,s3://c/k\n', {}, /--columns key,destination/],
    ['a URL without a key', 's3://b/1\ns3://b\n', {}, /URL without a bucket or a key/],
    ['two buckets', 'bucket,key\nb,1\nb,s3://c/k\n', {}, /URL of another one, c/],
    ['a line of nothing known', 's3://b/1\nhello\n', {}, /neither a URL nor/],
    ['an array of another kind', '{"Results":[{"Key":"report.csv"}]}', { bucket: 'b' }, /"Results", which is no list/],
    ['an object over several lines', '{\n "Key": "a",\n "Size": 1\n}\n', { bucket: 'b' }, /one object a line/],
    ['a text of another array', '{"keys":["a"]}', { bucket: 'b' }, /a text in "keys"/],
    ['a list in a list', '[\n ["a", 1]\n]', { bucket: 'b' }, /--query/],
    ['a name that is there twice', '{"key":"k","Key":"l"}', { bucket: 'b' }, /twice/],
  ])('is reported as a bad row: %s', async (_name, text, options, why) => {
    const { rejected } = await read(text, options);
    expect(rejected).toMatchObject([{ why: expect.stringMatching(why) as string }]);
  });
});
