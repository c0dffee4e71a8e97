import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { bench, failure, readAll, refusal } from './harness.ts';

const ref = { bucket: 'bkt', key: 'k' };
const headers = { 'content-length': '5', etag: '"e"', 'last-modified': 'Mon, 01 Jun 2026 10:00:00 GMT' };

describe('getObject', () => {
  it('streams, and counts what came through', async () => {
    const { store, sent, infos } = bench('s3', [{ headers, body: 'hello' }]);
    const { head, length, body } = await store.getObject(ref, { ifMatch: 'e' });
    expect([head.etag, head.size, length]).toEqual(['e', 5, 5]);
    expect(infos).toEqual([]);
    expect(await readAll(body)).toBe('hello');
    const counted = { attempt: 1, ms: expect.any(Number) as number, bytesIn: 5, bytesOut: 0 };
    expect(infos).toEqual([{ operation: 'GetObject', status: 200, bucket: 'bkt', key: 'k', ...counted }]);
    expect(sent[0]?.headers).toMatchObject({ 'if-match': '"e"' });
    expect(sent[0]?.headers).not.toHaveProperty('range');
  });

  it.each([
    [{ first: 2, last: 4 }, 'bytes=2-4'],
    [{ first: 7 }, 'bytes=7-'],
    [{ last: 4 }, 'bytes=0-4'],
  ])('range %j', async (range, header) => {
    const { store, sent } = bench('oss', [
      { status: 206, headers: { ...headers, 'content-range': 'bytes 2-6/1000' }, body: 'hello' },
    ]);
    const { head, length, body } = await store.getObject(ref, range);
    expect([head.size, length]).toEqual([1000, 5]);
    expect(sent[0]?.headers['range']).toBe(header);
    expect(await readAll(body)).toBe('hello');
  });

  it('tries again until there is an answer, and reports errors as any call', async () => {
    const { store, infos } = bench('s3', [
      refusal(503, 'SlowDown'),
      { fails: 'ECONNRESET' },
      refusal(404, 'NoSuchKey'),
    ]);
    expect(await failure(store.getObject(ref))).toMatchObject({ code: 'NotFound' });
    expect(infos.map((info) => info.status)).toEqual([503, undefined, 404]);
  });

  it.each([412, 304])('%i: not the version that was asked for', async (status) => {
    const { store } = bench('s3', [{ status }]);
    expect(await failure(store.getObject(ref, { ifMatch: 'x' }))).toMatchObject({ decision: 'source-changed' });
  });

  it('calls onRequest when a reader goes away, too', async () => {
    const { store, infos } = bench('s3', [{ headers, body: 'hello' }]);
    const { body } = await store.getObject(ref);
    body.destroy();
    await new Promise((resolve) => body.once('close', resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(infos).toHaveLength(1);
  });
});

describe('putObject', () => {
  it('text, with every property', async () => {
    const { store, sent, infos } = bench('s3', [
      { headers: { etag: '"e"', 'x-amz-version-id': 'v', 'x-amz-checksum-crc32': 'A=' } },
    ]);
    const result = await store.putObject(ref, 'héllo', {
      content: { contentType: 'text/plain' },
      userMetadata: { a: '' },
      tags: { t: '1' },
      acl: 'private',
    });
    expect(result).toEqual({
      etag: 'e',
      versionId: 'v',
      checksum: { algorithm: 'CRC32', value: 'A=', fullObject: true },
      checksums: [{ algorithm: 'CRC32', value: 'A=', fullObject: true }],
    });
    expect(sent[0]).toMatchObject({
      method: 'PUT',
      body: 'héllo',
      headers: {
        'content-length': '6',
        'content-type': 'text/plain',
        'x-amz-meta-a': '',
        'x-amz-tagging': 't=1',
        'x-amz-acl': 'private',
        'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
      },
    });
    expect(infos[0]).toMatchObject({ bytesOut: 6, bytesIn: 0 });
  });

  it('a stream is opened anew for every attempt', async () => {
    let opened = 0;
    const data = { size: 3, open: () => ((opened += 1), Readable.from([Buffer.from('abc')])) };
    const { store } = bench('oss', [refusal(500, 'InternalError'), { headers: { etag: '"e"' } }]);
    expect(await store.putObject(ref, data)).toEqual({ etag: 'e' });
    expect(opened).toBe(2);
  });

  it('must not overwrite: sent once', async () => {
    const { store, sent } = bench('oss', [refusal(500, 'InternalError')]);
    expect(await failure(store.putObject(ref, 'x', { forbidOverwrite: true }))).toMatchObject({ effect: 'unknown' });
    expect(sent[0]?.headers['x-oss-forbid-overwrite']).toBe('true');
  });
});

describe('presign', () => {
  it.each([
    [
      's3',
      /^https:\/\/bkt\.s3\.us-east-1\.amazonaws\.com\/a%3Fb\/%E6%97%A5\?versionId=v&X-Amz-Algorithm=.*&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=[0-9a-f]{64}$/,
    ],
    [
      'oss',
      /^https:\/\/bkt\.oss-cn-hangzhou\.aliyuncs\.com\/a%3Fb\/%E6%97%A5\?versionId=v&x-oss-signature-version=.*&x-oss-expires=60&x-oss-signature=[0-9a-f]{64}$/,
    ],
  ] as const)('%s', async (scheme, pattern) => {
    const { store } = bench(scheme, []);
    expect(await store.presign('GET', { bucket: 'bkt', key: 'a?b/日', versionId: 'v' }, 60)).toMatch(pattern);
  });
});
