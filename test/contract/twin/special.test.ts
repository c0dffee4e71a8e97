/** Symlinks, restores and checksums of whole uploads, each test named for a fault that public suites of clients found. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTwin, type Twin } from '../../../lib/twin/start.ts';
import { oss, s3, type Answer } from './raw.ts';

let twin: Twin;
beforeAll(async () => {
  twin = await startTwin({ buckets: [{ name: 'a' }, { name: 'versioned', versioning: 'Enabled' }] });
});
afterAll(() => twin.close());

describe('HEAD and GET of a symlink', () => {
  const link = (key: string, target: string, headers: Record<string, string> = {}) =>
    oss(twin, {
      method: 'PUT',
      bucket: 'a',
      key,
      query: { symlink: '' },
      headers: { 'x-oss-symlink-target': target, ...headers },
    });

  it("show the link's own metadata beside the target's bytes and ETag", async () => {
    const later = Date.UTC(2030, 0, 1);
    const target = await twin.store.put('a', 'target', { body: 'bytes', meta: { of: 'target' }, lastModified: later });
    await link('link', 'target', { 'x-oss-meta-of': 'link', 'x-oss-storage-class': 'IA' });
    for (const method of ['HEAD', 'GET']) {
      const { headers, body } = await oss(twin, { method, bucket: 'a', key: 'link' });
      expect(headers).toMatchObject({
        'x-oss-meta-of': 'link',
        'x-oss-storage-class': 'IA',
        'x-oss-object-type': 'Symlink',
        etag: `"${target.etag.toUpperCase()}"`,
        'content-length': '5',
        'x-oss-hash-crc64ecma': target.crc64,
        'last-modified': 'Tue, 01 Jan 2030 00:00:00 GMT',
      });
      expect(body).toBe(method === 'GET' ? 'bytes' : '');
    }
  });

  it('are InvalidTargetType when the target is a link itself', async () => {
    await twin.store.put('a', 'end');
    await link('one', 'end');
    await link('two', 'one');
    expect((await oss(twin, { method: 'HEAD', bucket: 'a', key: 'one' })).status).toBe(200);
    const answer = await oss(twin, { method: 'GET', bucket: 'a', key: 'two' });
    expect([answer.status, answer.xml('Code')]).toEqual([400, 'InvalidTargetType']);
  });
});

describe('RestoreObject of OSS', () => {
  const restore = (key: string, body = ''): Promise<Answer> =>
    oss(twin, { method: 'POST', bucket: 'versioned', key, query: { restore: '' }, body });
  const tiered = (tier: string): string =>
    `<RestoreRequest><Days>2</Days><JobParameters><Tier>${tier}</Tier></JobParameters></RestoreRequest>`;
  const priority = ({ headers }: Answer) => headers['x-oss-object-restore-priority'];

  it('tells the priority of the classes that have one', async () => {
    for (const [storageClass, body, expected] of [
      ['COLD_ARCHIVE', '', 'Standard'],
      ['COLD_ARCHIVE', tiered('Bulk'), 'Bulk'],
      ['DEEP_ARCHIVE', tiered('Expedited'), 'Expedited'],
      ['GLACIER', '', undefined],
    ] as const) {
      const key = `${storageClass}-${expected}`;
      await twin.store.put('versioned', key, { storageClass });
      const answer = await restore(key, body);
      expect([answer.status, priority(answer)]).toEqual([202, expected]);
    }
  });

  it('refuses a tier where the class has none, and one that is not there', async () => {
    await twin.store.put('versioned', 'archived', { storageClass: 'GLACIER' });
    await twin.store.put('versioned', 'cold', { storageClass: 'COLD_ARCHIVE' });
    expect((await restore('archived', tiered('Standard'))).xml('Code')).toBe('MalformedXML');
    expect((await restore('cold', tiered('Soon'))).xml('Code')).toBe('MalformedXML');
    expect((await restore('cold', '<RestoreRequest><Days>0</Days></RestoreRequest>')).xml('Code')).toBe('MalformedXML');
  });

  it('is seen in both lists, with the date once it is done', async () => {
    const restored = { readyAt: 1000, expiresAt: Date.UTC(2099, 0, 1) };
    await twin.store.put('versioned', 'list/done', { storageClass: 'GLACIER', restore: restored });
    const going = { readyAt: Date.UTC(2098, 0, 1), expiresAt: Date.UTC(2099, 0, 1) };
    await twin.store.put('versioned', 'list/going', { storageClass: 'GLACIER', restore: going });
    for (const query of [{}, { versions: '' }] as Record<string, string>[]) {
      const { body } = await oss(twin, { method: 'GET', bucket: 'versioned', query: { ...query, prefix: 'list/' } });
      expect(body.match(/<RestoreInfo>[^<]*/g)?.map((info) => info.replaceAll('&quot;', '"'))).toEqual([
        '<RestoreInfo>ongoing-request="false", expiry-date="Thu, 01 Jan 2099 00:00:00 GMT"',
        '<RestoreInfo>ongoing-request="true"',
      ]);
    }
  });
});

describe('x-amz-checksum-* beside a Complete', () => {
  const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
  const PART = Buffer.from('the only part');

  async function begun(headers: Record<string, string>): Promise<(claims: Record<string, string>) => Promise<Answer>> {
    const on = { bucket: 'a', key: 'sum' };
    const uploadId = (await s3(twin, { method: 'POST', ...on, query: { uploads: '' }, headers })).xml('UploadId')!;
    const query = { partNumber: '1', uploadId };
    const { headers: answer } = await s3(twin, { method: 'PUT', ...on, query, body: PART });
    const sum = answer['x-amz-checksum-sha256'];
    const its = sum === undefined ? '' : `<ChecksumSHA256>${sum}</ChecksumSHA256>`;
    const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${answer['etag']}</ETag>${its}</Part></CompleteMultipartUpload>`;
    return (claims) => s3(twin, { method: 'POST', ...on, query: { uploadId }, headers: claims, body });
  }

  it.each(['', '-1'])('is the checksum of the object, not of the document (%s at its end)', async (end) => {
    const complete = await begun({ 'x-amz-checksum-algorithm': 'SHA256' });
    expect((await complete({ 'x-amz-checksum-sha256': 'bad' })).xml('Code')).toBe('BadDigest');
    const whole = sha256(sha256(PART)).toString('base64');
    const answer = await complete({ 'x-amz-checksum-sha256': whole + end });
    expect([answer.status, answer.xml('ChecksumSHA256')]).toEqual([200, `${whole}-1`]);
  });

  it('is checked also where the upload was begun without one', async () => {
    const complete = await begun({});
    const other = await complete({ 'x-amz-checksum-sha256': sha256(PART).toString('base64') });
    expect(other.xml('Code')).toBe('InvalidRequest');
    expect((await complete({ 'x-amz-checksum-crc64nvme': 'AAAAAAAAAAA=' })).xml('Code')).toBe('BadDigest');
    expect((await complete({})).status).toBe(200);
    const checksum = await s3(twin, {
      method: 'HEAD',
      bucket: 'a',
      key: 'sum',
      headers: { 'x-amz-checksum-mode': 'ENABLED' },
    });
    const again = await begun({});
    const sum = checksum.headers['x-amz-checksum-crc64nvme']!;
    expect((await again({ 'x-amz-checksum-crc64nvme': sum })).status).toBe(200);
  });

  it('must be of the type that the upload was begun with', async () => {
    const complete = await begun({ 'x-amz-checksum-algorithm': 'SHA256' });
    const answer = await complete({ 'x-amz-checksum-type': 'FULL_OBJECT' });
    expect([answer.status, answer.xml('Code')]).toEqual([400, 'InvalidRequest']);
    expect((await complete({ 'x-amz-checksum-type': 'COMPOSITE' })).status).toBe(200);
  });
});

describe('a bucket of S3 that takes locks', () => {
  const put = (path: Parameters<typeof s3>[1]) => s3(twin, path);

  it('keeps versions for good, and a locked one until its lock has ended', async () => {
    const bucket = 'locking';
    await put({ method: 'PUT', bucket, headers: { 'x-amz-bucket-object-lock-enabled': 'true' } });
    const state = await put({ method: 'GET', bucket, query: { versioning: '' } });
    expect(state.body).toContain('<Status>Enabled</Status>');
    const body = '<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>';
    expect(await put({ method: 'PUT', bucket, query: { versioning: '' }, body })).toMatchObject({ status: 409 });
    const write = async (key: string, headers: Record<string, string>) =>
      (await put({ method: 'PUT', bucket, key, headers })).headers['x-amz-version-id'] ?? '';
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const retained = (mode: string) => ({
      'x-amz-object-lock-mode': mode,
      'x-amz-object-lock-retain-until-date': until,
    });
    const bypass = { 'x-amz-bypass-governance-retention': 'true' };
    const remove = async (key: string, versionId: string, headers: Record<string, string> = {}) =>
      (await put({ method: 'DELETE', bucket, key, query: { versionId }, headers })).status;
    const held = await write('held', { 'x-amz-object-lock-legal-hold': 'ON' });
    const governed = await write('governed', retained('GOVERNANCE'));
    const complied = await write('complied', retained('COMPLIANCE'));
    expect([await remove('held', held), await remove('held', held, bypass)]).toEqual([403, 403]);
    expect([await remove('governed', governed), await remove('governed', governed, bypass)]).toEqual([403, 204]);
    expect([await remove('complied', complied), await remove('complied', complied, bypass)]).toEqual([403, 403]);
    const marker = await put({ method: 'DELETE', bucket, key: 'held' });
    expect([marker.status, marker.headers['x-amz-delete-marker']]).toEqual([204, 'true']);
  });
});
