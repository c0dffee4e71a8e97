/** Creating buckets, as public suites of clients found the twin to depart from the stores. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTwin, type Twin } from '../../../lib/twin/start.ts';
import { oss, s3 } from './raw.ts';

let twin: Twin;
beforeAll(async () => {
  const users = [{ name: 'other', accessKeyId: 'other-key', secretAccessKey: 'other-secret' }];
  const buckets = [{ name: 'first', region: 'us-east-1', acl: 'public-read' }, { name: 'second' }];
  twin = await startTwin({ users, buckets });
});
afterAll(() => twin.close());

const other = { accessKeyId: 'other-key', secretAccessKey: 'other-secret' };

describe("creating one's own bucket again", () => {
  it('is BucketAlreadyOwnedByYou on S3, but for us-east-1, where it is done and the ACL put back', async () => {
    await twin.store.put('first', 'kept');
    expect((await s3(twin, { method: 'PUT', bucket: 'second' })).xml('Code')).toBe('BucketAlreadyOwnedByYou');
    expect((await s3(twin, { method: 'PUT', bucket: 'first' })).status).toBe(200);
    expect(twin.store.bucket('first').settings.acl).toBe('private');
    expect(await twin.store.head('first', 'kept')).toBeDefined();
  });

  it('is BucketAlreadyExists for a bucket of another account', async () => {
    for (const [send, bucket] of [
      [s3, 'first'],
      [s3, 'second'],
      [oss, 'second'],
    ] as const) {
      expect((await send(twin, { method: 'PUT', bucket, ...other })).xml('Code')).toBe('BucketAlreadyExists');
    }
  });
});

describe('bucket names', () => {
  const create = async (send: typeof oss, bucket: string): Promise<string | undefined> => {
    const { status, xml } = await send(twin, { method: 'PUT', bucket });
    return status === 200 ? 'created' : xml('Code');
  };

  it('may have dots on S3, and labels between them', async () => {
    expect(await create(s3, 'good.name-1.x')).toBe('created');
    const bad = ['foo..bar', 'foo.-bar', 'foo-.bar', '192.168.5.124', '.foo', 'Foo', 'fo', 'xn--foo', 'foo-s3alias'];
    for (const name of bad) expect([name, await create(s3, name)]).toEqual([name, 'InvalidBucketName']);
  });

  it('have no dots on OSS', async () => {
    expect(await create(oss, 'good-name')).toBe('created');
    for (const name of ['foo.bar', '-foo', 'foo-']) expect(await create(oss, name)).toBe('InvalidBucketName');
  });
});

it('OSS creates a bucket that is not there when its ACL is put', async () => {
  const headers = { 'x-oss-acl': 'public-read' };
  const put = await oss(twin, { method: 'PUT', bucket: 'by-acl', query: { acl: '' }, headers });
  expect([put.status, put.headers['location']]).toEqual([200, '/by-acl']);
  expect((await oss(twin, { method: 'GET', bucket: 'by-acl', query: { acl: '' } })).xml('Grant')).toBe('public-read');
});

it('S3 refuses a bucket whose owner is not the expected one', async () => {
  await twin.store.put('second', 'k', { body: 'x' });
  const wrong = { 'x-amz-expected-bucket-owner': '999999999999' };
  for (const ask of [{ method: 'GET', key: 'k' }, { method: 'PUT', key: 'new', body: '' }, { method: 'GET' }]) {
    expect((await s3(twin, { bucket: 'second', headers: wrong, ...ask })).xml('Code')).toBe('AccessDenied');
  }
  const copy = (owner: string) => ({
    method: 'PUT',
    bucket: 'first',
    key: 'copy',
    headers: { 'x-amz-copy-source': '/second/k', 'x-amz-source-expected-bucket-owner': owner },
  });
  expect((await s3(twin, copy('999999999999'))).xml('Code')).toBe('AccessDenied');
  expect(await twin.store.head('first', 'copy')).toBeUndefined();
  expect((await s3(twin, copy('1234567890'))).status).toBe(200);
});
