import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTwin, type Twin } from '../../../lib/twin/start.ts';
import { BOTH, oss, s3, type Answer } from './raw.ts';

let twin: Twin;
const KEYS = ['a', 'b/1', 'b/2', 'b/c/3', 'b0', 'with space+', '\u{1F600}', '\uFF5E'];
/** By UTF-8 bytes: U+FF5E before U+1F600, unlike JavaScript's own order. */
const ORDER = ['a', 'b/1', 'b/2', 'b/c/3', 'b0', 'with space+', '\uFF5E', '\u{1F600}'];

beforeAll(async () => {
  twin = await startTwin({ buckets: [{ name: 'l' }, { name: 'many' }] });
  for (const key of KEYS) await twin.store.put('l', key, { body: key });
  for (let n = 0; n < 1001; n++) await twin.store.put('many', `k${String(n).padStart(4, '0')}`);
});
afterAll(() => twin.close());

const keysOf = (answer: Answer, name = 'Key'): string[] =>
  [...answer.body.matchAll(new RegExp(`<${name}>([^<]*)<`, 'g'))].map((found) => found[1]!);

describe.each(BOTH)('ListObjectsV2 in the $name dialect', ({ name, send }) => {
  const list = (query: Record<string, string>, bucket = 'l'): Promise<Answer> =>
    send(twin, { method: 'GET', bucket, query: { 'list-type': '2', ...query } });

  it('goes by UTF-8 bytes, page after page', async () => {
    expect(keysOf(await list({}))).toEqual(ORDER);
    const seen: string[] = [];
    let query: Record<string, string> = { 'max-keys': '3' };
    for (;;) {
      const page = await list(query);
      seen.push(...keysOf(page));
      if (page.xml('IsTruncated') === 'false') break;
      query = { 'max-keys': '3', 'continuation-token': page.xml('NextContinuationToken')! };
    }
    expect(seen).toEqual(ORDER);
  });

  it('folds by delimiter, also across pages', async () => {
    const all = await list({ delimiter: '/' });
    expect([keysOf(all), keysOf(all, 'Prefix')]).toEqual([
      ['a', 'b0', 'with space+', '\uFF5E', '\u{1F600}'],
      ['', 'b/'],
    ]);
    const first = await list({ delimiter: '/', 'max-keys': '2' });
    expect(first.xml('KeyCount')).toBe('2');
    const next = await list({
      delimiter: '/',
      'max-keys': '2',
      'continuation-token': first.xml('NextContinuationToken')!,
    });
    expect([keysOf(next), keysOf(next, 'CommonPrefixes><Prefix')]).toEqual([['b0', 'with space+'], []]);
    expect(keysOf(await list({ delimiter: '/', prefix: 'b/' }))).toEqual(['b/1', 'b/2']);
  });

  it('starts after a key', async () => {
    expect(keysOf(await list({ 'start-after': 'b/2' }))[0]).toBe('b/c/3');
  });

  it('encodes on request', async () => {
    const encoded = await list({ 'encoding-type': 'url', prefix: 'with' });
    expect(keysOf(encoded)).toEqual([name === 'oss' ? 'with%20space%2B' : 'with+space%2B']);
  });

  it("gives the dialect's number of keys when not told", async () => {
    expect(keysOf(await list({}, 'many'))).toHaveLength(name === 'oss' ? 100 : 1000);
    expect((await list({ 'max-keys': '-1' })).xml('Code')).toBe('InvalidArgument');
  });
});

it('ListObjects goes on from a marker', async () => {
  const first = await oss(twin, { method: 'GET', bucket: 'l', query: { 'max-keys': '2' } });
  expect([keysOf(first), first.xml('NextMarker')]).toEqual([['a', 'b/1'], 'b/1']);
  const rest = await s3(twin, { method: 'GET', bucket: 'l', query: { marker: 'b/1' } });
  expect(keysOf(rest)).toEqual(ORDER.slice(2));
});

describe.each(BOTH)('ListMultipartUploads in the $name dialect', ({ send }) => {
  it('goes by key and age, page after page', async () => {
    const bucket = `uploads-${send.name}`;
    twin.store.createBucket({ name: bucket });
    const expected: string[] = [];
    for (const key of ['x', 'x', 'y', 'z/1']) {
      const started = await send(twin, { method: 'POST', bucket, key, query: { uploads: '' } });
      expected.push(started.xml('UploadId')!);
    }
    const seen: string[] = [];
    let query: Record<string, string> = {};
    for (;;) {
      const page = await send(twin, { method: 'GET', bucket, query: { uploads: '', 'max-uploads': '1', ...query } });
      seen.push(...keysOf(page, 'UploadId'));
      if (page.xml('IsTruncated') === 'false') break;
      query = { 'key-marker': page.xml('NextKeyMarker')!, 'upload-id-marker': page.xml('NextUploadIdMarker')! };
    }
    expect(seen).toEqual(expected);
    const folded = await send(twin, { method: 'GET', bucket, query: { uploads: '', delimiter: '/' } });
    expect(keysOf(folded, 'CommonPrefixes><Prefix')).toEqual(['z/']);
    const ofKey = await send(twin, { method: 'GET', bucket, query: { uploads: '', prefix: 'y' } });
    expect(keysOf(ofKey, 'UploadId')).toEqual([expected[2]]);
  });
});
