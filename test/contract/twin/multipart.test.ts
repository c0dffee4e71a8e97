import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTwin, type Twin } from '../../../lib/twin/start.ts';
import { BOTH, oss, s3, type Answer, type Send } from './raw.ts';

const MIB = 1024 * 1024;
const KIB = 1024;

let twin: Twin;
beforeAll(async () => {
  twin = await startTwin({ buckets: [{ name: 'a' }] });
  await twin.store.put('a', 'source', {
    body: Buffer.alloc(12 * MIB, 'abcdefghij'),
    meta: { a: '1' },
    tags: { t: '1' },
  });
});
afterAll(() => twin.close());

class Upload {
  readonly send: Send;
  readonly prefix: string;
  readonly key: string;
  id = '';
  readonly etags = new Map<number, string>();

  constructor(send: Send, prefix: string, key: string) {
    this.send = send;
    this.prefix = prefix;
    this.key = key;
  }

  async initiate(headers: Record<string, string> = {}): Promise<this> {
    const started = await this.send(twin, {
      method: 'POST',
      bucket: 'a',
      key: this.key,
      query: { uploads: '' },
      headers,
    });
    this.id = started.xml('UploadId') ?? '';
    return this;
  }

  async copy(number: number, range?: string, source = '/a/source'): Promise<Answer> {
    const headers: Record<string, string> = { [`${this.prefix}copy-source`]: source };
    if (range !== undefined) headers[`${this.prefix}copy-source-range`] = range;
    const query = { partNumber: String(number), uploadId: this.id };
    const answer = await this.send(twin, { method: 'PUT', bucket: 'a', key: this.key, query, headers });
    this.etags.set(number, (answer.xml('ETag') ?? '').replaceAll('&quot;', ''));
    return answer;
  }

  async put(number: number, body: Buffer): Promise<Answer> {
    const query = { partNumber: String(number), uploadId: this.id };
    const answer = await this.send(twin, { method: 'PUT', bucket: 'a', key: this.key, query, body });
    this.etags.set(number, (answer.headers['etag'] ?? '').replaceAll('"', ''));
    return answer;
  }

  complete(
    parts: readonly (readonly [number, string])[] = [...this.etags],
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const list = parts.map(([number, etag]) => `<Part><PartNumber>${number}</PartNumber><ETag>"${etag}"</ETag></Part>`);
    const body = `<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`;
    return this.send(twin, { method: 'POST', bucket: 'a', key: this.key, query: { uploadId: this.id }, body, headers });
  }
}

describe.each(BOTH)('an upload in the $name dialect', ({ name, send, prefix }) => {
  const start = (key: string): Promise<Upload> => new Upload(send, prefix, `${name}/${key}`).initiate();

  it('is made of copied ranges and inherits nothing from their source', async () => {
    const upload = await start('ranges');
    const first = await upload.copy(1, `bytes=0-${8 * MIB - 1}`);
    expect(first.headers['content-range']).toBe(name === 'oss' ? `bytes 0-${8 * MIB - 1}/${12 * MIB}` : undefined);
    await upload.copy(2, `bytes=${8 * MIB}-${12 * MIB - 1}`);
    expect((await upload.complete()).status).toBe(200);
    const head = await twin.store.head('a', upload.key);
    expect(head).toMatchObject({
      size: 12 * MIB,
      meta: {},
      tags: {},
      crc64: (await twin.store.head('a', 'source'))!.crc64,
    });
  });

  it("has the dialect's ETag", async () => {
    const upload = await start('etag');
    await upload.copy(1, `bytes=0-${6 * MIB - 1}`);
    await upload.copy(2, `bytes=${6 * MIB}-${12 * MIB - 1}`);
    const done = await upload.complete();
    const parts = [...upload.etags.values()];
    const expected =
      name === 's3'
        ? createHash('md5')
            .update(Buffer.from(parts.join(''), 'hex'))
            .digest('hex')
        : createHash('md5').update(parts.join('')).digest('hex').toUpperCase();
    expect(parts[0]).toMatch(name === 's3' ? /^[0-9a-f]{32}$/ : /^[0-9A-F]{32}$/);
    expect(done.xml('ETag')).toBe(`&quot;${expected}-2&quot;`);
  });

  it('checks the list of parts', async () => {
    const upload = await start('list');
    await upload.put(1, Buffer.alloc(5 * MIB, 1));
    await upload.put(2, Buffer.alloc(5 * MIB, 2));
    const [one, two] = [upload.etags.get(1)!, upload.etags.get(2)!];
    expect(
      (
        await upload.complete([
          [2, two],
          [1, one],
        ])
      ).xml('Code'),
    ).toBe('InvalidPartOrder');
    expect((await upload.complete([[1, two]])).xml('Code')).toBe('InvalidPart');
    expect(
      (
        await upload.complete([
          [1, one],
          [3, two],
        ])
      ).xml('Code'),
    ).toBe('InvalidPart');
    expect((await upload.complete([])).xml('Code')).toBe('MalformedXML');
    expect((await upload.complete([[2, two]])).status).toBe(200);
    expect((await twin.store.head('a', upload.key))?.size).toBe(5 * MIB);
  });

  it('checks the smallest part only at the end, and not the last one', async () => {
    const least = name === 'oss' ? 100 * KIB : 5 * MIB;
    const upload = await start('small');
    expect((await upload.put(1, Buffer.alloc(least - 1))).status).toBe(200);
    await upload.put(2, Buffer.alloc(1));
    expect((await upload.complete()).xml('Code')).toBe('EntityTooSmall');
    await upload.put(1, Buffer.alloc(least));
    expect((await upload.complete()).status).toBe(200);
  });

  it('takes part numbers from 1 to 10,000', async () => {
    const upload = await start('numbers');
    for (const number of [0, 10_001]) expect((await upload.copy(number)).xml('Code')).toBe('InvalidArgument');
    expect((await upload.copy(10_000)).status).toBe(200);
  });

  it('is gone once completed or aborted', async () => {
    const upload = await start('gone');
    await upload.copy(1);
    expect((await upload.complete()).status).toBe(200);
    expect((await upload.complete()).xml('Code')).toBe('NoSuchUpload');
    const other = await start('aborted');
    const abort = { method: 'DELETE', bucket: 'a', key: other.key, query: { uploadId: other.id } };
    expect((await send(twin, abort)).status).toBe(204);
    expect([(await send(twin, abort)).status, (await other.copy(1)).xml('Code')]).toEqual([404, 'NoSuchUpload']);
  });

  it('of two Completes at once one lands', async () => {
    const upload = await start('twice');
    await upload.copy(1);
    const answers = await Promise.all([upload.complete(), upload.complete()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404]);
  });

  it('lists its parts by pages', async () => {
    const upload = await start('pages');
    for (const number of [1, 3, 5]) await upload.copy(number, 'bytes=0-9');
    const page = (marker: string): Promise<Answer> =>
      send(twin, {
        method: 'GET',
        bucket: 'a',
        key: upload.key,
        query: { uploadId: upload.id, 'max-parts': '2', 'part-number-marker': marker },
      });
    const first = await page('0');
    expect([first.xml('IsTruncated'), first.xml('NextPartNumberMarker')]).toEqual(['true', '3']);
    const second = await page('3');
    expect([second.xml('IsTruncated'), second.xml('PartNumber'), second.xml('Size')]).toEqual(['false', '5', '10']);
    expect(second.xml('HashCrc64ecma') !== undefined).toBe(name === 'oss');
  });

  it('limits the whole', async () => {
    const upload = await start('whole');
    await twin.store.put('a', 'five', { size: 5 * 1024 ** 3 });
    await upload.copy(1, undefined, '/a/five');
    await twin.store.put('a', 'more', { size: 5 * 1024 ** 3 + 1 });
    expect((await upload.copy(2, undefined, '/a/more')).status).toBe(400);
  });
});

describe('a range that cannot be', () => {
  const ranges = [`bytes=0-${12 * MIB}`, `bytes=${12 * MIB}-`, 'bytes=9-3', 'bytes=-5', 'nonsense'];

  it.each(ranges)('OSS copies the whole object for %s and sends no Content-Range', async (range) => {
    const upload = await new Upload(oss, 'x-oss-', 'bad').initiate();
    const answer = await upload.copy(1, range);
    expect([answer.status, answer.headers['content-range']]).toEqual([200, undefined]);
    expect(twin.store.uploads('a').find(({ id }) => id === upload.id)?.parts).toEqual([{ number: 1, size: 12 * MIB }]);
  });

  it('OSS copies the tail for an open range', async () => {
    const upload = await new Upload(oss, 'x-oss-', 'open').initiate();
    const answer = await upload.copy(1, `bytes=${5 * MIB}-`);
    const total = 12 * MIB;
    expect(answer.headers['content-range']).toBe(`bytes ${5 * MIB}-${total - 1}/${total}`);
    expect(twin.store.uploads('a').find(({ id }) => id === upload.id)?.parts).toEqual([{ number: 1, size: 7 * MIB }]);
  });

  it.each([...ranges, 'bytes=5-'])('S3 refuses %s', async (range) => {
    const upload = await new Upload(s3, 'x-amz-', 'bad').initiate();
    expect((await upload.copy(1, range)).xml('Code')).toBe('InvalidArgument');
  });
});

it('OSS completes all parts it has when told so, but not beside a list', async () => {
  const upload = await new Upload(oss, 'x-oss-', 'all').initiate();
  await upload.copy(3, 'bytes=0-9');
  const all = { 'x-oss-complete-all': 'yes', 'x-oss-object-acl': 'public-read' };
  const both = await upload.complete([[3, upload.etags.get(3)!]], all);
  expect([both.xml('Code'), both.xml('EC')]).toEqual(['InvalidArgument', '0042-00000216']);
  const done = await oss(twin, {
    method: 'POST',
    bucket: 'a',
    key: 'all',
    query: { uploadId: upload.id },
    headers: all,
  });
  expect([done.status, done.headers['x-oss-hash-crc64ecma']]).toEqual([
    200,
    (await twin.store.head('a', 'all'))!.crc64,
  ]);
  expect((await twin.store.head('a', 'all'))?.acl).toEqual({ canned: 'public-read' });
});

it('OSS takes no encryption on a part and no ACL at Initiate', async () => {
  const upload = await new Upload(oss, 'x-oss-', 'where').initiate({ 'x-oss-object-acl': 'public-read' });
  const query = { partNumber: '1', uploadId: upload.id };
  const headers = { 'x-oss-copy-source': '/a/source', 'x-oss-server-side-encryption': 'AES256' };
  expect((await oss(twin, { method: 'PUT', bucket: 'a', key: 'where', query, headers })).xml('Code')).toBe(
    'InvalidArgument',
  );
  await upload.copy(1);
  await upload.complete();
  expect((await twin.store.head('a', 'where'))?.acl).toEqual({ canned: 'default' });
});

it('S3 keeps the part layout and a full-object checksum', async () => {
  const asked = { 'x-amz-checksum-algorithm': 'CRC64NVME' };
  const upload = await new Upload(s3, 'x-amz-', 'layout').initiate(asked);
  await upload.copy(1, `bytes=0-${7 * MIB - 1}`);
  await upload.copy(2, `bytes=${7 * MIB}-${12 * MIB - 1}`);
  const done = await upload.complete();
  const mode = { 'x-amz-checksum-mode': 'ENABLED' };
  const part = await s3(twin, { method: 'HEAD', bucket: 'a', key: 'layout', query: { partNumber: '2' } });
  expect([part.status, part.headers['x-amz-mp-parts-count'], part.headers['content-length']]).toEqual([
    206,
    '2',
    String(5 * MIB),
  ]);
  const [whole, source] = await Promise.all(
    ['layout', 'source'].map((key) => s3(twin, { method: 'HEAD', bucket: 'a', key, headers: mode })),
  );
  expect(whole!.headers['x-amz-checksum-crc64nvme']).toBe(source!.headers['x-amz-checksum-crc64nvme']);
  expect(done.xml('ChecksumCRC64NVME')).toBe(whole!.headers['x-amz-checksum-crc64nvme']);
  expect(whole!.headers['x-amz-checksum-type']).toBe('FULL_OBJECT');
});

it('a multipart source of generated bytes has the ETag its copy by the same parts will have', async () => {
  const source = await twin.store.put('a', 'laid-out', { size: 50 * MIB, partSize: 20 * MIB });
  const upload = await new Upload(s3, 'x-amz-', 'same').initiate();
  for (const [number, first] of [1, 2, 3].map((its) => [its, (its - 1) * 20 * MIB] as const)) {
    const last = Math.min(first + 20 * MIB, 50 * MIB) - 1;
    await upload.copy(number, `bytes=${first}-${last}`, '/a/laid-out');
  }
  expect((await upload.complete()).xml('ETag')).toBe(`&quot;${source.etag}&quot;`);
});

it('S3 wants the parts of a composite checksum named at the end', async () => {
  const upload = await new Upload(s3, 'x-amz-', 'composite').initiate({ 'x-amz-checksum-algorithm': 'SHA256' });
  await upload.copy(1);
  expect((await upload.complete()).xml('Code')).toBe('InvalidRequest');
});
