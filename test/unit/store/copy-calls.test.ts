import { describe, expect, it } from 'vitest';
import type { CopyObjectCall } from '../../../lib/copy/model/ports.ts';
import type { Reply } from './harness.ts';
import { bench, copied, failure } from './harness.ts';

const copy: CopyObjectCall = {
  source: { bucket: 'src', key: 's' },
  sourceIfMatch: 'E',
  destination: { bucket: 'dst', key: 'd' },
  metadata: { directive: 'copy' },
  tags: 'copy',
};

async function copyHeaders(scheme: 'oss' | 's3', call: Partial<CopyObjectCall>): Promise<Record<string, string>> {
  const { store, sent } = bench(scheme, [copied]);
  await store.copyObject({ ...copy, ...call });
  const unsigned = Object.entries(sent[0]?.headers ?? {}).filter(
    ([name]) => !/^(host|authorization|x-(oss|amz)-(date|content-sha256))$/.test(name),
  );
  return Object.fromEntries(unsigned);
}

describe('CopyObject', () => {
  it('says no more than it must', async () => {
    expect(await copyHeaders('s3', {})).toEqual({
      'x-amz-copy-source': '/src/s',
      'x-amz-copy-source-if-match': '"E"',
      'x-amz-metadata-directive': 'COPY',
    });
    expect(await copyHeaders('oss', {})).toEqual({
      'x-oss-copy-source': '/src/s',
      'x-oss-copy-source-if-match': '"E"',
      'x-oss-metadata-directive': 'COPY',
    });
  });

  const everything: Partial<CopyObjectCall> = {
    metadata: {
      directive: 'replace',
      content: {
        contentType: 'text/plain',
        cacheControl: 'no-cache',
        contentDisposition: 'attachment; filename="é"',
        expires: '0',
      },
      userMetadata: { Title: 'déjà vu', b: '' },
    },
    tags: { 'a b': '1&2' },
    storageClass: 'IA',
    encryption: { algorithm: 'KMS', keyId: 'k1', dataEncryption: 'SM4' },
    acl: 'private',
    forbidOverwrite: true,
  };

  it('OSS: every property', async () => {
    expect(await copyHeaders('oss', everything)).toEqual({
      'x-oss-copy-source': '/src/s',
      'x-oss-copy-source-if-match': '"E"',
      'x-oss-metadata-directive': 'REPLACE',
      'content-type': 'text/plain',
      'cache-control': 'no-cache',
      'content-disposition': Buffer.from('attachment; filename="é"').toString('latin1'),
      expires: '0',
      'x-oss-meta-title': Buffer.from('déjà vu').toString('latin1'),
      'x-oss-meta-b': '',
      'x-oss-tagging-directive': 'Replace',
      'x-oss-tagging': 'a%20b=1%262',
      'x-oss-storage-class': 'IA',
      'x-oss-server-side-encryption': 'KMS',
      'x-oss-server-side-encryption-key-id': 'k1',
      'x-oss-server-side-data-encryption': 'SM4',
      'x-oss-object-acl': 'private',
      'x-oss-forbid-overwrite': 'true',
    });
  });

  it('S3: every property', async () => {
    expect(await copyHeaders('s3', { ...everything, encryption: { algorithm: 'aws:kms', keyId: 'k1' } })).toMatchObject(
      {
        'x-amz-metadata-directive': 'REPLACE',
        'x-amz-tagging-directive': 'REPLACE',
        'x-amz-tagging': 'a%20b=1%262',
        'x-amz-storage-class': 'IA',
        'x-amz-server-side-encryption': 'aws:kms',
        'x-amz-server-side-encryption-aws-kms-key-id': 'k1',
        'x-amz-acl': 'private',
        'if-none-match': '*',
      },
    );
  });

  it('no tags at all: replaced by nothing', async () => {
    const headers = await copyHeaders('oss', { tags: {} });
    expect(headers).toMatchObject({ 'x-oss-tagging-directive': 'Replace' });
    expect(headers).not.toHaveProperty('x-oss-tagging');
  });

  it('S3 signs the hash of the empty body, OSS declares none', async () => {
    for (const [scheme, name, value] of [
      ['s3', 'x-amz-content-sha256', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
      ['oss', 'x-oss-content-sha256', 'UNSIGNED-PAYLOAD'],
    ] as const) {
      const { store, sent } = bench(scheme, [copied]);
      await store.copyObject(copy);
      expect(sent[0]).toMatchObject({ method: 'PUT', body: '', headers: { [name]: value } });
    }
  });

  it('reads version, ETag in any dress, checksums', async () => {
    const { store } = bench('oss', [
      {
        body: '<CopyObjectResult xmlns="http://doc.oss"><ETag>&quot;ABC&quot;</ETag><LastModified>2026-06-01T00:00:00.000Z</LastModified></CopyObjectResult>',
        headers: { 'x-oss-version-id': 'v1', 'x-oss-hash-crc64ecma': '123' },
      },
      { body: '  \n <CopyObjectResult><ETag>abc</ETag></CopyObjectResult>' },
      { body: '<CopyObjectResult/>' },
    ]);
    expect(await store.copyObject(copy)).toEqual({ etag: 'ABC', versionId: 'v1', crc64: '123' });
    expect(await store.copyObject(copy)).toEqual({ etag: 'abc' });
    expect(await store.copyObject(copy)).toEqual({});
  });

  it.each([
    ['a line break', { a: 'x\r\nx-oss-object-acl: public-read' }],
    ['a NUL', { a: '\u0000' }],
    ['a name that is none', { 'a b': 'x' }],
  ])('refuses metadata with %s before sending anything', async (_name, userMetadata) => {
    const { store, sent } = bench('oss', [copied]);
    const error = await failure(
      store.copyObject({ ...copy, metadata: { directive: 'replace', content: {}, userMetadata } }),
    );
    expect(error).toMatchObject({ code: 'BadRequest', message: expect.stringContaining('oss://dst/d') });
    expect(sent).toEqual([]);
  });
});

describe('UploadPartCopy', () => {
  const part = {
    source: { bucket: 'src', key: 's', versionId: 'v1' },
    sourceIfMatch: 'E',
    destination: { bucket: 'dst', key: 'd' },
    uploadId: 'U+/=',
    partNumber: 3,
    first: 200,
    last: 299,
    sourceSize: 1000,
  };
  const done = (range?: string): Reply => ({
    body: '<CopyPartResult><ETag>"P"</ETag></CopyPartResult>',
    headers: range === undefined ? {} : { 'content-range': range },
  });

  it.each(['oss', 's3'] as const)('%s: the request', async (scheme) => {
    const { store, sent } = bench(scheme, [done('bytes 200-299/1000')]);
    expect(await store.uploadPartCopy(part)).toEqual({ etag: 'P' });
    const prefix = scheme === 'oss' ? 'x-oss-' : 'x-amz-';
    expect(sent[0]).toMatchObject({
      method: 'PUT',
      path: '/d?partNumber=3&uploadId=U%2B%2F%3D',
      headers: {
        [`${prefix}copy-source`]: '/src/s?versionId=v1',
        [`${prefix}copy-source-if-match`]: '"E"',
        [`${prefix}copy-source-range`]: 'bytes=200-299',
      },
    });
  });

  it.each([
    ['no Content-Range: the whole source was copied', undefined],
    ['another range', 'bytes 0-99/1000'],
    ['another size of the source', 'bytes 200-299/900'],
    ['an unknown size', 'bytes 200-299/*'],
    ['nonsense', 'x'],
  ])('OSS, %s', async (_name, range) => {
    const { store, sent } = bench('oss', [done(range)]);
    expect(await failure(store.uploadPartCopy(part))).toMatchObject({ code: 'VerificationFailed' });
    expect(sent).toHaveLength(1);
  });

  it('S3 sends no Content-Range, but one that is sent must be right', async () => {
    const { store } = bench('s3', [done(), done('bytes 0-99/1000')]);
    expect(await store.uploadPartCopy(part)).toEqual({ etag: 'P' });
    expect(await failure(store.uploadPartCopy(part))).toMatchObject({ code: 'VerificationFailed' });
  });

  it('bare ETags as of Ceph 16', async () => {
    const { store } = bench('s3', [{ body: '<CopyPartResult><ETag>0e1234</ETag></CopyPartResult>' }]);
    expect(await store.uploadPartCopy(part)).toEqual({ etag: '0e1234' });
  });

  it.each<[string, Reply]>([
    ['an error with status 200', { body: '<Error><Code>InternalError</Code></Error>' }],
    ['nothing', {}],
    ['half', { body: '<CopyPartResult><ETag>"P"' }],
  ])('%s: sent again', async (_name, reply) => {
    const { store, sent } = bench('s3', [reply, done()]);
    expect(await store.uploadPartCopy(part)).toEqual({ etag: 'P' });
    expect(sent).toHaveLength(2);
  });

  it('a whole answer without an ETag is not asked for again', async () => {
    const { store, sent } = bench('s3', [{ body: '<CopyPartResult/>' }]);
    expect(await failure(store.uploadPartCopy(part))).toMatchObject({ code: 'BadAnswer', effect: 'unknown' });
    expect(sent).toHaveLength(1);
  });
});
