import { expect, test } from 'vitest';
import { filesModel, readAll } from './files-model.ts';

const file = { path: 'list.jsonl' };

function read(text: string, parseOptions?: (value: unknown) => object, paging?: Parameters<typeof readAll>[2]) {
  const ports = { ...filesModel({ 'list.jsonl': text }), ...(parseOptions && { parseOptions }) };
  return readAll({ kind: 'manifest', format: 'jsonl', file, bucket: 'b' }, ports, paging);
}

test.each<[object, object]>([
  [{ key: 'k\n"é"' }, { bucket: 'b', key: 'k\n"é"' }],
  [
    { bucket: 'c', key: 'k', versionId: 'v', etag: '"e"', size: 5 },
    { bucket: 'c', versionId: 'v', etag: 'e', size: 5 },
  ],
  [{ key: 'k', destination: 'x%20' }, { destination: { key: 'x%20' } }],
  [{ key: 'k', destination: 's3://c/x' }, { destination: { bucket: 'c', key: 'x' } }],
  [{ key: 'k', destination: { bucket: 'c', key: 'x' } }, { destination: { bucket: 'c', key: 'x' } }],
  [{ key: 'k', versionId: null, etag: '' }, { key: 'k' }],
])('%j', async (row, expected) => {
  const { entries, rejected } = await read(`\uFEFF${JSON.stringify(row)}\r\n\n`);
  expect(rejected).toEqual([]);
  expect(entries).toMatchObject([expected]);
});

test.each<[string, RegExp]>([
  ['{', /not a JSON object/],
  ['["b","k"]', /not a JSON object/],
  ['{"bucket":"b"}', /no key/],
  ['{"key":""}', /no key/],
  ['{"key":"\\ud800"}', /surrogate/],
  ['{"key":"k","size":"5"}', /size/],
  ['{"key":"k","size":-1}', /size/],
  ['{"key":"k","dest":"x"}', /there is no "dest"/],
  ['{"key":"k","destination":{"bucket":"b"}}', /destination has no key/],
  ['{"key":"k","options":{}}', /not taken here/],
])('%s is refused', async (line, why) => {
  const { entries, rejected } = await read(`{"key":"1"}\n${line}\n{"key":"3"}`);
  expect(entries.map(({ key }) => key)).toEqual(['1', '3']);
  expect(rejected).toMatchObject([{ line: 2, file: 'list.jsonl', why: expect.stringMatching(why) as string }]);
});

test('the reader that takes options checks them', async () => {
  const parse = (value: unknown): object => {
    if (value !== 'good') throw new Error('only good ones');
    return { acl: 'private' };
  };
  const { entries, rejected } = await read('{"key":"1","options":"good"}\n{"key":"2","options":"bad"}', parse);
  expect(entries).toMatchObject([{ key: '1', options: { acl: 'private' } }]);
  expect(rejected).toMatchObject([{ line: 2, why: 'options: only good ones' }]);
});

test('results of another batch: what failed, as it was asked for', async () => {
  const line = (key: string, status: string, more: object = {}): string =>
    JSON.stringify({
      bucket: 'b',
      key,
      destination: { bucket: 'c', key },
      status,
      etag: 'of-the-copy',
      size: 1,
      ...more,
    });
  const pages: Record<string, string[]> = {
    '0-000001': [
      '{"page":"0-000001"}',
      line('1', 'copied'),
      line('2', 'failed', { versionId: 'v' }),
      line('3', 'failed'),
    ],
    '0-000000': ['{"page":"0-000000"}', line('0', 'failed', { destination: { bucket: 'c', key: '' } })],
  };
  const ports = {
    ...filesModel({}),
    results: () => ({
      names: async function* () {
        yield* Object.keys(pages);
      },
      read: (name: string) => Promise.resolve(pages[name]?.join('\n')),
    }),
  };
  for (const fresh of [false, true]) {
    const { entries, passedOver } = await readAll({ kind: 'results', batchId: 'x' }, ports, { limit: 1, fresh });
    expect(entries).toEqual([
      { bucket: 'b', key: '0', line: 2 },
      { bucket: 'b', key: '2', versionId: 'v', destination: { bucket: 'c', key: '2' }, line: 3 },
      { bucket: 'b', key: '3', destination: { bucket: 'c', key: '3' }, line: 4 },
    ]);
    expect(passedOver).toEqual({ 'other-status': 1 });
  }
});
