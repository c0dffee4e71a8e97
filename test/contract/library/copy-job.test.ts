/** The library against the twin: what its callers see of copies, moves and changes, of progress, aborting and resuming. */
import { S3Client } from '@aws-sdk/client-s3';
import OSS from 'ali-oss';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  changeMetadata,
  copyObject,
  CopyJob,
  moveObject,
  planCopy,
  Stopped,
  type AliOssLike,
  type Checkpoint,
  type Progress,
  type StoreDescription,
} from '../../../lib/runtime/library/index.ts';
import { storeConfigOf } from '../../../lib/runtime/library/stores.ts';
import { startTwin, type Twin } from '../../../lib/twin/start.ts';

const MiB = 1024 * 1024;
const parts = { directMax: 6 * MiB, partSizeMin: 5 * MiB, partSizeMax: 5 * MiB };

let twin: Twin;
let store: StoreDescription;
beforeAll(async () => {
  twin = await startTwin({ buckets: [{ name: 'photos' }, { name: 'backup' }] });
  const { url: endpoint, accessKeyId, secretAccessKey } = twin;
  store = { scheme: 's3', endpoint, region: 'us-east-1', credentials: { accessKeyId, secretAccessKey } };
  await twin.store.put('photos', 'small', { body: 'hello', meta: { a: 'b' } });
  await twin.store.put('photos', 'large', { size: 100 * MiB });
});
afterAll(() => twin.close());

const copied = (operation: string): number => twin.requests.count({ operation });

describe('copyObject', () => {
  it('copies a small object in one request, and says what it took', async () => {
    const result = await copyObject({ store, source: 's3://photos/small', destination: 's3://backup/small' });
    expect(result).toMatchObject({ way: 'direct', size: 5, lost: [], calls: { CopyObject: 1 } });
    expect(await twin.store.head('backup', 'small')).toMatchObject({ etag: result.etag, meta: { a: 'b' } });
  });

  it('copies a large object by parts, and tells how far it is', async () => {
    const seen: Progress[] = [];
    const result = await copyObject({
      ...{ store, source: { bucket: 'photos', key: 'large' }, destination: { bucket: 'backup', key: 'large' } },
      ...{ settings: parts, onProgress: (progress) => seen.push(progress) },
    });
    expect(result).toMatchObject({ way: 'parts', parts: 20, size: 100 * MiB, calls: { UploadPartCopy: 20 } });
    const amounts = seen.map(({ bytesDone }) => bytesDone);
    expect(amounts).toEqual(amounts.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toMatchObject({ state: 'done', partsDone: 20, parts: 20, bytesDone: 100 * MiB });
  });

  it('refuses a source that is not there with an error that says what to do about it', async () => {
    const missing = copyObject({ store, source: 's3://photos/none', destination: 's3://backup/none' });
    await expect(missing).rejects.toMatchObject({ decision: 'give-up', code: 'NotFound', answer: { status: 404 } });
  });

  it.each([
    ['s3://photos/', 'source is "s3://photos/": write s3://bucket/key'],
    ['oss://photos/small', 'source is "oss://photos/small": write s3://bucket/key'],
    [{ bucket: 'photos', key: '' }, 'source must name an object'],
  ])('refuses the place %o before any request', async (source, words) => {
    const before = twin.requests.count();
    await expect(copyObject({ store, source, destination: 's3://backup/x' })).rejects.toThrow(words);
    expect(twin.requests.count()).toBe(before);
  });
});

it('moveObject removes the source once the copy is verified, and keeps what is in the way', async () => {
  await twin.store.put('photos', 'to-move', { body: 'moved' });
  const move = { store, source: 's3://photos/to-move', destination: 's3://photos/moved' };
  expect(await moveObject(move)).toMatchObject({ sourceRemoved: true });
  expect(await twin.store.head('photos', 'to-move')).toBeUndefined();
  await twin.store.put('photos', 'to-move', { body: 'another' });
  await expect(moveObject(move)).rejects.toMatchObject({ code: 'DestinationExists' });
  expect(await twin.store.head('photos', 'to-move')).toBeDefined();
});

it('changeMetadata writes other metadata where the object is', async () => {
  await twin.store.put('photos', 'page', { body: 'x', meta: { kept: '1' } });
  const change = { base: 'merge' as const, content: { contentType: 'text/html' }, set: { owner: 'ann' } };
  await changeMetadata({ store, object: 's3://photos/page', metadata: change });
  expect(await twin.store.head('photos', 'page')).toMatchObject({ meta: { kept: '1', owner: 'ann' } });
});

it('planCopy says what a copy would do, and writes nothing', async () => {
  const plan = await planCopy({
    ...{ store, source: 's3://photos/large', destination: 's3://backup/planned', settings: parts },
  });
  expect(plan).toMatchObject({ way: 'parts', size: 100 * MiB, calls: { UploadPartCopy: 20 } });
  expect(await twin.store.head('backup', 'planned')).toBeUndefined();
});

it('takes over region, endpoint, addressing and keys of an S3Client', async () => {
  const { url: endpoint, accessKeyId, secretAccessKey } = twin;
  const client = new S3Client({
    ...{ endpoint, region: 'us-east-1', forcePathStyle: true, maxAttempts: 5 },
    credentials: async () => ({ accessKeyId, secretAccessKey, expiration: new Date(Date.now() + 3_600_000) }),
  });
  const result = await copyObject({ store: client, source: 's3://photos/small', destination: 's3://backup/by-sdk' });
  expect(result.way).toBe('direct');
  client.destroy();
});

it('takes over endpoint and keys of a client of ali-oss, and its STS token as it is at the time', async () => {
  const { url: endpoint, accessKeyId, secretAccessKey: accessKeySecret } = twin;
  const client = new OSS({ accessKeyId, accessKeySecret, endpoint, region: 'oss-cn-hangzhou', bucket: 'photos' });
  const { options } = client as unknown as AliOssLike;
  const result = await copyObject({
    ...{ store: { options }, source: 'oss://photos/small', destination: 'oss://backup/by-ali-oss' },
  });
  expect(result).toMatchObject({ way: 'direct', verifiedBy: 'crc64' });
  const config = await storeConfigOf({ options });
  expect(await config.credentials()).toEqual({ accessKeyId, secretAccessKey: accessKeySecret });
  options.stsToken = 'fresh';
  expect(await config.credentials()).toMatchObject({ sessionToken: 'fresh' });
});

it.each([
  [{ region: 'oss-cn-beijing' }, { scheme: 'oss', region: 'cn-beijing' }],
  [{ region: 'oss-cn-beijing', endpoint: { href: 'http://oss-cn-beijing.aliyuncs.com/' } }, { region: 'cn-beijing' }],
  [{ endpoint: 'oss.example.com', secure: true, cname: true }, { endpoint: 'https://oss.example.com' }],
])('reads of the options %o of a client of ali-oss where its store is', async (options, address) => {
  const config = await storeConfigOf({ options: { accessKeyId: 'a', accessKeySecret: 'b', ...options } });
  expect(config.address).toMatchObject(address);
  if (!('cname' in options)) expect(config.address.endpoint).toBeUndefined();
});

it('refuses what is no store', async () => {
  const given = { source: 's3://a/b', destination: 's3://c/d' };
  await expect(copyObject({ ...given, store: undefined as unknown as StoreDescription })).rejects.toThrow(
    'store is missing',
  );
  await expect(copyObject({ ...given, store: { scheme: 's3' } as StoreDescription })).rejects.toThrow('credentials');
});

describe('CopyJob', () => {
  const input = (key: string) => ({
    ...{ store, source: 's3://photos/large', destination: `s3://backup/${key}` },
    ...{ settings: { ...parts, concurrency: 2 } },
  });

  it('gives its progress as an async iterator that ends with the job', async () => {
    const job = new CopyJob(input('iterated'));
    const done = job.run();
    const seen: Progress[] = [];
    for await (const progress of job) seen.push(progress);
    expect(seen.at(-1)).toMatchObject({ state: 'done', partsDone: 20 });
    expect(await done).toMatchObject({ way: 'parts' });
  });

  it('is stopped, kept as JSON, and resumed without copying a part twice', async () => {
    const job = new CopyJob(input('resumed'));
    const done = job.run();
    let kept = '';
    for await (const { partsDone } of job) {
      // As a process that is killed leaves it: parts that came after it are in the store all the same.
      if (partsDone >= 1 && kept === '') kept = JSON.stringify(job.checkpoint());
      if (partsDone >= 6) break;
    }
    await job.stop();
    await expect(done).rejects.toBeInstanceOf(Stopped);
    expect(kept).not.toContain(twin.secretAccessKey);
    const first = copied('UploadPartCopy');
    const resumed = CopyJob.resume(JSON.parse(kept) as Checkpoint, { store });
    const result = await resumed.run();
    expect(result).toMatchObject({ way: 'parts', parts: 20, verifiedBy: expect.any(String) as string });
    const there = 20 - (result.calls['UploadPartCopy'] ?? 0);
    expect(there).toBeGreaterThanOrEqual(6);
    expect(copied('UploadPartCopy') - first).toBe(20 - there);
    expect((await twin.store.head('backup', 'resumed'))?.size).toBe(100 * MiB);
    expect(twin.store.uploads('backup')).toEqual([]);
  });

  it('leaves no upload behind when its signal aborts', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    const job = new CopyJob({ ...input('aborted'), signal: abort.signal });
    const done = job.run();
    for await (const { partsDone } of job) if (partsDone >= 2) abort.abort(reason);
    await expect(done).rejects.toBe(reason);
    expect(twin.store.uploads('backup')).toEqual([]);
    expect(await twin.store.head('backup', 'aborted')).toBeUndefined();
  });

  it('does nothing when its signal has aborted before', async () => {
    const before = twin.requests.count();
    const done = copyObject({ ...input('never'), signal: AbortSignal.abort(new Error('early')) });
    await expect(done).rejects.toThrow('early');
    expect(twin.requests.count()).toBe(before);
  });

  it('refuses a checkpoint of another store, and what is none', async () => {
    const job = new CopyJob(input('elsewhere'));
    const done = job.run();
    for await (const { partsDone } of job) if (partsDone >= 1) break;
    const checkpoint = await job.stop();
    await expect(done).rejects.toThrow();
    const other = { ...store, endpoint: 'http://127.0.0.1:1' };
    if (!checkpoint) throw new Error('there is no checkpoint');
    await expect(CopyJob.resume(checkpoint, { store: other }).run()).rejects.toThrow(/The checkpoint is of .*127/);
    expect(() => CopyJob.resume({} as Checkpoint, { store })).toThrow('no checkpoint');
    await CopyJob.resume(checkpoint, { store }).run();
  });
});
