import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTwin, type Twin } from '../../../lib/twin/start.ts';
import { BOTH, oss, s3, type Answer } from './raw.ts';

const GIB = 1024 ** 3;
const PARTS = 10_000;
const PART = 5 * GIB;

let twin: Twin;
beforeAll(async () => {
  twin = await startTwin({ buckets: [{ name: 'a' }, { name: 'b' }] });
});
afterAll(() => twin.close());

it('the largest object there can be is copied by 10,000 parts in flat memory', { timeout: 300_000 }, async () => {
  const source = await twin.store.put('a', 'huge', { size: PARTS * PART });
  const begun = await oss(twin, { method: 'POST', bucket: 'b', key: 'huge', query: { uploads: '' } });
  const uploadId = begun.xml('UploadId')!;
  const part = async (number: number): Promise<Answer> => {
    const range = `bytes=${(number - 1) * PART}-${number * PART - 1}`;
    const headers = {
      'x-oss-copy-source': '/a/huge',
      'x-oss-copy-source-range': range,
      'x-oss-copy-source-if-match': source.etag,
    };
    return oss(twin, {
      method: 'PUT',
      bucket: 'b',
      key: 'huge',
      query: { partNumber: String(number), uploadId },
      headers,
    });
  };
  const heapBefore = process.memoryUsage().heapUsed;
  for (let number = 1; number <= PARTS; number += 20) {
    const batch = await Promise.all(Array.from({ length: 20 }, (_, index) => part(number + index)));
    for (const answer of batch) expect(answer.status).toBe(200);
  }
  const query = { uploadId, 'max-parts': '1000', 'part-number-marker': '9000' };
  const listed = await oss(twin, { method: 'GET', bucket: 'b', key: 'huge', query });
  expect(listed.body.match(/<HashCrc64ecma>/g)).toHaveLength(1000);
  const done = await oss(twin, {
    method: 'POST',
    bucket: 'b',
    key: 'huge',
    query: { uploadId },
    headers: { 'x-oss-complete-all': 'yes' },
  });
  expect([done.status, done.headers['x-oss-hash-crc64ecma']]).toEqual([200, source.crc64]);
  const copy = await twin.store.head('b', 'huge');
  expect([copy?.size, copy?.parts?.length]).toEqual([PARTS * PART, PARTS]);
  expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(100 * 1024 * 1024);
  expect(twin.requests.bytesIn + twin.requests.bytesOut).toBe(0);
});

it.each(BOTH)('more than the largest is refused at the end ($name)', async ({ send, prefix }) => {
  const small = await startTwin({ buckets: [{ name: 'a' }], limits: { maxObject: 10 } });
  await small.store.put('a', 'k', { size: 11 });
  const begun = await send(small, { method: 'POST', bucket: 'a', key: 'mp', query: { uploads: '' } });
  const uploadId = begun.xml('UploadId')!;
  const headers = { [`${prefix}copy-source`]: '/a/k' };
  const part = await send(small, {
    method: 'PUT',
    bucket: 'a',
    key: 'mp',
    query: { partNumber: '1', uploadId },
    headers,
  });
  const etag = part.xml('ETag')!;
  const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part></CompleteMultipartUpload>`;
  const done = await send(small, { method: 'POST', bucket: 'a', key: 'mp', query: { uploadId }, body });
  expect(done.xml('Code')).toBe('EntityTooLarge');
  await small.close();
});

it('a range is read out of the middle of terabytes', async () => {
  await twin.store.put('a', 'sparse', { size: 40 * 1024 * GIB, seed: 0 });
  const headers = { range: `bytes=${20 * 1024 * GIB}-${20 * 1024 * GIB + 9}` };
  const answer = await s3(twin, { method: 'GET', bucket: 'a', key: 'sparse', headers });
  expect([answer.status, answer.body]).toEqual([206, '\0'.repeat(10)]);
});
