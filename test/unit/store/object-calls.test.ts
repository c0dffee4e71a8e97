import { describe, expect, it } from 'vitest';
import { bench, failure, refusal } from './harness.ts';

const ref = { bucket: 'bkt', key: 'k', versionId: 'v1' };

describe('tags', () => {
  it('read', async () => {
    const { store, sent } = bench('s3', [
      {
        body: '<Tagging><TagSet><Tag><Key>1</Key><Value>007</Value></Tag><Tag><Key>b&amp;</Key><Value/></Tag></TagSet></Tagging>',
      },
      { body: '<Tagging><TagSet/></Tagging>' },
      { body: '<Tagging><TagSet>\n  </TagSet></Tagging>' },
      refusal(404, 'NoSuchTagSet'),
      { body: '' },
    ]);
    expect(await store.getTags(ref)).toEqual({ 1: '007', 'b&': '' });
    for (let i = 0; i < 4; i += 1) expect(await store.getTags(ref)).toEqual({});
    expect(sent[0]?.path).toBe('/k?tagging&versionId=v1');
  });

  it('written, or deleted where none are left', async () => {
    const { store, sent } = bench('oss', [{}, { status: 204 }]);
    await store.putTags(ref, { 'a<': '"1"' });
    await store.putTags(ref, {});
    expect(sent.map(({ method, path, body }) => ({ method, path, body }))).toEqual([
      {
        method: 'PUT',
        path: '/k?tagging&versionId=v1',
        body: '<Tagging><TagSet><Tag><Key>a&lt;</Key><Value>&quot;1&quot;</Value></Tag></TagSet></Tagging>',
      },
      { method: 'DELETE', path: '/k?tagging&versionId=v1', body: '' },
    ]);
  });

  it('a store without tags says so', async () => {
    const { store } = bench('s3', [refusal(501, 'NotImplemented')]);
    expect(await failure(store.getTags(ref))).toMatchObject({ code: 'Unsupported' });
  });
});

describe('ACL', () => {
  const s3Acl = (grants: string) =>
    `<AccessControlPolicy><Owner><ID>me</ID></Owner><AccessControlList>${grants}</AccessControlList></AccessControlPolicy>`;
  const grant = (grantee: string, permission: string) =>
    `<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x">${grantee}</Grantee><Permission>${permission}</Permission></Grant>`;
  const group = (name: string) => `<URI>http://acs.amazonaws.com/groups/global/${name}</URI>`;
  const mine = grant('<ID>me</ID>', 'FULL_CONTROL');

  it.each([
    ['private', mine],
    ['public-read', mine + grant(group('AllUsers'), 'READ')],
    ['public-read-write', mine + grant(group('AllUsers'), 'WRITE') + grant(group('AllUsers'), 'READ')],
    ['authenticated-read', mine + grant(group('AuthenticatedUsers'), 'READ')],
  ])('S3 grants that amount to %s', async (canned, grants) => {
    const { store } = bench('s3', [{ body: s3Acl(grants) }]);
    expect(await store.getAcl(ref)).toEqual({ canned });
  });

  it('S3 grants that no canned ACL says are kept whole and written back', async () => {
    const document = s3Acl(mine + grant('<ID>you</ID>', 'READ'));
    const { store, sent } = bench('s3', [{ body: document }, {}]);
    const acl = await store.getAcl(ref);
    expect(acl).toEqual({ document });
    await store.putAcl({ bucket: 'bkt', key: 'k2' }, acl);
    expect(sent[1]).toMatchObject({ method: 'PUT', path: '/k2?acl', body: document });
  });

  it('OSS names it', async () => {
    const { store, sent } = bench('oss', [
      {
        body: '<AccessControlPolicy><Owner><ID>1</ID></Owner><AccessControlList><Grant>default</Grant></AccessControlList></AccessControlPolicy>',
      },
      {},
    ]);
    expect(await store.getAcl(ref)).toEqual({ canned: 'default' });
    await store.putAcl(ref, { canned: 'private' });
    expect(sent[1]).toMatchObject({
      path: '/k?acl&versionId=v1',
      headers: { 'x-oss-object-acl': 'private' },
      body: '',
    });
  });

  it('nothing to write is refused', async () => {
    const { store, sent } = bench('oss', []);
    expect(await failure(store.putAcl(ref, {}))).toMatchObject({ code: 'BadRequest' });
    expect(sent).toEqual([]);
  });
});

describe('delete', () => {
  it('tells about markers and versions', async () => {
    const { store, sent } = bench('oss', [
      { status: 204, headers: { 'x-oss-delete-marker': 'true', 'x-oss-version-id': 'm1' } },
      { status: 204 },
    ]);
    expect(await store.delete({ bucket: 'bkt', key: 'k' })).toEqual({ marker: true, versionId: 'm1' });
    expect(await store.delete(ref)).toEqual({ marker: false });
    expect(sent.map((request) => request.path)).toEqual(['/k', '/k?versionId=v1']);
  });

  it('of what is absent is no error, of a missing bucket it is', async () => {
    const { store } = bench('s3', [refusal(404, 'NoSuchKey'), refusal(404, 'NoSuchBucket')]);
    expect(await store.delete(ref)).toEqual({ marker: false });
    expect(await failure(store.delete(ref))).toMatchObject({ code: 'NoSuchBucket' });
  });

  it('is conditional where the store can', async () => {
    const { store, sent } = bench('s3', [refusal(412, 'PreconditionFailed')]);
    expect(await failure(store.delete(ref, { ifMatch: 'E' }))).toMatchObject({ decision: 'source-changed' });
    expect(sent[0]?.headers['if-match']).toBe('"E"');
    const other = bench('oss', [{ status: 204 }]);
    await other.store.delete(ref, { ifMatch: 'E' });
    expect(other.sent[0]?.headers).not.toHaveProperty('if-match');
  });
});

describe('head', () => {
  const head = { 'content-length': '8', etag: '"e-3"', 'last-modified': 'Mon, 01 Jun 2026 10:00:00 GMT' };

  it('asks for one part, and for checksums', async () => {
    const { store, sent } = bench('s3', [
      { status: 206, headers: { ...head, 'x-amz-mp-parts-count': '3', 'content-range': 'bytes 0-7/20' } },
    ]);
    expect(await store.head(ref, { partNumber: 1, checksum: true })).toMatchObject({
      size: 8,
      partsCount: 3,
      kind: 'multipart',
    });
    expect(sent[0]).toMatchObject({
      path: '/k?partNumber=1&versionId=v1',
      headers: { 'x-amz-checksum-mode': 'ENABLED' },
    });
  });

  it('OSS is never asked in words of S3', async () => {
    const { store, sent } = bench('oss', [{ headers: head }]);
    await store.head(ref, { checksum: true });
    expect(Object.keys(sent[0]?.headers ?? {}).filter((name) => name.includes('amz'))).toEqual([]);
  });
});
