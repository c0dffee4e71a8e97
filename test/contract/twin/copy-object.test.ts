import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTwin, type Twin } from '../../../lib/twin/start.ts';
import { oss, s3, type Answer, type Ask, BOTH } from './raw.ts';

const GIB = 1024 ** 3;

let twin: Twin;
beforeAll(async () => {
  twin = await startTwin({
    buckets: [
      { name: 'a' },
      { name: 'b' },
      { name: 'far', region: 'cn-beijing' },
      { name: 'cold', storageClass: 'STANDARD_IA' },
      { name: 'kms', encryption: { algorithm: 'aws:kms', keyId: 'k-1' } },
    ],
  });
});
afterAll(() => twin.close());

const copy = (bucket: string, key: string, source: string, headers: Record<string, string>, prefix: string): Ask => ({
  method: 'PUT',
  bucket,
  key,
  headers: { [`${prefix}copy-source`]: source, ...headers },
});
const ossCopy = (bucket: string, key: string, source: string, headers: Record<string, string> = {}): Promise<Answer> =>
  oss(twin, copy(bucket, key, source, headers, 'x-oss-'));
const s3Copy = (bucket: string, key: string, source: string, headers: Record<string, string> = {}): Promise<Answer> =>
  s3(twin, copy(bucket, key, source, headers, 'x-amz-'));

describe('what a copy inherits', () => {
  const source = {
    body: 'data',
    headers: { 'content-type': 'text/x', 'cache-control': 'no-store', 'content-language': 'de' },
    meta: { a: '1' },
    tags: { t: '1' },
    acl: { canned: 'public-read' },
    storageClass: 'STANDARD_IA',
    encryption: { algorithm: 'AES256' },
  };
  beforeAll(async () => {
    await twin.store.put('a', 'rich', source);
  });

  describe.each(BOTH)('in the $name dialect', ({ name, prefix, send }) => {
    it('metadata and tags by default; never class, encryption or ACL', async () => {
      expect((await send(twin, copy('b', 'plain', '/a/rich', {}, prefix))).status).toBe(200);
      const head = await twin.store.head('b', 'plain');
      expect(head).toMatchObject({
        headers: source.headers,
        meta: { a: '1' },
        tags: { t: '1' },
        storageClass: 'STANDARD',
      });
      expect(head?.encryption).toBeUndefined();
      expect(head?.acl).toEqual({ canned: name === 'oss' ? 'default' : 'private' });
    });

    it('new metadata only under REPLACE, new tags only under their own REPLACE', async () => {
      const headers = { 'content-type': 'text/y', [`${prefix}meta-b`]: '2', [`${prefix}tagging`]: 'u=2' };
      await send(twin, copy('b', 'copied', '/a/rich', headers, prefix));
      expect(await twin.store.head('b', 'copied')).toMatchObject({ meta: { a: '1' }, tags: { t: '1' } });
      await send(
        twin,
        copy(
          'b',
          'both',
          '/a/rich',
          { ...headers, [`${prefix}metadata-directive`]: 'REPLACE', [`${prefix}tagging-directive`]: 'REPLACE' },
          prefix,
        ),
      );
      const head = await twin.store.head('b', 'both');
      expect(head).toMatchObject({ meta: { b: '2' }, tags: { u: '2' }, headers: { 'content-type': 'text/y' } });
      expect(head?.headers['cache-control']).toBeUndefined();
    });

    it('class and encryption of the destination bucket', async () => {
      await send(twin, copy('cold', 'k', '/a/rich', {}, prefix));
      expect((await twin.store.head('cold', 'k'))?.storageClass).toBe('STANDARD_IA');
      const copied = await send(twin, copy('kms', 'k', '/a/rich', {}, prefix));
      expect(copied.headers[`${prefix}server-side-encryption`]).toBe(name === 'oss' ? 'KMS' : 'aws:kms');
    });
  });

  it("class names are each dialect's own", async () => {
    await ossCopy('b', 'ia', '/a/rich', { 'x-oss-storage-class': 'IA' });
    const head = await s3(twin, { method: 'HEAD', bucket: 'b', key: 'ia' });
    expect(head.headers['x-amz-storage-class']).toBe('STANDARD_IA');
    expect((await ossCopy('b', 'no', '/a/rich', { 'x-oss-storage-class': 'STANDARD_IA' })).xml('Code')).toBe(
      'InvalidStorageClass',
    );
  });
});

describe('size limits', () => {
  beforeAll(async () => {
    await twin.store.put('a', 'six', { size: 6 * GIB });
    await twin.store.put('a', 'five', { size: 5 * GIB });
    await twin.store.put('a', 'one+', { size: GIB + 1 });
    await twin.store.put('a', 'sse', { size: GIB + 1, encryption: { algorithm: 'AES256' } });
  });

  it('OSS: none in one bucket, 5 GB to another, 1 GB when class or encryption changes', async () => {
    expect((await ossCopy('a', 'six-2', '/a/six')).status).toBe(200);
    expect((await ossCopy('b', 'five', '/a/five')).status).toBe(200);
    const refused = [
      await ossCopy('b', 'six', '/a/six'),
      await ossCopy('a', 'x', '/a/one+', { 'x-oss-storage-class': 'IA' }),
      await ossCopy('a', 'x', '/a/one+', { 'x-oss-server-side-encryption': 'AES256' }),
      await ossCopy('a', 'x', '/a/sse'),
    ];
    for (const answer of refused) expect([answer.status, answer.xml('Code')]).toEqual([400, 'EntityTooLarge']);
    expect((await ossCopy('a', 'x', '/a/sse', { 'x-oss-server-side-encryption': 'AES256' })).status).toBe(200);
  });

  it('S3: 5 GiB', async () => {
    expect((await s3Copy('b', 'five', '/a/five')).status).toBe(200);
    expect((await s3Copy('b', 'six', '/a/six')).xml('Code')).toBe('InvalidRequest');
  });

  it('as configured', async () => {
    const small = await startTwin({
      buckets: [{ name: 'a' }, { name: 'b' }],
      limits: { s3Copy: 10, ossCopyOtherBucket: 10 },
    });
    await small.store.put('a', 'k', { size: 11 });
    expect((await s3(small, copy('b', 'k', '/a/k', {}, 'x-amz-'))).status).toBe(400);
    expect((await oss(small, copy('b', 'k', '/a/k', {}, 'x-oss-'))).status).toBe(400);
    await small.close();
  });
});

describe('regions', () => {
  it('OSS copies inside one region only', async () => {
    await twin.store.put('a', 'r', { body: 'r' });
    const answer = await ossCopy('far', 'r', '/a/r');
    expect([answer.status, answer.xml('Code'), answer.xml('EC')]).toEqual([403, 'AccessDenied', '0016-00000306']);
    expect(answer.headers['x-oss-ec']).toBe('0016-00000306');
  });

  it('S3 copies anywhere', async () => {
    await twin.store.put('a', 'r', { body: 'r' });
    expect((await s3Copy('far', 'r', '/a/r')).status).toBe(200);
  });
});

describe('a copy onto itself', () => {
  it('replaces metadata on OSS, whatever the directive says', async () => {
    await twin.store.put('a', 'self', { body: 'x', meta: { old: '1' }, tags: { t: '1' } });
    await ossCopy('a', 'self', '/a/self', { 'x-oss-metadata-directive': 'COPY', 'x-oss-meta-new': '2' });
    expect(await twin.store.head('a', 'self')).toMatchObject({ meta: { new: '2' }, tags: { t: '1' } });
  });

  it('is refused by S3 when it changes nothing', async () => {
    await twin.store.put('a', 'self3', { body: 'x', meta: { old: '1' } });
    expect((await s3Copy('a', 'self3', '/a/self3')).xml('Code')).toBe('InvalidRequest');
    const replaced = await s3Copy('a', 'self3', '/a/self3', {
      'x-amz-metadata-directive': 'REPLACE',
      'x-amz-meta-new': '2',
    });
    expect(replaced.status).toBe(200);
    expect((await twin.store.head('a', 'self3'))?.meta).toEqual({ new: '2' });
  });
});

describe('the copy source', () => {
  const key = 'dir/ü +%41&=?#%2F.bin';
  const encoded = encodeURIComponent(key);

  it.each([
    ['slash encoded', encoded],
    ['slash raw', encoded.replace('%2F', '/')],
  ])('takes any key, %s', async (_, path) => {
    await twin.store.put('a', key, { body: 'odd' });
    expect((await ossCopy('b', 'odd', `/a/${path}`)).status).toBe(200);
    expect((await s3Copy('b', 'odd', `a/${path}`)).status).toBe(200);
    expect(String(await twin.store.bytes('b', 'odd'))).toBe('odd');
  });

  it.each([
    ['a/k', 400, 'InvalidArgument'],
    ['/a', 400, 'InvalidArgument'],
    ['/a/', 400, 'InvalidArgument'],
    ['/a/k?part=1', 400, 'InvalidArgument'],
    ['/a/k?versionId=', 400, 'InvalidArgument'],
    ['/a/none', 404, 'NoSuchKey'],
    ['/none/k', 404, 'NoSuchBucket'],
  ])('%s is refused by OSS', async (text, status, code) => {
    const answer = await ossCopy('b', 'k', text);
    expect([answer.status, answer.xml('Code')]).toEqual([status, code]);
  });

  it('a missing destination bucket is reported before the source', async () => {
    expect((await s3Copy('none', 'k', '/a/none')).xml('Code')).toBe('NoSuchBucket');
  });
});
