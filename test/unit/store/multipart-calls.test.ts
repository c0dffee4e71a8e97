import { describe, expect, it } from 'vitest';
import { bench, failure } from './harness.ts';

const destination = { bucket: 'dst', key: 'd' };
const initiated = { body: '<InitiateMultipartUploadResult><UploadId>U1</UploadId></InitiateMultipartUploadResult>' };

describe('initiate', () => {
  const call = {
    destination,
    content: { contentType: 'video/mp4', contentLanguage: 'fr' },
    userMetadata: { a: 'b' },
    tags: { t: '1' },
    storageClass: 'IA',
    acl: 'public-read',
    forbidOverwrite: true,
    checksum: { algorithm: 'CRC64NVME', fullObject: true },
  };

  it('OSS: everything but the ACL, which belongs to Complete', async () => {
    const { store, sent } = bench('oss', [initiated]);
    expect(await store.initiate(call)).toEqual({ uploadId: 'U1' });
    expect(sent[0]).toMatchObject({
      method: 'POST',
      path: '/d?uploads',
      headers: {
        'content-type': 'video/mp4',
        'content-language': 'fr',
        'x-oss-meta-a': 'b',
        'x-oss-tagging': 't=1',
        'x-oss-storage-class': 'IA',
        'x-oss-forbid-overwrite': 'true',
      },
    });
    expect(Object.keys(sent[0]?.headers ?? {}).filter((name) => /acl|amz/.test(name))).toEqual([]);
  });

  it('S3: with ACL and checksum; a forbidden overwrite is for Complete', async () => {
    const { store, sent } = bench('s3', [initiated]);
    await store.initiate(call);
    expect(sent[0]?.headers).toMatchObject({
      'x-amz-acl': 'public-read',
      'x-amz-tagging': 't=1',
      'x-amz-checksum-algorithm': 'CRC64NVME',
      'x-amz-checksum-type': 'FULL_OBJECT',
    });
    expect(sent[0]?.headers).not.toHaveProperty('if-none-match');
  });
});

describe('complete', () => {
  const call = {
    destination,
    uploadId: 'U1',
    parts: [
      { number: 1, etag: 'A' },
      { number: 2, etag: '<&>"' },
    ],
    acl: 'private',
    forbidOverwrite: true,
  };
  const completed = { body: '<CompleteMultipartUploadResult><ETag>"X-2"</ETag></CompleteMultipartUploadResult>' };

  it('lists the parts, escaped', async () => {
    const { store, sent } = bench('oss', [
      { ...completed, headers: { 'x-oss-hash-crc64ecma': '9', 'x-oss-version-id': 'v' } },
    ]);
    expect(await store.complete(call)).toEqual({ etag: 'X-2', crc64: '9', versionId: 'v' });
    expect(sent[0]).toMatchObject({
      method: 'POST',
      path: '/d?uploadId=U1',
      body:
        '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>&quot;A&quot;</ETag></Part>' +
        '<Part><PartNumber>2</PartNumber><ETag>&quot;&lt;&amp;&gt;&quot;&quot;</ETag></Part></CompleteMultipartUpload>',
      headers: { 'x-oss-object-acl': 'private', 'x-oss-forbid-overwrite': 'true' },
    });
  });

  it('S3 signs the hash of the list', async () => {
    const { store, sent } = bench('s3', [completed]);
    await store.complete({ ...call, acl: undefined });
    expect(sent[0]?.headers['x-amz-content-sha256']).toMatch(/^[0-9a-f]{64}$/);
    expect(sent[0]?.headers['if-none-match']).toBe('*');
    expect(sent[0]?.headers).not.toHaveProperty('x-amz-acl');
  });

  it.each([
    ['an empty ETag, as of Ceph', '<CompleteMultipartUploadResult><ETag></ETag></CompleteMultipartUploadResult>'],
    ['no body', ''],
    ['blanks only', ' \n \n'],
  ])('%s: HEAD will tell', async (_name, body) => {
    const { store } = bench('s3', [{ body }]);
    expect(await store.complete(call)).toEqual({});
  });
});

describe('abort', () => {
  it('of what is gone is no error', async () => {
    const { store, sent } = bench('s3', [
      { status: 204 },
      { status: 404, body: '<Error><Code>NoSuchUpload</Code></Error>' },
    ]);
    await store.abort(destination, 'U1');
    await store.abort(destination, 'U1');
    expect(sent.map((request) => `${request.method} ${request.path}`)).toEqual(Array(2).fill('DELETE /d?uploadId=U1'));
  });
});

describe('listParts', () => {
  const part = (number: number, size = 5) =>
    `<Part><PartNumber>${number}</PartNumber><Size>${size}</Size><ETag>"e${number}"</ETag></Part>`;
  const page = (inside: string) => ({ body: `<ListPartsResult>${inside}</ListPartsResult>` });

  it('a page, with what comes next', async () => {
    const { store, sent } = bench('s3', [
      page(
        `<Initiator><ID>me</ID></Initiator><IsTruncated>true</IsTruncated><NextPartNumberMarker>2</NextPartNumberMarker>${part(1)}${part(2)}`,
      ),
      page(`<IsTruncated>false</IsTruncated>${part(3)}`),
      page(''),
    ]);
    expect(await store.listParts(destination, 'U1', { limit: 2 })).toEqual({
      parts: [
        { number: 1, size: 5, etag: 'e1' },
        { number: 2, size: 5, etag: 'e2' },
      ],
      next: 2,
      initiator: 'me',
    });
    expect(await store.listParts(destination, 'U1', { after: 2 })).toEqual({
      parts: [{ number: 3, size: 5, etag: 'e3' }],
    });
    expect(await store.listParts(destination, 'U1', { after: 3 })).toEqual({ parts: [] });
    expect(sent.map((request) => request.path)).toEqual([
      '/d?uploadId=U1&max-parts=2',
      '/d?uploadId=U1&max-parts=1000&part-number-marker=2',
      '/d?uploadId=U1&max-parts=1000&part-number-marker=3',
    ]);
  });

  it('OSS is asked to encode keys, so that no key can spoil the document', async () => {
    const { store, sent } = bench('oss', [page('')]);
    await store.listParts(destination, 'U1');
    expect(sent[0]?.path).toContain('&encoding-type=url');
  });

  it.each([
    ['a marker that does not advance', '<IsTruncated>true</IsTruncated><NextPartNumberMarker>7</NextPartNumberMarker>'],
    ['no marker', '<IsTruncated>true</IsTruncated>'],
    ['a size that is none', part(1, Number.NaN)],
    ['a size beyond all numbers', `<Part><PartNumber>1</PartNumber><Size>${'9'.repeat(400)}</Size></Part>`],
  ])('%s is an error, not an endless loop', async (_name, inside) => {
    const { store, sent } = bench('s3', () => page(inside));
    expect(await failure(store.listParts(destination, 'U1', { after: 7 }))).toMatchObject({ code: 'BadAnswer' });
    expect(sent).toHaveLength(1);
  });

  it('a page without a mark goes on after its last part', async () => {
    const { store } = bench('s3', () => page(`<IsTruncated>true</IsTruncated>${part(8, 5)}${part(9, 5)}`));
    expect(await store.listParts(destination, 'U1', { after: 7 })).toMatchObject({ next: 9 });
  });
});

describe('listUploads', () => {
  const upload = (key: string, id: string) =>
    `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>2026-06-01T00:00:00.000Z</Initiated></Upload>`;
  const page = (inside: string) => ({
    body: `<ListMultipartUploadsResult><EncodingType>url</EncodingType>${inside}</ListMultipartUploadsResult>`,
  });

  it('exactly this key, over all pages, decoded', async () => {
    const next =
      '<IsTruncated>true</IsTruncated><NextKeyMarker>a+b%2F1</NextKeyMarker><NextUploadIdMarker>U2</NextUploadIdMarker>';
    const { store, sent } = bench('s3', [
      page(next + upload('a+b', 'U1') + upload('a+b%2F1', 'U2')),
      page(upload('a%20b', 'U3')),
    ]);
    expect(await store.listUploads({ bucket: 'dst', key: 'a b' })).toEqual([
      { key: 'a b', uploadId: 'U1', initiated: Date.UTC(2026, 5, 1) },
      { key: 'a b', uploadId: 'U3', initiated: Date.UTC(2026, 5, 1) },
    ]);
    expect(sent.map((request) => request.path)).toEqual([
      '/?uploads&encoding-type=url&max-uploads=1000&prefix=a%20b',
      '/?uploads&encoding-type=url&max-uploads=1000&prefix=a%20b&key-marker=a%20b%2F1&upload-id-marker=U2',
    ]);
  });

  it('a list that turns in circles ends', async () => {
    const next = '<IsTruncated>true</IsTruncated><NextKeyMarker>d</NextKeyMarker>';
    const { store } = bench('s3', () => page(next));
    expect(await failure(store.listUploads(destination))).toMatchObject({ code: 'Unsupported' });
  });

  it('a store that cannot tell says so', async () => {
    const { store } = bench('s3', [{ status: 501, body: '<Error><Code>NotImplemented</Code></Error>' }]);
    expect(await failure(store.listUploads(destination))).toMatchObject({ code: 'Unsupported' });
  });
});

describe('the uploads of a key that the store encodes without saying so', () => {
  const upload = (key: string) =>
    `<Upload><Key>${key}</Key><UploadId>U</UploadId><Initiated>2026-06-01T12:00:00Z</Initiated></Upload>`;
  it.each([
    ['a b', 'a%20b'],
    ['a%20b', 'a%2520b'],
    ['100%', '100%25'],
    ['plain', 'plain'],
  ])('%s', async (key, written) => {
    const body = `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${upload(written)}</ListMultipartUploadsResult>`;
    const { store } = bench('s3', [{ body }]);
    expect(await store.listUploads({ bucket: 'dst', key })).toMatchObject([{ key, uploadId: 'U' }]);
  });
});
