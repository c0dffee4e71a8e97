/** SSE-C on S3: the official SDK brings the keys, and the twin refuses what Amazon refuses. */
import { createHash } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTwin, type Twin } from '../../../lib/twin/start.ts';
import { s3 as send } from './raw.ts';

const Bucket = 'photos';
const [a, b] = ['a', 'b'].map((letter) => Buffer.alloc(32, letter));
const own = (key = a!) => ({
  SSECustomerAlgorithm: 'AES256',
  SSECustomerKey: key.toString('base64'),
  SSECustomerKeyMD5: md5(key),
});
const ofSource = (key = a!) => ({
  CopySourceSSECustomerAlgorithm: 'AES256',
  CopySourceSSECustomerKey: key.toString('base64'),
  CopySourceSSECustomerKeyMD5: md5(key),
});
const md5 = (key: Buffer): string => createHash('md5').update(key).digest('base64');

let twin: Twin;
let s3: S3Client;

beforeAll(async () => {
  twin = await startTwin({ buckets: [{ name: Bucket }] });
  s3 = new S3Client({ endpoint: twin.url, region: 'us-east-1', forcePathStyle: true, credentials: twin });
  await s3.send(new PutObjectCommand({ Bucket, Key: 'kept', Body: 'hello', ...own() }));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'plain', Body: 'hello' }));
});
afterAll(async () => {
  s3.destroy();
  await twin.close();
});

const refusal = (name: string, status: number) => ({
  name,
  $metadata: expect.objectContaining({ httpStatusCode: status }) as unknown,
});

describe('the AWS SDK with keys of the customer', () => {
  it('puts, looks at, gets and copies an object, and hears of the key by its MD5', async () => {
    const echo = { SSECustomerAlgorithm: 'AES256', SSECustomerKeyMD5: md5(a!) };
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'kept', ...own() }));
    expect(head).toMatchObject({ ...echo, ContentLength: 5 });
    expect(head.ServerSideEncryption).toBeUndefined();
    expect(head.ETag).not.toContain(createHash('md5').update('hello').digest('hex'));
    const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'kept', ...own() }));
    expect(await got.Body!.transformToString()).toBe('hello');
    const copied = await s3.send(
      new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/kept`, ...ofSource(), ...own(b) }),
    );
    expect(copied).toMatchObject({ SSECustomerKeyMD5: md5(b!) });
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'open', CopySource: `${Bucket}/kept`, ...ofSource() }));
    const open = await s3.send(new HeadObjectCommand({ Bucket, Key: 'open' }));
    expect(open.ETag).toContain(createHash('md5').update('hello').digest('hex'));
  });

  it('uploads by parts, and wants the same key for each part and, with checksums, for their list and the end', async () => {
    const Key = 'parts';
    const begun = await s3.send(
      new CreateMultipartUploadCommand({ Bucket, Key, ChecksumAlgorithm: 'CRC32', ...own(b) }),
    );
    const part = { Bucket, Key, UploadId: begun.UploadId, PartNumber: 1 };
    const copy = { ...part, CopySource: `${Bucket}/kept` };
    await expect(s3.send(new UploadPartCommand({ ...part, Body: 'x' }))).rejects.toMatchObject(
      refusal('InvalidRequest', 400),
    );
    await expect(s3.send(new UploadPartCommand({ ...part, Body: 'x', ...own() }))).rejects.toMatchObject(
      refusal('InvalidRequest', 400),
    );
    await expect(s3.send(new UploadPartCopyCommand({ ...copy, ...own(b) }))).rejects.toMatchObject(
      refusal('InvalidRequest', 400),
    );
    const { CopyPartResult } = await s3.send(new UploadPartCopyCommand({ ...copy, ...ofSource(), ...own(b) }));
    const list = { Bucket, Key, UploadId: begun.UploadId };
    await expect(s3.send(new ListPartsCommand(list))).rejects.toMatchObject(refusal('InvalidRequest', 400));
    expect((await s3.send(new ListPartsCommand({ ...list, ...own(b) }))).Parts).toHaveLength(1);
    const { ETag, ChecksumCRC32 } = CopyPartResult!;
    const end = { ...list, MultipartUpload: { Parts: [{ PartNumber: 1, ETag, ChecksumCRC32 }] } };
    await expect(s3.send(new CompleteMultipartUploadCommand(end))).rejects.toMatchObject(
      refusal('InvalidRequest', 400),
    );
    await s3.send(new CompleteMultipartUploadCommand({ ...end, ...own(b) }));
    const got = await s3.send(new GetObjectCommand({ Bucket, Key, ...own(b) }));
    expect(await got.Body!.transformToString()).toBe('hello');
  });

  it.each([
    ['without a key', {}, 'InvalidRequest', 400],
    ['with another key', own(b), 'AccessDenied', 403],
  ])('is refused when it reads an object %s', async (_, keys, code, status) => {
    const read = s3.send(new GetObjectCommand({ Bucket, Key: 'kept', ...keys }));
    await expect(read).rejects.toMatchObject(refusal(code, status));
    const look = s3.send(new HeadObjectCommand({ Bucket, Key: 'kept', ...keys }));
    await expect(look).rejects.toMatchObject({
      $metadata: expect.objectContaining({ httpStatusCode: status }) as unknown,
    });
  });

  it('is refused when it reads a plain object with a key', async () => {
    const read = s3.send(new GetObjectCommand({ Bucket, Key: 'plain', ...own() }));
    await expect(read).rejects.toMatchObject(refusal('InvalidRequest', 400));
  });

  it('is refused when it asks for another encryption beside the key', async () => {
    const put = new PutObjectCommand({ Bucket, Key: 'both', Body: 'x', ServerSideEncryption: 'AES256', ...own() });
    await expect(s3.send(put)).rejects.toMatchObject(refusal('InvalidArgument', 400));
  });
});

it.each([
  ['the key', { algorithm: 'AES256' }],
  ['the MD5', { algorithm: 'AES256', key: a!.toString('base64') }],
  ['the right MD5', { algorithm: 'AES256', key: a!.toString('base64'), 'key-md5': md5(b!) }],
  ['32 bytes', { algorithm: 'AES256', key: 'YQ==', 'key-md5': md5(Buffer.from('a')) }],
  ['a known algorithm', { algorithm: 'DES', key: a!.toString('base64'), 'key-md5': md5(a!) }],
])('a write with a key of the customer is refused without %s', async (_, given) => {
  const named = Object.entries(given).map(([name, value]) => [`x-amz-server-side-encryption-customer-${name}`, value]);
  const headers = Object.fromEntries(named) as Record<string, string>;
  expect((await send(twin, { method: 'PUT', bucket: Bucket, key: 'half', body: 'x', headers })).status).toBe(400);
});
