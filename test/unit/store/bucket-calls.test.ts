import { describe, expect, it } from 'vitest';
import { bench, failure, refusal } from './harness.ts';

describe('buckets', () => {
  it('createBucket names the region on S3 where it is not the first one', async () => {
    const one = bench('s3', [{}], { address: { scheme: 's3', region: 'eu-west-3' } });
    await one.store.createBucket('bkt');
    expect(one.sent[0]).toMatchObject({
      method: 'PUT',
      body: '<CreateBucketConfiguration><LocationConstraint>eu-west-3</LocationConstraint></CreateBucketConfiguration>',
    });
    for (const scheme of ['s3', 'oss'] as const) {
      const { store, sent } = bench(scheme, [{}]);
      await store.createBucket('bkt', { acl: 'private' });
      expect(sent[0]).toMatchObject({
        body: '',
        headers: { [scheme === 's3' ? 'x-amz-acl' : 'x-oss-acl']: 'private' },
      });
    }
  });

  it('createBucket of our own bucket is no error, of a stranger it is', async () => {
    const { store } = bench('s3', [refusal(409, 'BucketAlreadyOwnedByYou'), refusal(409, 'BucketAlreadyExists')]);
    await store.createBucket('bkt');
    expect(await failure(store.createBucket('bkt'))).toMatchObject({ decision: 'give-up' });
  });

  it('headBucket', async () => {
    const one = bench('s3', [{}, { status: 404 }]);
    await one.store.headBucket('bkt');
    expect(await failure(one.store.headBucket('bkt'))).toMatchObject({ code: 'NoSuchBucket' });
    expect(one.sent[0]?.method).toBe('HEAD');
    const other = bench('oss', [{ body: '<AccessControlPolicy/>' }]);
    await other.store.headBucket('bkt');
    expect(other.sent[0]).toMatchObject({ method: 'GET', path: '/?acl' });
  });

  it.each([
    ['oss', '<LocationConstraint>oss-cn-hangzhou</LocationConstraint>', 'cn-hangzhou'],
    [
      's3',
      '<?xml version="1.0"?>\n<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">eu-west-3</LocationConstraint>',
      'eu-west-3',
    ],
    ['s3', '<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>', 'us-east-1'],
    ['s3', '<LocationConstraint>EU</LocationConstraint>', 'eu-west-1'],
  ] as const)('bucketRegion %s %s', async (scheme, body, region) => {
    const { store } = bench(scheme, [{ body }]);
    expect(await store.bucketRegion('bkt')).toBe(region);
  });

  it('bucketInfo', async () => {
    const body =
      '<BucketInfo><Bucket><Location>oss-cn-hangzhou</Location><Versioning>Enabled</Versioning><StorageClass>IA</StorageClass>' +
      '<ExtranetEndpoint>oss-cn-hangzhou.aliyuncs.com</ExtranetEndpoint><IntranetEndpoint>oss-cn-hangzhou-internal.aliyuncs.com</IntranetEndpoint>' +
      '<DataRedundancyType>ZRS</DataRedundancyType><ServerSideEncryptionRule><SSEAlgorithm>KMS</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID></ServerSideEncryptionRule></Bucket></BucketInfo>';
    const { store } = bench('oss', [{ body }]);
    expect(await store.bucketInfo('bkt')).toEqual({
      region: 'cn-hangzhou',
      versioning: 'enabled',
      hierarchicalNamespace: false,
      storageClass: 'IA',
      redundancy: 'ZRS',
      extranetEndpoint: 'oss-cn-hangzhou.aliyuncs.com',
      intranetEndpoint: 'oss-cn-hangzhou-internal.aliyuncs.com',
      encryption: { algorithm: 'KMS', keyId: 'k' },
    });
    const other = bench('s3', []);
    expect(await failure(other.store.bucketInfo('bkt'))).toMatchObject({ code: 'Unsupported' });
  });

  const buckets = (names: string[], rest = '') => ({
    body: `<ListAllMyBucketsResult>${rest}<Buckets>${names.map((name) => `<Bucket><Name>${name}</Name><Location>oss-cn-hangzhou</Location><CreationDate>2026-06-01T00:00:00.000Z</CreationDate></Bucket>`).join('')}</Buckets></ListAllMyBucketsResult>`,
  });

  it('listBuckets reads every page', async () => {
    const { store, sent } = bench('oss', [
      buckets(['a', 'b'], '<IsTruncated>true</IsTruncated><NextMarker>b</NextMarker>'),
      buckets(['c']),
    ]);
    expect((await store.listBuckets()).map((bucket) => bucket.name)).toEqual(['a', 'b', 'c']);
    expect(sent.map((request) => request.origin + request.path)).toEqual([
      'https://oss-cn-hangzhou.aliyuncs.com/?max-keys=1000',
      'https://oss-cn-hangzhou.aliyuncs.com/?max-keys=1000&marker=b',
    ]);
    const other = bench('s3', [buckets([])]);
    expect(await other.store.listBuckets()).toEqual([]);
  });

  it('a page that is read again counts once', async () => {
    const { store } = bench('oss', [{ body: '<ListAllMyBucketsResult><Buckets>' }, buckets(['a'])]);
    expect(await store.listBuckets()).toEqual([{ name: 'a', region: 'cn-hangzhou', created: Date.UTC(2026, 5, 1) }]);
  });

  it('a page without a mark goes on after its last bucket', async () => {
    const { store, sent } = bench('oss', [buckets(['a', 'b'], '<IsTruncated>true</IsTruncated>'), buckets(['c'])]);
    expect((await store.listBuckets()).map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(sent[1]?.path).toBe('/?max-keys=1000&marker=b');
  });

  it('versioning', async () => {
    const { store, sent } = bench('s3', [
      { body: '<VersioningConfiguration/>' },
      { body: '<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>' },
      {},
    ]);
    expect([await store.versioning('bkt'), await store.versioning('bkt')]).toEqual(['off', 'suspended']);
    await store.setVersioning('bkt', 'enabled');
    expect(sent[2]?.body).toBe('<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>');
  });
});
