/** Annotations and the ten checksums of S3, as its official SDK speaks of them. */
import {
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  DeleteObjectAnnotationCommand,
  GetObjectAnnotationCommand,
  HeadObjectCommand,
  ListObjectAnnotationsCommand,
  PutObjectAnnotationCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTwin, type Twin } from '../../../lib/twin/start.ts';

const Bucket = 'photos';
const object = { Bucket, Key: 'a b.txt' };
let twin: Twin;
let s3: S3Client;

beforeAll(async () => {
  twin = await startTwin({ buckets: [{ name: Bucket }] });
  s3 = new S3Client({ endpoint: twin.url, region: 'us-east-1', forcePathStyle: true, credentials: twin });
});
afterAll(async () => {
  s3.destroy();
  await twin.close();
});

const annotate = (AnnotationName: string, text: string, more = {}) =>
  s3.send(new PutObjectAnnotationCommand({ ...object, AnnotationName, AnnotationPayload: Buffer.from(text), ...more }));

it('an annotation is put, listed in pages, read and deleted, and leaves the ETag of the object alone', async () => {
  const { ETag } = await s3.send(new PutObjectCommand({ ...object, Body: 'hello' }));
  await annotate('labels.v1', 'cat, dog', { ObjectIfMatch: ETag });
  await annotate('übersicht', 'ä');
  const first = await s3.send(new ListObjectAnnotationsCommand({ ...object, MaxAnnotationResults: 1 }));
  const second = await s3.send(
    new ListObjectAnnotationsCommand({ ...object, ContinuationToken: first.NextContinuationToken }),
  );
  expect(
    [...first.Annotations!, ...second.Annotations!].map(({ AnnotationName, Size }) => [AnnotationName, Size]),
  ).toEqual([
    ['labels.v1', 8],
    ['übersicht', 2],
  ]);
  const read = await s3.send(new GetObjectAnnotationCommand({ ...object, AnnotationName: 'labels.v1' }));
  expect(await read.AnnotationPayload!.transformToString()).toBe('cat, dog');
  await s3.send(new DeleteObjectAnnotationCommand({ ...object, AnnotationName: 'labels.v1' }));
  expect((await s3.send(new ListObjectAnnotationsCommand(object))).Annotations).toHaveLength(1);
  expect((await s3.send(new HeadObjectCommand(object))).ETag).toBe(ETag);
});

it.each([
  ['a name that the vendor keeps', () => annotate('aws.x', 'x'), 'InvalidAnnotationName'],
  ['a name of 513 bytes', () => annotate('x'.repeat(513), 'x'), 'AnnotationNameTooLong'],
  ['an empty text', () => annotate('x', ''), 'InvalidRequest'],
  ['a text of more than 1 MiB', () => annotate('x', 'x'.repeat(1024 ** 2 + 1)), 'InvalidRequest'],
  ['another object than was meant', () => annotate('x', 'x', { ObjectIfMatch: '"0"' }), 'PreconditionFailed'],
  [
    'a read of what is not there',
    () => s3.send(new GetObjectAnnotationCommand({ ...object, AnnotationName: 'none' })),
    'NoSuchAnnotation',
  ],
])('%s is refused', async (_name, call, code) => {
  await s3.send(new PutObjectCommand({ ...object, Body: 'hello' }));
  await expect(call()).rejects.toMatchObject({ name: code });
});

it('an overwrite drops annotations, a CopyObject carries them unless told otherwise, and an upload in parts does not', async () => {
  await s3.send(new PutObjectCommand({ ...object, Body: 'hello' }));
  await annotate('x', 'text');
  const CopySource = `${Bucket}/${encodeURIComponent(object.Key)}`;
  await s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource }));
  await s3.send(new CopyObjectCommand({ Bucket, Key: 'bare', CopySource, AnnotationDirective: 'EXCLUDE' }));
  const upload = { Bucket, Key: 'parts', UploadId: '' };
  upload.UploadId = (await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }))).UploadId!;
  const { CopyPartResult } = await s3.send(new UploadPartCopyCommand({ ...upload, PartNumber: 1, CopySource }));
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: CopyPartResult!.ETag }] };
  await s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }));
  await s3.send(new PutObjectCommand({ ...object, Body: 'hello' }));
  const names = async (Key: string) =>
    (await s3.send(new ListObjectAnnotationsCommand({ Bucket, Key }))).Annotations?.map((one) => one.AnnotationName) ??
    [];
  expect(await Promise.all([object.Key, 'copy', 'bare', 'parts'].map(names))).toEqual([[], ['x'], [], []]);
});

it.each(['SHA256', 'SHA512', 'MD5', 'XXHASH64', 'XXHASH3', 'XXHASH128', 'CRC32C'] as const)(
  'a %s of parts becomes one of the whole in a CopyObject, and a copy by parts may keep one of parts',
  async (algorithm) => {
    const checksum = { algorithm, type: 'COMPOSITE', value: 'AAA=-2' } as const;
    await twin.store.put(Bucket, 'source', { size: 6 * 1024 ** 2, checksum });
    const CopySource = `${Bucket}/source`;
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource }));
    expect((await twin.store.head(Bucket, 'copy'))?.checksum).toMatchObject({ algorithm, type: 'FULL_OBJECT' });
    const upload = { Bucket, Key: 'parts', UploadId: '' };
    const created = await s3.send(new CreateMultipartUploadCommand({ ...upload, ChecksumAlgorithm: algorithm }));
    upload.UploadId = created.UploadId!;
    const part = { ...upload, PartNumber: 1, CopySource };
    const { CopyPartResult: result } = await s3.send(new UploadPartCopyCommand(part));
    const field = `Checksum${algorithm}` as 'ChecksumSHA256';
    const Parts = [{ PartNumber: 1, ETag: result!.ETag, [field]: result![field] }];
    const done = await s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
    expect(done.ChecksumType).toBe('COMPOSITE');
    expect(done[field]).toMatch(/-1$/);
  },
);
