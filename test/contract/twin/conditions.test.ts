import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTwin, type Twin } from '../../../lib/twin/start.ts';
import { BOTH, oss, s3, type Ask } from './raw.ts';

const PAST = 'Mon, 01 Jan 2024 00:00:00 GMT';
const MODIFIED = Date.UTC(2025, 0, 1);
const LATER = 'Thu, 01 Jan 2026 00:00:00 GMT';

let twin: Twin;
let etag: string;
beforeAll(async () => {
  twin = await startTwin({ buckets: [{ name: 'a' }, { name: 'kept', versioning: 'Suspended' }] });
  ({ etag } = await twin.store.put('a', 'k', { body: 'data', lastModified: MODIFIED }));
});
afterAll(() => twin.close());

describe.each(BOTH)('conditions of a copy in the $name dialect', ({ name, prefix, send }) => {
  const notModified = name === 'oss' ? 304 : 412;
  const cases: [string, () => Record<string, string>, number][] = [
    ['if-match holds', () => ({ 'if-match': etag }), 200],
    ['if-match holds, quoted and in upper case', () => ({ 'if-match': `"${etag.toUpperCase()}"` }), 200],
    ['if-match fails', () => ({ 'if-match': 'other' }), 412],
    ['if-none-match equal', () => ({ 'if-none-match': etag }), notModified],
    ['if-none-match other', () => ({ 'if-none-match': 'other' }), 200],
    ['unmodified since before', () => ({ 'if-unmodified-since': PAST }), 412],
    ['unmodified since later', () => ({ 'if-unmodified-since': LATER }), 200],
    ['modified since before', () => ({ 'if-modified-since': PAST }), 200],
    ['modified since later', () => ({ 'if-modified-since': LATER }), notModified],
    ['if-match holds beside a date that fails', () => ({ 'if-match': etag, 'if-unmodified-since': PAST }), 200],
  ];

  const headersOf = (conditions: Record<string, string>): Record<string, string> => ({
    [`${prefix}copy-source`]: '/a/k',
    ...Object.fromEntries(
      Object.entries(conditions).map(([header, value]) => [`${prefix}copy-source-${header}`, value]),
    ),
  });

  it.each(cases)('CopyObject: %s', async (_, conditions, status) => {
    const answer = await send(twin, { method: 'PUT', bucket: 'a', key: 'copy', headers: headersOf(conditions()) });
    expect(answer.status).toBe(status);
    if (status === 304) expect(answer.body).toBe('');
  });

  it.each(cases)('UploadPartCopy: %s', async (_, conditions, status) => {
    const started = await send(twin, { method: 'POST', bucket: 'a', key: 'mp', query: { uploads: '' } });
    const query = { partNumber: '1', uploadId: started.xml('UploadId')! };
    const answer = await send(twin, { method: 'PUT', bucket: 'a', key: 'mp', query, headers: headersOf(conditions()) });
    expect(answer.status).toBe(status);
    expect(twin.store.uploads('a').find(({ id }) => id === query.uploadId)?.parts).toHaveLength(status === 200 ? 1 : 0);
  });

  it.each([
    ['If-Match', 'other', 412],
    ['If-None-Match', '*', 304],
    ['If-Modified-Since', LATER, 304],
    ['If-Unmodified-Since', PAST, 412],
  ])('GET and HEAD: %s', async (header, value, status) => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await send(twin, { method, bucket: 'a', key: 'k', headers: { [header.toLowerCase()]: value } });
      expect([answer.status, answer.status === 304 ? answer.body : '']).toEqual([status, '']);
    }
  });
});

describe("OSS's CopyObject takes the standard conditions, which ali-oss sends, for conditions on the source", () => {
  it.each([
    ['if-match', () => 'other', 412],
    ['if-match', () => etag, 200],
    ['if-none-match', () => etag, 304],
    ['if-none-match', () => 'other', 200],
    ['if-modified-since', () => LATER, 304],
    ['if-modified-since', () => PAST, 200],
    ['if-unmodified-since', () => PAST, 412],
    ['if-unmodified-since', () => LATER, 200],
  ])('%s', async (header, value, status) => {
    const key = `standard-${header}-${status}`;
    const headers = { 'x-oss-copy-source': '/a/k', [header]: value() };
    expect((await oss(twin, { method: 'PUT', bucket: 'a', key, headers })).status).toBe(status);
    expect((await twin.store.head('a', key)) !== undefined).toBe(status === 200);
  });

  it('beside the copy-source conditions, and all of them must hold', async () => {
    const headers = { 'x-oss-copy-source': '/a/k', 'x-oss-copy-source-if-match': etag, 'if-match': 'other' };
    const answer = await oss(twin, { method: 'PUT', bucket: 'a', key: 'both', headers });
    expect([answer.status, answer.xml('Condition')]).toEqual([412, 'If-Match']);
  });
});

describe('overwriting', () => {
  const put = (bucket: string, headers: Record<string, string>): Ask => ({
    method: 'PUT',
    bucket,
    key: 'k',
    body: 'new',
    headers,
  });

  it('OSS: forbid-overwrite on Put, Copy, Initiate and Complete', async () => {
    const forbid = { 'x-oss-forbid-overwrite': 'true' };
    const copy = { ...forbid, 'x-oss-copy-source': '/a/k' };
    const answers = [
      await oss(twin, put('a', forbid)),
      await oss(twin, { method: 'PUT', bucket: 'a', key: 'k', headers: copy }),
      await oss(twin, { method: 'POST', bucket: 'a', key: 'k', query: { uploads: '' }, headers: forbid }),
    ];
    const started = await oss(twin, { method: 'POST', bucket: 'a', key: 'k', query: { uploads: '' } });
    const uploadId = started.xml('UploadId')!;
    await oss(twin, { method: 'PUT', bucket: 'a', key: 'k', query: { partNumber: '1', uploadId }, body: 'x' });
    const complete = { ...forbid, 'x-oss-complete-all': 'yes' };
    answers.push(await oss(twin, { method: 'POST', bucket: 'a', key: 'k', query: { uploadId }, headers: complete }));
    for (const answer of answers) expect([answer.status, answer.xml('Code')]).toEqual([409, 'FileAlreadyExists']);
    expect(String(await twin.store.bytes('a', 'k'))).toBe('data');
  });

  it('OSS: forbid-overwrite means nothing once versioning was on', async () => {
    await twin.store.put('kept', 'k', { body: 'old' });
    expect((await oss(twin, put('kept', { 'x-oss-forbid-overwrite': 'true' }))).status).toBe(200);
  });

  it('OSS: the standard headers are refused by name', async () => {
    const answer = await oss(twin, put('a', { 'if-none-match': '*' }));
    expect([answer.status, answer.xml('Code'), answer.xml('Header')]).toEqual([400, 'NotImplemented', 'If-None-Match']);
  });

  it('S3: If-None-Match and If-Match on Put, Copy and Complete', async () => {
    const absent = { 'if-none-match': '*' };
    const copy = { ...absent, 'x-amz-copy-source': '/a/k' };
    expect((await s3(twin, put('a', absent))).status).toBe(412);
    await twin.store.put('a', 'there', { body: 'x' });
    expect((await s3(twin, { method: 'PUT', bucket: 'a', key: 'there', headers: copy })).status).toBe(412);
    expect((await s3(twin, put('a', { 'if-match': 'other' }))).status).toBe(412);
    expect((await s3(twin, { ...put('a', { 'if-match': etag }), key: 'none' })).xml('Code')).toBe('NoSuchKey');
    const started = await s3(twin, { method: 'POST', bucket: 'a', key: 'k', query: { uploads: '' } });
    const uploadId = started.xml('UploadId')!;
    const part = await s3(twin, {
      method: 'PUT',
      bucket: 'a',
      key: 'k',
      query: { partNumber: '1', uploadId },
      body: 'x',
    });
    const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers['etag']}</ETag></Part></CompleteMultipartUpload>`;
    const complete = { method: 'POST', bucket: 'a', key: 'k', query: { uploadId }, body };
    expect((await s3(twin, { ...complete, headers: absent })).status).toBe(412);
    expect((await s3(twin, { ...complete, headers: { 'if-match': etag } })).status).toBe(200);
  });

  it('S3: DELETE with If-Match', async () => {
    const current = await twin.store.put('a', 'd', { body: 'd' });
    const remove = (value: string): Ask => ({
      method: 'DELETE',
      bucket: 'a',
      key: 'd',
      headers: { 'if-match': value },
    });
    expect((await s3(twin, remove('"other"'))).status).toBe(412);
    expect(await twin.store.head('a', 'd')).toBeDefined();
    expect((await s3(twin, remove(`"${current.etag}"`))).status).toBe(204);
    expect((await s3(twin, remove(`"${current.etag}"`))).status).toBe(204);
  });

  it('a retention policy keeps what is there', async () => {
    twin.store.createBucket({ name: 'worm', immutable: true });
    await twin.store.put('worm', 'k', { body: 'x' });
    for (const ask of [put('worm', {}), { method: 'DELETE', bucket: 'worm', key: 'k' }]) {
      expect((await oss(twin, ask)).xml('Code')).toBe('FileImmutable');
    }
  });
});
