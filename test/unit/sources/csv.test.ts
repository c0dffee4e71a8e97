import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { SourceInput } from '../../../lib/sources/shared/source.ts';
import { LineReader } from '../../../lib/sources/text/lines.ts';
import { filesModel, readAll } from './files-model.ts';

const file = { bucket: 'm', key: 'list.csv' };

async function read(text: string | Uint8Array, options: object = {}, paging: Parameters<typeof readAll>[2] = {}) {
  const ports = filesModel({ 'm/list.csv': text }, text.length > 10_000 ? 4096 : 7);
  const all = await readAll({ kind: 'manifest', format: 'csv', file, ...options } as SourceInput, ports, paging);
  expect(ports.opened.every(({ closed }) => closed)).toBe(true);
  return all;
}

const names = ({ entries }: { entries: { bucket: string; key: string }[] }) =>
  entries.map(({ bucket, key }) => `${bucket}:${key}`);

describe('columns', () => {
  test.each<[string, string, object, object]>([
    ['by custom', 'b,k\n', {}, { bucket: 'b', key: 'k' }],
    ['by custom, all', 'b,k,v,"e",5,x/y\n', {}, { versionId: 'v', etag: 'e', size: 5, destination: { key: 'x/y' } }],
    ['by a header', 'Size,Key,comment,Bucket\n5,k,hm,b\n', {}, { bucket: 'b', key: 'k', size: 5 }],
    ['by a header of keys', 'key\nk\n', { bucket: 'b' }, { bucket: 'b', key: 'k' }],
    ['keys alone', 'k\n', { bucket: 'b' }, { bucket: 'b', key: 'k' }],
    ['named', '5,,k\n', { bucket: 'b', columns: ['size', '', 'key'] }, { key: 'k', size: 5 }],
    ['a bucket that is called key', 'key,bucket\n', { header: false }, { bucket: 'key', key: 'bucket' }],
    ['quoted ETag', 'b,k,,"""e"""\n', {}, { etag: 'e' }],
    ['other bucket', 'b,k,,,,oss://c/x/y\n', {}, { destination: { bucket: 'c', key: 'x/y' } }],
    [
      'class and time',
      'bucket,key,StorageClass,LastModifiedDate\nb,k,IA,2024-05-06T07:08:09.000Z',
      {},
      { storageClass: 'IA', lastModified: Date.UTC(2024, 4, 6, 7, 8, 9) },
    ],
  ])('%s', async (_name, text, options, expected) => {
    const { entries, rejected } = await read(text, options);
    expect(rejected).toEqual([]);
    expect(entries).toMatchObject([expected]);
  });

  test('without a key there is nothing to copy', async () => {
    await expect(read('bucket,comment\nb,k\n', { header: true })).rejects.toThrow(/none of its columns is the key/);
  });
});

describe('as RFC 4180 and its writers have it', () => {
  test.each<[string, string, string[]]>([
    ['no line break at the end', 'b,1\nb,2', ['b:1', 'b:2']],
    ['CRLF', 'b,1\r\nb,2\r\n', ['b:1', 'b:2']],
    ['byte order mark', '\uFEFFb,1\n', ['b:1']],
    ['byte order mark before a header', '\uFEFFkey,bucket\n1,b\n', ['b:1']],
    ['empty lines', '\n\nb,1\n\r\nb,2\n\n', ['b:1', 'b:2']],
    ['quotes', '"b","a ""b"", c"\n', ['b:a "b", c']],
    ['a line break in a key', '"b","x\ny\n\nz"\nb,2\n', ['b:x\ny\n\nz', 'b:2']],
    ['a quote in the middle', 'b,a"b\n', ['b:a"b']],
    ['spaces are part of keys', 'b, 1 \n', ['b: 1 ']],
    ['not decoded', 'b,a%20b+c\n', ['b:a%20b+c']],
    ['nothing', '', []],
    ['only a header', 'bucket,key\n', []],
  ])('%s', async (_name, text, expected) => {
    expect(names(await read(text))).toEqual(expected);
    expect(names(await read(text, {}, { fresh: true, limit: 1 }))).toEqual(expected);
    expect(names(await read(gzipSync(text), {}, { fresh: true, limit: 1 }))).toEqual(expected);
  });

  test('whatever is in the keys, on every page border, plain or in several gzip members', async () => {
    const key = fc.string({
      unit: fc.constantFrom('a', '"', ',', '\n', ' ', '%', 'é', '\u{1F600}'),
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(key, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        async (keys, limit) => {
          const rows = keys.map((one) => `"b","${one.replaceAll('"', '""')}"\n`);
          const packed = Buffer.concat(rows.map((row) => gzipSync(row)));
          for (const text of [rows.join(''), packed]) {
            const { entries } = await read(text, { header: false }, { limit, fresh: true });
            expect(entries.map((entry) => entry.key)).toEqual(keys);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('bad rows', () => {
  const invalid = Buffer.concat([Buffer.from('b,1\nb,'), Buffer.from([0xff, 0xfe]), Buffer.from('\nb,3\n')]);
  test.each<[string, string | Uint8Array, number, RegExp]>([
    ['more fields', 'b,1\nb,a,b.jpg\nb,3\n', 2, /3 fields where 2/],
    ['no bucket', 'b,1\n,2\nb,3\n', 2, /no bucket/],
    ['no key', 'b,1\nb,\nb,3\n', 2, /no key/],
    ['long key', `b,1\nb,${'é'.repeat(513)}\nb,3\n`, 2, /1024 bytes/],
    ['text after a quote', 'b,1\nb,"2"x\nb,3\n', 2, /after a closing quote/],
    ['open quote', 'b,1\nb,"2\nb,3\n', 2, /never closed/],
    ['open quote before many rows', `b,1\nb,"2\n${'b,3\n'.repeat(9000)}`, 2, /never closed/],
    ['not UTF-8', invalid, 2, /UTF-8/],
    ['size', 'b,1,,,0\nb,2,,,1.5\nb,3,,,0\n', 2, /size/],
    ['after a key of two lines', '"b","x\ny"\nb\nb,3\n', 3, /1 fields where 2/],
  ])('%s', async (_name, text, line, why) => {
    const all = await read(text, {}, { limit: 1000 });
    expect(all.rejected).toMatchObject([{ line, file: 'm/list.csv', why: expect.stringMatching(why) as string }]);
    expect(all.entries.at(-1)?.key).toBe('3');
    await expect(read(text, { onBad: 'fail' })).rejects.toThrow(
      new RegExp(`m/list.csv, line ${line}: .*${why.source}`),
    );
  });

  test('a replacement character that is meant is none', async () => {
    expect(names(await read('b,\uFFFD\n'))).toEqual(['b:\uFFFD']);
  });

  test('a file that has no lines is refused, not swallowed', async () => {
    const ports = filesModel({ 'm/list.csv': Buffer.alloc(3 * 1024 ** 2, 'x') }, 65_536);
    await expect(readAll({ kind: 'manifest', format: 'csv', file }, ports)).rejects.toThrow(/longer than 1 MiB/);
    expect(ports.opened).toMatchObject([{ closed: true }]);
  });

  test('damaged gzip', async () => {
    const packed = gzipSync('b,1\n'.repeat(1000));
    await expect(read(packed.subarray(0, -9))).rejects.toThrow(/gzip data is damaged or cut short/);
  });
});

test('page after page is read in one go', async () => {
  const ports = filesModel({ list: 'k1\nk2\nk3\n' });
  const { entries } = await readAll({ kind: 'manifest', format: 'csv', file: { path: 'list' }, bucket: 'b' }, ports, {
    limit: 1,
  });
  expect(entries.map(({ key, line }) => [key, line])).toEqual([
    ['k1', 1],
    ['k2', 2],
    ['k3', 3],
  ]);
  expect(ports.opened.length).toBe(1);
});

test('a plain file is entered where reading goes on, a packed one is read from the start', async () => {
  for (const [text, from] of [
    [Buffer.from('b,1\nb,2\n'), 4],
    [gzipSync('b,1\nb,2\n'), 0],
  ] as const) {
    const ports = filesModel({ 'm/list.csv': text });
    await readAll({ kind: 'manifest', format: 'csv', file }, ports, { limit: 1, fresh: true });
    expect(ports.opened.map((one) => one.from)).toEqual([0, from]);
  }
});

describe('quotes that cost', () => {
  afterEach(() => void vi.restoreAllMocks());

  test.each([
    ['close one field and open the next, line after line', '"b","\n', '","\n'],
    ['are doubled, line after line', '"b","\n', 'a""b\n'],
  ])('that %s, are split once', async (_name, first, line) => {
    const split = vi.spyOn(LineReader.prototype, 'shown');
    const { entries, rejected } = await read(`b,0\n${(first + line.repeat(3_000)).repeat(4)}`, { header: false });
    expect(split.mock.calls.length).toBeLessThanOrEqual(entries.length + rejected.length);
  });
});
