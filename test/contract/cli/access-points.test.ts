/** Access points of S3 in place of buckets. */
import { beforeAll, describe, expect, it } from 'vitest';
import { MiB, useRig, type Outcome } from './harness.ts';

const rig = useRig({
  buckets: [
    { name: 'photos', accessPoints: ['reader'] },
    { name: 'backup', accessPoints: ['writer'] },
  ],
});
const arn = (name: string) => `arn:aws:s3:cn-hangzhou:123456789012:accesspoint/${name}`;
/** An access point is a name of a host, and an address has none. */
const run = (...args: string[]): Promise<Outcome> =>
  rig.runWith({ AWS_ENDPOINT_URL: rig.twin.url.replace('127.0.0.1', 'localhost') }, ...args);

beforeAll(async () => {
  await rig.twin.store.put('photos', 'in/a b+ü%.txt', { body: 'hello', tags: { a: 'b' } });
  await rig.twin.store.put('photos', 'large', { size: 12 * MiB });
});

describe('an access point', () => {
  it('is a source of CopyObject and of parts, by its ARN as AWS writes it', async () => {
    expect(await run('cp', `s3://${arn('reader')}/in/a b+ü%.txt`, 's3://backup/one')).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(await rig.twin.store.head('backup', 'one')).toMatchObject({ size: 5, tags: { a: 'b' } });
    const parts = await run('cp', `s3://${arn('reader')}/large`, 's3://backup/two', '--part-size', '5MiB');
    expect(parts).toMatchObject({ code: 0, stderr: '' });
    expect((await rig.twin.store.head('backup', 'two'))?.crc64).toBe(
      (await rig.twin.store.head('photos', 'large'))?.crc64,
    );
  });

  it('is a destination, of one object and of a prefix, and is listed', async () => {
    const copied = await run('cp', `s3://${arn('reader')}/in/`, `s3://${arn('writer')}/out/`);
    expect(copied).toMatchObject({ code: 0, stderr: '' });
    expect(rig.twin.store.keys('backup', 'out/')).toEqual(['out/a b+ü%.txt']);
    expect((await run('ls', `s3://${arn('writer')}/out/`)).stdout).toContain('a b+ü%.txt');
  });

  it('is refused as the destination of an object that it turns out to hold, and taken for another', async () => {
    const itself = await run('cp', 's3://photos/large', 's3://reader-s3alias/large', '--part-size', '5MiB');
    expect(itself).toMatchObject({ code: 2, stderr: expect.stringContaining('one object under two names') as string });
    expect(await run('cp', 's3://photos/large', 's3://writer-s3alias/large')).toMatchObject({ code: 0, stderr: '' });
  });

  it('is used by its alias as well', async () => {
    const outcome = await run('cp', 's3://reader-s3alias/large', 's3://writer-s3alias/three');
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(rig.twin.store.keys('backup', 'three')).toEqual(['three']);
  });

  it.each([arn('reader'), 'reader-s3alias'])(
    'named %s is no way to rename an object onto itself: its source would be deleted',
    async (bucket) => {
      const outcome = await run('mv', 's3://photos/large', `s3://${bucket}/large`, '--overwrite', 'always');
      expect(outcome.code).not.toBe(0);
      expect(outcome.stderr).toContain('may be one object');
      expect(rig.twin.store.keys('photos', 'large')).toEqual(['large']);
    },
  );

  it('is no destination below the source prefix: the copies would be copied again', async () => {
    const outcome = await run('cp', 's3://photos/in/', `s3://${arn('reader')}/in/more/`);
    expect(outcome.stderr).toContain('may be one bucket');
    expect(rig.twin.store.keys('photos', 'in/')).toHaveLength(1);
  });

  it.each([
    ['of many regions', 'arn:aws:s3::123456789012:accesspoint/abc.mrap', 'SigV4A'],
    ['of Outposts', 'arn:aws:s3-outposts:eu-west-1:123456789012:outpost:op-1:accesspoint/x', 'Outposts'],
    ['of Object Lambda', 'arn:aws:s3-object-lambda:eu-west-1:123456789012:accesspoint/x', 'Object Lambda'],
  ])('%s is refused by name, as a source and as a destination, before any request', async (_what, bucket, word) => {
    rig.twin.requests.reset();
    for (const [from, to] of [
      [`s3://${bucket}/k`, 's3://backup/k2'],
      ['s3://photos/large', `s3://${bucket}/k2`],
    ] as const) {
      const outcome = await run('cp', from, to);
      expect(outcome.code).not.toBe(0);
      expect(outcome.stderr).toContain(word);
    }
    expect(rig.twin.requests.count()).toBe(0);
  });
});
