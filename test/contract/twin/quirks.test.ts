import { afterEach, expect, it } from 'vitest';
import type { TwinQuirks } from '../../../lib/twin/options.ts';
import { startTwin, type Twin } from '../../../lib/twin/start.ts';
import { oss, s3, type Answer } from './raw.ts';

let twin: Twin;
afterEach(() => twin.close());

async function started(quirks: TwinQuirks): Promise<void> {
  twin = await startTwin({ buckets: [{ name: 'a' }], quirks });
  await twin.store.put('a', 'k', { body: 'data' });
}

async function part(number: number, uploadId: string, more: Record<string, string> = {}): Promise<Answer> {
  const query = { partNumber: String(number), uploadId };
  return s3(twin, { method: 'PUT', bucket: 'a', key: 'mp', query, headers: { 'x-amz-copy-source': '/a/k', ...more } });
}

async function initiate(): Promise<string> {
  return (await s3(twin, { method: 'POST', bucket: 'a', key: 'mp', query: { uploads: '' } })).xml('UploadId')!;
}

async function complete(uploadId: string, etag: string): Promise<Answer> {
  const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part></CompleteMultipartUpload>`;
  return s3(twin, { method: 'POST', bucket: 'a', key: 'mp', query: { uploadId }, body });
}

it('conditions ignored on parts, or on whole copies too', async () => {
  const wrong = { 'x-amz-copy-source-if-match': 'other' };
  await started({ ignorePartConditions: true });
  expect((await part(1, await initiate(), wrong)).status).toBe(200);
  const copy = { method: 'PUT', bucket: 'a', key: 'c', headers: { 'x-amz-copy-source': '/a/k', ...wrong } };
  expect((await s3(twin, copy)).status).toBe(412);
  await twin.close();
  await started({ ignoreCopyConditions: true });
  expect((await s3(twin, copy)).status).toBe(200);
});

it('bare ETags and an empty one', async () => {
  await started({ bareEtags: true, emptyCompleteEtag: true, completeRepeat: 'same' });
  const uploadId = await initiate();
  const etag = (await part(1, uploadId)).xml('ETag')!;
  expect(etag).toMatch(/^[0-9a-f]{32}$/);
  expect((await complete(uploadId, etag)).xml('ETag')).toBe('');
  const again = await complete(uploadId, etag);
  expect([again.status, again.xml('ETag')]).toEqual([200, expect.stringMatching(/^&quot;[0-9a-f]{32}-1&quot;$/)]);
});

it('a Complete that must name every part', async () => {
  await started({ completeNeedsAllParts: true });
  const uploadId = await initiate();
  const etag = (await part(1, uploadId)).xml('ETag')!;
  await part(2, uploadId);
  expect((await complete(uploadId, etag)).xml('Code')).toBe('InvalidPart');
});

const tagsOf = async (key: string): Promise<string> => {
  const { body } = await s3(twin, { method: 'GET', bucket: 'a', key, query: { tagging: '' } });
  return [...body.matchAll(/<Key>(.*?)<\/Key><Value>(.*?)<\/Value>/g)]
    .map(([, name, value]) => `${name}=${value}`)
    .join();
};

async function copyTagged(metadata: string, tagging: string): Promise<string> {
  await twin.store.put('a', 'tagged', { body: 'data', tags: { old: '1' } });
  const headers: Record<string, string> = {
    'x-amz-copy-source': '/a/tagged',
    'x-amz-metadata-directive': metadata,
    'x-amz-tagging-directive': tagging,
    ...(tagging === 'REPLACE' && { 'x-amz-tagging': 'new=1' }),
  };
  expect((await s3(twin, { method: 'PUT', bucket: 'a', key: 'c', headers })).status).toBe(200);
  return tagsOf('c');
}

it('tags dropped or kept against the directives, as Ceph does', async () => {
  const pairs = [
    ['COPY', 'COPY'],
    ['COPY', 'REPLACE'],
    ['REPLACE', 'COPY'],
    ['REPLACE', 'REPLACE'],
  ] as const;
  const fates = async (tagFates: TwinQuirks['tagFates']): Promise<string[]> => {
    if (tagFates) await twin.close();
    await started({ tagFates });
    const found: string[] = [];
    for (const [metadata, tagging] of pairs) found.push(await copyTagged(metadata, tagging));
    return found;
  };
  expect(await fates(undefined)).toEqual(['old=1', 'new=1', 'old=1', 'new=1']);
  expect(await fates({ replaceAndKeep: 'none', keepAndSet: 'source' })).toEqual(['old=1', 'old=1', '', 'new=1']);
  expect(await fates({ replaceAndKeep: 'none', replaceAndSet: 'none' })).toEqual(['old=1', 'new=1', '', '']);
});

it('tags of an Initiate dropped', async () => {
  await started({ tagFates: { initiate: 'none' } });
  const headers = { 'x-amz-tagging': 'new=1' };
  const begun = await s3(twin, { method: 'POST', bucket: 'a', key: 'mp', query: { uploads: '' }, headers });
  const uploadId = begun.xml('UploadId')!;
  await complete(uploadId, (await part(1, uploadId)).xml('ETag')!);
  expect(await tagsOf('mp')).toBe('');
});

it('path style refused, as OSS does', async () => {
  await started({ refusePathStyle: true });
  expect((await oss(twin, { method: 'GET', bucket: 'a', key: 'k' })).xml('Code')).toBe('SecondLevelDomainForbidden');
  expect((await s3(twin, { method: 'GET', bucket: 'a', key: 'k' })).status).toBe(200);
});

it("requests signed for another region than the bucket's refused, as the host of that region does", async () => {
  await started({ checkRegion: true });
  twin.store.createBucket({ name: 'b', region: 'eu-west-1' });
  const get = { method: 'GET', bucket: 'b', key: 'k' };
  const refused = await oss(twin, { ...get, region: 'cn-beijing' });
  expect([refused.status, refused.xml('Code'), refused.xml('EC')]).toEqual([403, 'AccessDenied', '0003-00001403']);
  expect(refused.xml('Endpoint')).toBe('oss-eu-west-1.aliyuncs.com');
  const moved = await s3(twin, get);
  expect([moved.status, moved.xml('Code'), moved.headers['x-amz-bucket-region']]).toEqual([
    301,
    'PermanentRedirect',
    'eu-west-1',
  ]);
  for (const key of [undefined, 'k']) {
    const head = await s3(twin, { method: 'HEAD', bucket: 'b', ...(key && { key }) });
    expect([head.status, head.headers['x-amz-bucket-region']]).toEqual([301, 'eu-west-1']);
  }
  const told = await s3(twin, { method: 'HEAD', bucket: 'b', region: 'eu-west-1' });
  expect([told.status, told.headers['x-amz-bucket-region']]).toEqual([200, 'eu-west-1']);
});

it("requests signed for another region than the bucket's refused, as the right host does", async () => {
  await started({ checkRegion: 'signature' });
  const get = { method: 'GET', bucket: 'a', key: 'k' };
  expect((await oss(twin, { ...get, region: 'cn-beijing' })).status).toBe(400);
  const answer = await s3(twin, get);
  expect([answer.xml('Code'), answer.xml('Region')]).toEqual(['AuthorizationHeaderMalformed', 'cn-hangzhou']);
  expect((await s3(twin, { ...get, region: 'cn-hangzhou' })).body).toBe('data');
});

it('a CopyObject that ignores If-None-Match: *, as Ceph does', async () => {
  const copy = { 'x-amz-copy-source': '/a/k', 'if-none-match': '*' };
  const ask = { method: 'PUT', bucket: 'a', key: 'there', headers: copy };
  for (const [quirks, status] of [
    [{}, 412] as const,
    [{ copyIfNoneMatch: 'ignored' }, 200] as const,
    [{ copyIfNoneMatch: 'refused' }, 501] as const,
  ]) {
    await started(quirks);
    await twin.store.put('a', 'there', { body: 'old' });
    expect((await s3(twin, ask)).status).toBe(status);
    expect((await s3(twin, { ...ask, headers: { 'if-none-match': '*' }, body: 'x' })).status).toBe(412);
    if (status === 412) await twin.close();
  }
});
