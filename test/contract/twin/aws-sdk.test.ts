import { Agent } from 'node:http';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  paginateListObjectsV2,
  PutBucketVersioningCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTwin, type Twin } from '../../../lib/twin/start.ts';

const MIB = 1024 * 1024;
const KEY = 'dir/目标 +%41&=?#.txt';
const Bucket = 'photos';

let twin: Twin;
let s3: S3Client;

beforeAll(async () => {
  twin = await startTwin({ buckets: [{ name: 'photos' }, { name: 'backup', region: 'eu-west-1' }] });
  s3 = new S3Client({ endpoint: twin.url, region: 'us-east-1', forcePathStyle: true, credentials: twin });
});
afterAll(async () => {
  s3.destroy();
  await twin.close();
});

const source = (key: string): string => `${Bucket}/${encodeURIComponent(key)}`;
const textOf = async (key: string): Promise<string> =>
  (await s3.send(new GetObjectCommand({ Bucket, Key: key }))).Body!.transformToString();

describe('the AWS SDK with its default settings', () => {
  it('puts, looks at and gets an object, checksums included', async () => {
    await s3.send(
      new PutObjectCommand({
        Bucket,
        Key: KEY,
        Body: 'hello',
        ContentType: 'text/x-note',
        Metadata: { color: 'blue' },
        Tagging: 'a=b',
      }),
    );
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: KEY, ChecksumMode: 'ENABLED' }));
    expect(head).toMatchObject({
      ContentLength: 5,
      ContentType: 'text/x-note',
      ETag: '"5d41402abc4b2a76b9719d911017c592"',
      Metadata: { color: 'blue' },
      TagCount: 1,
      ChecksumCRC32: 'NhCmhg==',
      ChecksumType: 'FULL_OBJECT',
    });
    expect(await textOf(KEY)).toBe('hello');
  });

  it('streams bodies in signed-length chunks with a checksum behind them', async () => {
    const Body = Readable.from([Buffer.alloc(100_000, 'a'), Buffer.alloc(50_000, 'b')]);
    await s3.send(
      new PutObjectCommand({ Bucket, Key: 'stream', Body, ContentLength: 150_000, ContentEncoding: 'gzip' }),
    );
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'stream', ChecksumMode: 'ENABLED' }));
    expect(head).toMatchObject({ ContentLength: 150_000, ContentEncoding: 'gzip', ChecksumType: 'FULL_OBJECT' });
    expect(head.ChecksumCRC32).toBeDefined();
    const bytes = await twin.store.bytes(Bucket, 'stream');
    expect(bytes.equals(Buffer.concat([Buffer.alloc(100_000, 'a'), Buffer.alloc(50_000, 'b')]))).toBe(true);
  });

  it('copies by one call into a bucket of another region', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'c', Body: 'copy me', Metadata: { a: '1' }, Tagging: 't=1' }));
    await s3.send(new CopyObjectCommand({ Bucket: 'backup', Key: 'c', CopySource: source('c') }));
    expect(await s3.send(new HeadObjectCommand({ Bucket: 'backup', Key: 'c' }))).toMatchObject({
      Metadata: { a: '1' },
      TagCount: 1,
    });
  });

  it('uploads by parts, copies by parts, and keeps the ETag when the parts are the same', async () => {
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'mp' }));
    const Parts = [];
    for (const PartNumber of [1, 2]) {
      const Body = Buffer.alloc(5 * MIB, PartNumber);
      const sent = await s3.send(new UploadPartCommand({ Bucket, Key: 'mp', UploadId, PartNumber, Body }));
      Parts.push({ PartNumber, ETag: sent.ETag, ChecksumCRC32: sent.ChecksumCRC32 });
    }
    const listed = await s3.send(new ListPartsCommand({ Bucket, Key: 'mp', UploadId }));
    expect(listed.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
      [1, 5 * MIB],
      [2, 5 * MIB],
    ]);
    const done = await s3.send(
      new CompleteMultipartUploadCommand({ Bucket, Key: 'mp', UploadId, MultipartUpload: { Parts } }),
    );
    expect(done.ETag).toMatch(/^"[0-9a-f]{32}-2"$/);
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key: 'mp', PartNumber: 2 }))).toMatchObject({
      PartsCount: 2,
      ContentLength: 5 * MIB,
    });

    const copy = await s3.send(
      new CreateMultipartUploadCommand({ Bucket, Key: 'mp2', ChecksumAlgorithm: 'CRC64NVME' }),
    );
    const copied = [];
    for (const [PartNumber, CopySourceRange] of [
      [1, `bytes=0-${5 * MIB - 1}`],
      [2, `bytes=${5 * MIB}-${10 * MIB - 1}`],
    ] as const) {
      const part = await s3.send(
        new UploadPartCopyCommand({
          Bucket,
          Key: 'mp2',
          UploadId: copy.UploadId,
          PartNumber,
          CopySource: source('mp'),
          CopySourceRange,
        }),
      );
      copied.push({ PartNumber, ETag: part.CopyPartResult?.ETag });
    }
    const result = await s3.send(
      new CompleteMultipartUploadCommand({
        Bucket,
        Key: 'mp2',
        UploadId: copy.UploadId,
        MultipartUpload: { Parts: copied },
      }),
    );
    expect(result.ETag).toBe(done.ETag);
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'mp2', ChecksumMode: 'ENABLED' }));
    expect(head).toMatchObject({ ChecksumCRC64NVME: result.ChecksumCRC64NVME, ChecksumType: 'FULL_OBJECT' });
  });

  it('lists both ways, folds by delimiter, pages to the end', async () => {
    for (const key of ['l/a', 'l/b/1', 'l/b/2', 'l/c', 'l/ü +'])
      await s3.send(new PutObjectCommand({ Bucket, Key: key, Body: 'x' }));
    const folded = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'l/', Delimiter: '/' }));
    expect(folded.Contents?.map((object) => object.Key)).toEqual(['l/a', 'l/c', 'l/ü +']);
    expect(folded.CommonPrefixes).toEqual([{ Prefix: 'l/b/' }]);
    const keys: (string | undefined)[] = [];
    for await (const page of paginateListObjectsV2({ client: s3, pageSize: 2 }, { Bucket, Prefix: 'l/' })) {
      keys.push(...(page.Contents ?? []).map((object) => object.Key));
    }
    expect(keys).toEqual(['l/a', 'l/b/1', 'l/b/2', 'l/c', 'l/ü +']);
    const first = await s3.send(
      new ListObjectsCommand({ Bucket, Prefix: 'l/', MaxKeys: 1, EncodingType: 'url', Marker: 'l/c' }),
    );
    expect(first.Contents?.map((object) => object.Key)).toEqual(['l/%C3%BC+%2B']);
  });

  it('sets and reads ACL and tags', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 't', Body: 't' }));
    await s3.send(new PutObjectTaggingCommand({ Bucket, Key: 't', Tagging: { TagSet: [{ Key: 'k', Value: ' v ' }] } }));
    expect((await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 't' }))).TagSet).toEqual([
      { Key: 'k', Value: ' v ' },
    ]);
    await s3.send(new PutObjectAclCommand({ Bucket, Key: 't', ACL: 'public-read' }));
    const acl = await s3.send(new GetObjectAclCommand({ Bucket, Key: 't' }));
    expect(acl.Grants?.map((grant) => grant.Permission)).toEqual(['FULL_CONTROL', 'READ']);
    await s3.send(
      new PutObjectAclCommand({ Bucket, Key: 't', AccessControlPolicy: { Grants: acl.Grants, Owner: acl.Owner } }),
    );
    expect((await twin.store.head(Bucket, 't'))?.acl).toEqual({ canned: 'public-read' });
  });

  it('lists uploads and aborts them', async () => {
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'open upload' }));
    const listed = await s3.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'open' }));
    expect(listed.Uploads).toMatchObject([{ Key: 'open upload', UploadId }]);
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: 'open upload', UploadId }));
    await expect(s3.send(new ListPartsCommand({ Bucket, Key: 'open upload', UploadId }))).rejects.toMatchObject({
      name: 'NoSuchUpload',
    });
  });

  it('creates a bucket, turns versioning on and keeps versions', async () => {
    await s3.send(
      new CreateBucketCommand({ Bucket: 'kept', CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }),
    );
    expect((await s3.send(new GetBucketLocationCommand({ Bucket: 'kept' }))).LocationConstraint).toBe('eu-west-1');
    await s3.send(new PutBucketVersioningCommand({ Bucket: 'kept', VersioningConfiguration: { Status: 'Enabled' } }));
    const first = await s3.send(new PutObjectCommand({ Bucket: 'kept', Key: 'v', Body: 'one' }));
    await s3.send(new PutObjectCommand({ Bucket: 'kept', Key: 'v', Body: 'two' }));
    const deleted = await s3.send(new DeleteObjectCommand({ Bucket: 'kept', Key: 'v' }));
    expect(deleted.DeleteMarker).toBe(true);
    const old = await s3.send(new GetObjectCommand({ Bucket: 'kept', Key: 'v', VersionId: first.VersionId }));
    expect(await old.Body!.transformToString()).toBe('one');
    const versions = await s3.send(new ListObjectVersionsCommand({ Bucket: 'kept' }));
    expect([versions.Versions?.length, versions.DeleteMarkers?.length]).toEqual([2, 1]);
  });

  it('deletes many, and names what failed', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'x & <y>', Body: 'x' }));
    const { Deleted } = await s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'x & <y>' }, { Key: 'none' }] } }),
    );
    expect(Deleted).toEqual([{ Key: 'x & <y>' }, { Key: 'none' }]);
    expect(twin.store.keys(Bucket, 'x')).toEqual([]);
  });

  it('lists buckets', async () => {
    const { Buckets } = await s3.send(new ListBucketsCommand({}));
    expect(Buckets?.map((bucket) => bucket.Name)).toContain('backup');
  });

  it('corrects its clock by what the twin says', async () => {
    const ahead = await startTwin({ buckets: [{ name: 'photos' }], clock: () => Date.now() + 20 * 60_000 });
    const late = new S3Client({ endpoint: ahead.url, region: 'us-east-1', forcePathStyle: true, credentials: ahead });
    await late.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
    expect(ahead.requests.all().map(({ code }) => code)).toEqual(['RequestTimeTooSkewed', undefined]);
    late.destroy();
    await ahead.close();
  });

  it('reaches a bucket by its host name', async () => {
    // Names under .localhost are not known to every resolver.
    const httpAgent = new Agent({ lookup: (_, __, found) => found(null, [{ address: '127.0.0.1', family: 4 }]) });
    const endpoint = `http://s3.localhost:${twin.port}`;
    const virtual = new S3Client({ endpoint, region: 'us-east-1', credentials: twin, requestHandler: { httpAgent } });
    await virtual.send(new PutObjectCommand({ Bucket, Key: 'by/host', Body: 'x' }));
    expect(twin.store.keys(Bucket, 'by/')).toEqual(['by/host']);
    virtual.destroy();
  });
});
