import OSS from 'ali-oss';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTwin, type Twin } from '../../../lib/twin/start.ts';

let twin: Twin;

beforeAll(async () => {
  const buckets = [{ name: 'photos' }, { name: 'backup' }, { name: 'kept', versioning: 'Enabled' as const }];
  twin = await startTwin({ buckets });
});
afterAll(() => twin.close());

/** What the SDK has and its published types leave out. */
interface Untyped {
  getObjectTagging(key: string): Promise<{ tag: Record<string, string> }>;
  putObjectTagging(key: string, tag: Record<string, string>): Promise<unknown>;
  deleteObjectTagging(key: string): Promise<unknown>;
  getBucketVersions(query: object): Promise<{ objects: unknown[]; deleteMarker: unknown[] }>;
  multipartUploadCopy(key: string, source: object, options: object): Promise<unknown>;
  listParts(key: string, uploadId: string, query: object): Promise<{ parts: unknown }>;
  uploadPartCopy(key: string, uploadId: string, number: number, range: string, source: object): Promise<unknown>;
  listUploads(query: object): Promise<{ uploads: { uploadId: string }[] }>;
  multipartUpload(key: string, body: Buffer, options: object): Promise<{ etag: string }>;
  signatureUrlV4(method: string, expires: number, request: undefined, key: string): Promise<string>;
}
type Client = Omit<OSS, keyof Untyped> & Untyped;

function client(options: Partial<OSS.Options> & { authorizationV4?: boolean; sldEnable?: boolean } = {}): Client {
  return new OSS({
    accessKeyId: twin.accessKeyId,
    accessKeySecret: twin.secretAccessKey,
    endpoint: `http://localhost:${twin.port}`,
    region: 'oss-cn-hangzhou',
    bucket: 'photos',
    sldEnable: true,
    ...options,
  } as OSS.Options) as unknown as Client;
}

const KEY = 'dir/目标 +%41&=?#.txt';

describe.each([
  ['V1', false],
  ['V4', true],
])('the ali-oss SDK with its %s signature', (name, authorizationV4) => {
  const own = (key: string): string => `${name}/${key}`;
  let oss: Client;
  beforeAll(() => {
    oss = client({ authorizationV4 });
  });

  it('puts, looks at and gets an object', async () => {
    await oss.put(own(KEY), Buffer.from('123456789'), { mime: 'text/x-note', meta: { color: 'blue' } as never });
    const head = await oss.head(own(KEY));
    expect(head.meta).toEqual({ color: 'blue' });
    expect(head.res.headers).toMatchObject({
      'content-length': '9',
      'content-type': 'text/x-note',
      etag: '"25F9E794323B453885F5181F1B624D0B"',
      'content-md5': 'JfnnlDI7RTiF9RgfG2JNCw==',
      'x-oss-object-type': 'Normal',
      'x-oss-storage-class': 'Standard',
      'x-oss-hash-crc64ecma': '11051210869376104954',
    });
    expect(String((await oss.get(own(KEY))).content)).toBe('123456789');
  });

  it('copies by one call, with metadata carried or replaced', async () => {
    await oss.put(own('source'), Buffer.from('data'), { meta: { a: '1' } as never });
    await oss.copy(own('carried'), own('source'));
    await oss.copy(own('replaced'), own('source'), { meta: { b: '2' } as never });
    expect((await oss.head(own('carried'))).meta).toEqual({ a: '1' });
    expect((await oss.head(own('replaced'))).meta).toEqual({ b: '2' });
  });

  it('uploads and copies by parts', async () => {
    const body = Buffer.alloc(1_000_000, 'abcdefg');
    const uploaded = await oss.multipartUpload(own('big'), body, { partSize: 200 * 1024 });
    expect(uploaded.etag).toMatch(/^"[0-9A-F]{32}-5"$/);
    const source = { sourceKey: own('big'), sourceBucketName: 'photos' };
    await oss.multipartUploadCopy(own('big2'), source, { partSize: 256 * 1024 });
    expect(((await oss.get(own('big2'))).content as Buffer).equals(body)).toBe(true);
    const [first, second] = await Promise.all([oss.head(own('big')), oss.head(own('big2'))]);
    const crc = 'x-oss-hash-crc64ecma';
    expect((second.res.headers as Record<string, string>)[crc]).toBe(
      (first.res.headers as Record<string, string>)[crc],
    );
  });

  it('lists, page by page and by folder', async () => {
    for (const key of ['l/a', 'l/b/1', 'l/b/2', 'l/c']) await oss.put(own(key), Buffer.from(key));
    const folded = await oss.listV2({ prefix: own('l/'), delimiter: '/' } as never, {});
    expect(folded.objects.map((object: { name: string }) => object.name)).toEqual([own('l/a'), own('l/c')]);
    expect(folded.prefixes).toEqual([own('l/b/')]);
    const page = await oss.list({ prefix: own('l/'), 'max-keys': 3 }, {});
    expect(page.isTruncated).toBe(true);
    const rest = await oss.list({ prefix: own('l/'), marker: page.nextMarker, 'max-keys': 3 }, {});
    expect(rest.objects.map((object) => object.name)).toEqual([own('l/c')]);
  });

  it('sets and reads ACL and tags', async () => {
    await oss.put(own('t'), Buffer.from('t'), { headers: { 'x-oss-tagging': 'k=v%201' } });
    expect((await oss.getObjectTagging(own('t'))).tag).toEqual({ k: 'v 1' });
    await oss.putObjectTagging(own('t'), { x: 'y' });
    expect((await oss.getObjectTagging(own('t'))).tag).toEqual({ x: 'y' });
    await oss.deleteObjectTagging(own('t'));
    expect((await oss.getObjectTagging(own('t'))).tag).toEqual({});
    expect((await oss.getACL(own('t'))).acl).toBe('default');
    await oss.putACL(own('t'), 'public-read');
    expect((await oss.getACL(own('t'))).acl).toBe('public-read');
  });

  it('looks at uploads and parts, and aborts', async () => {
    const { uploadId } = await oss.initMultipartUpload(own('mp'));
    const source = { sourceKey: own(KEY), sourceBucketName: 'photos' };
    await oss.put(own(KEY), Buffer.from('hello'));
    await oss.uploadPartCopy(own('mp'), uploadId, 1, '0-2', source);
    const { parts } = await oss.listParts(own('mp'), uploadId, {});
    expect(JSON.parse(JSON.stringify(parts))).toMatchObject({ PartNumber: '1', Size: '3' });
    const { uploads } = await oss.listUploads({ prefix: own('mp'), 'max-uploads': 10 });
    expect(uploads.map((upload) => upload.uploadId)).toEqual([uploadId]);
    await oss.abortMultipartUpload(own('mp'), uploadId);
    await expect(oss.abortMultipartUpload(own('mp'), uploadId)).rejects.toMatchObject({
      code: 'NoSuchUpload',
      status: 404,
    });
  });

  it('keeps versions', async () => {
    const kept = client({ authorizationV4, bucket: 'kept' });
    const first = await kept.put(own('v'), Buffer.from('one'));
    const versionId = (first.res.headers as Record<string, string>)['x-oss-version-id']!;
    await kept.put(own('v'), Buffer.from('two'));
    await kept.delete(own('v'));
    await expect(kept.get(own('v'))).rejects.toMatchObject({ code: 'NoSuchKey' });
    const old = await kept.get(own('v'), undefined, { versionId } as never);
    expect(String(old.content)).toBe('one');
    const listed = await kept.getBucketVersions({ prefix: own('v') });
    expect(listed.objects).toHaveLength(2);
    expect(listed.deleteMarker).toHaveLength(1);
  });

  it('deletes one and many', async () => {
    for (const key of ['d1', 'd 2', 'd&3']) await oss.put(own(key), Buffer.from(key));
    await oss.delete(own('d1'));
    const { deleted } = await oss.deleteMulti([own('d 2'), own('d&3')]);
    expect(JSON.parse(JSON.stringify(deleted))).toEqual([{ Key: own('d 2') }, { Key: own('d&3') }]);
    expect(twin.store.keys('photos', own('d1'))).toEqual([]);
    expect(twin.store.keys('photos', own('d&'))).toEqual([]);
  });

  it('asks about buckets', async () => {
    expect((await oss.getBucketInfo('photos')).bucket).toMatchObject({ Name: 'photos', Location: 'oss-cn-hangzhou' });
    expect((await oss.getBucketLocation('photos')).location).toBe('oss-cn-hangzhou');
    const { buckets } = (await oss.listBuckets({})) as unknown as { buckets: { name: string }[] };
    expect(buckets.map((bucket) => bucket.name)).toContain('backup');
  });

  it('signs URLs that others can use', async () => {
    await oss.put(own('u'), Buffer.from('via URL'));
    const url = authorizationV4
      ? await oss.signatureUrlV4('GET', 60, undefined, own('u'))
      : oss.signatureUrl(own('u'), { expires: 60 });
    const answer = await fetch(url);
    expect([answer.status, await answer.text()]).toEqual([200, 'via URL']);
  });

  it('works with an IP endpoint, where the SDK sends a virtual-hosted Host header', async () => {
    const byAddress = client({ authorizationV4, endpoint: twin.url, sldEnable: false });
    await byAddress.put(own('ip'), Buffer.from('ip'));
    expect(twin.store.keys('photos', own('ip'))).toEqual([own('ip')]);
  });
});
