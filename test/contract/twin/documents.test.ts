/** What the answers say: found wrong by public suites of clients, each test named for the fault. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTwin, type Twin } from '../../../lib/twin/start.ts';
import { BOTH, oss, s3, unsigned } from './raw.ts';

const MODIFIED = Date.UTC(2025, 0, 1, 10, 20, 30, 456);
const WHOLE_SECONDS = '2025-01-01T10:20:30.000Z';

let twin: Twin;
beforeAll(async () => {
  twin = await startTwin({
    buckets: [
      { name: 'a', created: MODIFIED },
      { name: 'versioned', versioning: 'Enabled' },
    ],
  });
  await twin.store.put('a', 'k', { body: 'data', lastModified: MODIFIED });
});
afterAll(() => twin.close());

describe.each(BOTH)('answers in the $name dialect', ({ name, prefix, send }) => {
  it.each([
    ['of an object', { bucket: 'a', query: { prefix: 'k', 'max-keys': '1' } }, 'LastModified'],
    ['of a version', { bucket: 'a', query: { versions: '', prefix: 'k', 'max-keys': '1' } }, 'LastModified'],
    ['of a bucket', {}, 'CreationDate'],
  ])('tell the date %s in whole seconds', async (_, ask, element) => {
    expect((await send(twin, { method: 'GET', ...ask })).xml(element)).toBe(WHOLE_SECONDS);
  });

  it('tell ETag and date of the object with a 304', async () => {
    const { etag } = (await send(twin, { method: 'HEAD', bucket: 'a', key: 'k' })).headers;
    const headers = { 'if-none-match': etag! };
    const answer = await send(twin, { method: 'GET', bucket: 'a', key: 'k', headers });
    expect([answer.status, answer.headers['etag'], answer.headers['last-modified']]).toEqual([
      304,
      etag,
      'Wed, 01 Jan 2025 10:20:30 GMT',
    ]);
  });

  it.each([
    ['If-Match', '"other"'],
    ['If-Unmodified-Since', 'Mon, 01 Jan 2024 00:00:00 GMT'],
  ])('name the condition that failed: %s', async (condition, value) => {
    const headers = { [condition.toLowerCase()]: value };
    const read = await send(twin, { method: 'GET', bucket: 'a', key: 'k', headers });
    expect([read.status, read.xml('Condition')]).toEqual([412, condition]);
    const source = `${prefix}copy-source-${condition.toLowerCase()}`;
    const copy = { [`${prefix}copy-source`]: '/a/k', [source]: value };
    const copied = await send(twin, { method: 'PUT', bucket: 'a', key: 'copy', headers: copy });
    expect([copied.status, copied.xml('Condition')]).toEqual([412, source]);
  });

  it('ignore a query name that neither store knows, and refuse one that is an operation of its own', async () => {
    await twin.store.put('a', 'kept');
    const listed = await send(twin, { method: 'GET', bucket: 'a', query: { prefixz: 'k', prefix: 'kept' } });
    expect([listed.status, listed.xml('Key')]).toEqual([200, 'kept']);
    for (const name of ['torrent', 'retention', `${prefix}process`]) {
      const ask = { method: 'DELETE', bucket: 'a', key: 'kept', query: { [name]: 'x' } };
      expect((await send(twin, ask)).status).toBe(501);
    }
    expect(await twin.store.head('a', 'kept')).toBeDefined();
  });

  it('refuse tags with characters that tags may not have', async () => {
    const tagged = (tagging: string) =>
      send(twin, { method: 'PUT', bucket: 'a', key: 't', body: '', headers: { [`${prefix}tagging`]: tagging } });
    expect((await tagged('a+-%3D._:/%40=%E7%9B%AE%20x')).status).toBe(200);
    for (const tagging of ['a%26b=c', 'a=b%3Bc', 'a=%0A', 'a=%3Cb%3E']) {
      expect([tagging, (await tagged(tagging)).xml('Code')]).toEqual([tagging, 'InvalidTag']);
    }
  });

  it('keep Content-Encoding as it was written', async () => {
    for (const [sent, kept] of [
      ['deflate, gzip', 'deflate, gzip'],
      ['gzip, aws-chunked', 'gzip'],
      ['aws-chunked', undefined],
    ] as const) {
      await send(twin, { method: 'PUT', bucket: 'a', key: 'e', body: '', headers: { 'content-encoding': sent } });
      expect((await twin.store.head('a', 'e'))?.headers['content-encoding']).toBe(kept);
    }
  });

  it('say that a Content-MD5 is not that of the body, in the words of the store', async () => {
    const headers = { 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' };
    const answer = await send(twin, { method: 'PUT', bucket: 'a', key: 'm', body: 'x', headers });
    expect([answer.status, answer.xml('Code')]).toEqual([400, name === 'oss' ? 'InvalidDigest' : 'BadDigest']);
    expect(await twin.store.head('a', 'm')).toBeUndefined();
  });

  it('delete nothing for an empty version id in a batch, and say so', async () => {
    await twin.store.put('versioned', 'b');
    const body = '<Delete><Object><Key>b</Key><VersionId></VersionId></Object></Delete>';
    const headers = { 'content-md5': createHash('md5').update(body).digest('base64') };
    const answer = await send(twin, { method: 'POST', bucket: 'versioned', query: { delete: '' }, body, headers });
    expect([answer.xml('Code'), answer.body.includes('<Deleted>')]).toEqual(['InvalidArgument', false]);
    expect(await twin.store.head('versioned', 'b')).toBeDefined();
  });
});

it('OSS lists versions with every element, also the empty ones', async () => {
  const { body } = await oss(twin, { method: 'GET', bucket: 'versioned', query: { versions: '', prefix: 'none' } });
  for (const name of ['KeyMarker', 'VersionIdMarker', 'Delimiter']) expect(body).toContain(`<${name}></${name}>`);
  for (const query of [{}, { 'list-type': '2' }, { uploads: '' }] as Record<string, string>[]) {
    expect((await oss(twin, { method: 'GET', bucket: 'a', query })).body).toContain('<Delimiter></Delimiter>');
  }
});

it('S3 says InvalidPartNumber for a part that the object does not have', async () => {
  await twin.store.put('a', 'parts', { size: 12, partSize: 5 });
  for (const [key, partNumber, expected] of [
    ['parts', '4', [416, 'InvalidPartNumber']],
    ['k', '2', [416, 'InvalidPartNumber']],
    ['k', '0', [400, 'InvalidArgument']],
  ] as const) {
    const answer = await s3(twin, { method: 'GET', bucket: 'a', key, query: { partNumber } });
    expect([answer.status, answer.xml('Code')]).toEqual(expected);
  }
});

it('S3 says that signature version 2 is what it does not take', async () => {
  const asks = [
    { headers: { authorization: 'AWS twin:c2lnbmF0dXJl' } },
    { query: { AWSAccessKeyId: 'twin', Signature: 'c2ln', Expires: '9999999999' } },
  ];
  for (const ask of asks) {
    const answer = await unsigned(twin, { method: 'GET', bucket: 'a', key: 'k', ...ask });
    expect([answer.status, answer.xml('Code')]).toEqual([400, 'InvalidRequest']);
    expect(answer.xml('Message')).toMatch(/authorization mechanism.*AWS4-HMAC-SHA256.*version 2/);
  }
});
