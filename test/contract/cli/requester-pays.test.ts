/** Buckets of another account whose owner lets the requester pay. */
import { describe, expect, it } from 'vitest';
import { MiB, useRig } from './harness.ts';

const shared = { acl: 'public-read-write', requesterPays: true };
const rig = useRig({
  buckets: [
    { name: 'photos', ...shared },
    { name: 'backup', ...shared },
  ],
  users: [{ name: 'bob', accessKeyId: 'bob', secretAccessKey: 'bob-secret' }],
});
const bob = {
  AWS_ACCESS_KEY_ID: 'bob',
  AWS_SECRET_ACCESS_KEY: 'bob-secret',
  OSS_ACCESS_KEY_ID: 'bob',
  OSS_ACCESS_KEY_SECRET: 'bob-secret',
};
const paying = ['--request-payer', 'requester'];

describe.each(['oss', 's3'] as const)('a bucket of %s whose requester pays', (scheme) => {
  it('is refused without the option, in words that name it', async () => {
    await rig.twin.store.put('photos', `${scheme}/a`, { body: 'hello' });
    const outcome = await rig.runWith(bob, 'cp', `${scheme}://photos/${scheme}/a`, `${scheme}://backup/`);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('--request-payer requester');
  });

  it('is not named as the cause where the request has said who pays', async () => {
    const secret = { ...bob, AWS_ACCESS_KEY_ID: 'bob', AWS_SECRET_ACCESS_KEY: 'bob-secret' };
    rig.twin.store.createBucket({ name: `${scheme}-private` });
    const outcome = await rig.runWith(secret, 'ls', `${scheme}://${scheme}-private/`, ...paying);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).not.toContain('--request-payer requester');
  });

  it('is copied from and into by every kind of request: listing, HEAD, copies, parts, ListParts, Complete', async () => {
    await rig.twin.store.put('photos', `${scheme}/in/small`, { body: 'hello', tags: {} });
    await rig.twin.store.put('photos', `${scheme}/in/large`, { size: 12 * MiB });
    rig.twin.requests.reset();
    const [from, to] = [`${scheme}://photos/${scheme}/in/`, `${scheme}://backup/${scheme}/in/`];
    const outcome = await rig.runWith(bob, 'cp', from, to, '--part-size', '5MiB', ...paying);
    // An ACL gives no right to list annotations, and the result says so.
    const stderr: unknown = scheme === 's3' ? expect.stringContaining('annotations') : '';
    expect(outcome).toMatchObject({ code: 0, stderr });
    expect(rig.twin.store.keys('backup', `${scheme}/in/`)).toHaveLength(2);
    const operations = new Set(rig.twin.requests.all().map(({ operation }) => operation));
    for (const operation of ['ListObjectsV2', 'HeadObject', 'CopyObject', 'UploadPartCopy', 'ListParts'])
      expect(operations).toContain(operation);
    const refused = rig.twin.requests.all({ status: 403 }).filter(({ key }) => key !== undefined);
    expect(refused.map(({ operation }) => operation)).toEqual(scheme === 's3' ? ['ListObjectAnnotations'] : []);
  });
});
