import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTwin, type Twin } from '../../../lib/twin/start.ts';
import { BOTH, oss, s3 } from './raw.ts';

let twin: Twin;
beforeAll(async () => {
  twin = await startTwin({
    buckets: [{ name: 'a' }, { name: 'far', region: 'cn-beijing' }, { name: 'domain', cname: 'files.example.com' }],
  });
});
afterAll(() => twin.close());

describe('errors of OSS', () => {
  it('carry their number in the document and in a header', async () => {
    const answer = await oss(twin, { method: 'GET', bucket: 'none', key: 'k' });
    expect([answer.status, answer.xml('Code'), answer.xml('EC'), answer.headers['x-oss-ec']]).toEqual([
      404,
      'NoSuchBucket',
      '0015-00000101',
      '0015-00000101',
    ]);
    expect(answer.xml('RequestId')).toBe(answer.headers['x-oss-request-id']);
  });

  it('of HEAD have no body: the document is in a header', async () => {
    const answer = await oss(twin, { method: 'HEAD', bucket: 'a', key: 'none' });
    const document = Buffer.from(answer.headers['x-oss-err']!, 'base64').toString();
    expect([answer.status, answer.body]).toEqual([404, '']);
    expect(document).toContain('<Code>NoSuchKey</Code>');
    expect(document).toContain('<EC>0026-00000001</EC>');
  });
});

it('keys of the customer are refused by OSS', async () => {
  const headers = { 'x-oss-server-side-encryption-customer-algorithm': 'AES256' };
  expect((await oss(twin, { method: 'PUT', bucket: 'a', key: 'k', body: 'x', headers })).status).toBe(501);
});

it('errors of S3 on HEAD say nothing but the status', async () => {
  const answer = await s3(twin, { method: 'HEAD', bucket: 'a', key: 'none' });
  expect([answer.status, answer.body, answer.headers['x-oss-err']]).toEqual([404, '', undefined]);
});

describe.each(BOTH)('in the $name dialect', ({ name, send }) => {
  it.each([
    ['GET', 'k', { lifecycle: '' }],
    ['PUT', 'k', { torrent: '' }],
    ['POST', 'k', { 'x-oss-rename': '' }],
    ['GET', undefined, { policy: '' }],
    ['PUT', undefined, { website: '' }],
    ['GET', 'k', { attributes: '' }],
  ])('%s of an unknown sub-resource is never taken for something else (%s %o)', async (method, key, query) => {
    const answer = await send(twin, { method, bucket: 'a', ...(key && { key }), query: query as never });
    expect([answer.status, answer.xml('Code')]).toEqual([501, 'NotImplemented']);
    expect(twin.store.keys('a')).toEqual([]);
  });

  it('keys have a longest length in UTF-8 bytes', async () => {
    const longest = name === 'oss' ? 1023 : 1024;
    const put = (key: string) => send(twin, { method: 'PUT', bucket: 'far', key, body: 'x' });
    expect((await put('k'.repeat(longest))).status).toBe(200);
    expect((await put('k'.repeat(longest + 1))).status).toBe(400);
    expect((await put('目'.repeat(342))).status).toBe(400);
  });

  it('buckets are created, found, and deleted when empty', async () => {
    const bucket = `new-${name}`;
    expect((await send(twin, { method: 'PUT', bucket })).status).toBe(200);
    expect((await send(twin, { method: 'HEAD', bucket })).status).toBe(200);
    await twin.store.put(bucket, 'k');
    expect((await send(twin, { method: 'DELETE', bucket })).xml('Code')).toBe('BucketNotEmpty');
    twin.store.delete(bucket, 'k');
    expect((await send(twin, { method: 'DELETE', bucket })).status).toBe(204);
    expect((await send(twin, { method: 'HEAD', bucket })).status).toBe(404);
  });
});

it('OSS keys start with neither slash', async () => {
  for (const key of ['/k', '\\k']) {
    expect((await oss(twin, { method: 'PUT', bucket: 'a', key, body: 'x' })).xml('Code')).toBe('InvalidObjectName');
  }
});

it("another region's endpoint is refused with the right one named", async () => {
  const headers = { host: `far.oss-cn-hangzhou.localhost:${twin.port}` };
  const answer = await request(`${twin.url}/k`, { headers });
  expect(answer.statusCode).toBe(403);
  const found = await oss(twin, {
    method: 'GET',
    bucket: 'far',
    key: 'k',
    headers: { host: 'oss-cn-hangzhou.localhost' },
  });
  expect([found.xml('Code'), found.xml('EC'), found.xml('Endpoint')]).toEqual([
    'AccessDenied',
    '0003-00001403',
    'oss-cn-beijing.aliyuncs.com',
  ]);
});

it('a custom domain stands for its bucket', async () => {
  await twin.store.put('domain', 'open', { body: 'hello', acl: { canned: 'public-read' } });
  const answer = await request(`${twin.url}/open`, { headers: { host: 'files.example.com' } });
  expect(await answer.body.text()).toBe('hello');
});
