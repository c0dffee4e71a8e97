import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTwin, type Twin } from '../../../lib/twin/start.ts';
import { BOTH, oss, s3, type Answer } from './raw.ts';

const DAY = 24 * 60 * 60 * 1000;

let twin: Twin;
beforeAll(async () => {
  twin = await startTwin({ buckets: [{ name: 'a' }], limits: { restoreMs: 0 } });
});
afterAll(() => twin.close());

const copyTo = (key: string, source: string): Promise<Answer> =>
  oss(twin, { method: 'PUT', bucket: 'a', key, headers: { 'x-oss-copy-source': `/a/${source}` } });

async function copyPart(source: string, send = oss, prefix = 'x-oss-'): Promise<Answer> {
  const started = await send(twin, { method: 'POST', bucket: 'a', key: 'mp', query: { uploads: '' } });
  const query = { partNumber: '1', uploadId: started.xml('UploadId')! };
  return send(twin, {
    method: 'PUT',
    bucket: 'a',
    key: 'mp',
    query,
    headers: { [`${prefix}copy-source`]: `/a/${source}` },
  });
}

describe('an appendable object', () => {
  const append = (position: number, body: string): Promise<Answer> =>
    oss(twin, { method: 'POST', bucket: 'a', key: 'log', query: { append: '', position: String(position) }, body });

  it('grows at its end only', async () => {
    expect((await append(0, 'one')).headers['x-oss-next-append-position']).toBe('3');
    expect((await append(3, 'two')).headers['x-oss-next-append-position']).toBe('6');
    const wrong = await append(3, 'x');
    expect([wrong.status, wrong.xml('Code'), wrong.headers['x-oss-next-append-position']]).toEqual([
      409,
      'PositionNotEqualToLength',
      '6',
    ]);
    const head = await oss(twin, { method: 'HEAD', bucket: 'a', key: 'log' });
    expect(head.headers).toMatchObject({
      'x-oss-object-type': 'Appendable',
      'x-oss-next-append-position': '6',
      'content-length': '6',
    });
    expect(String(await twin.store.bytes('a', 'log'))).toBe('onetwo');
  });

  it('cannot be copied', async () => {
    for (const answer of [await copyTo('x', 'log'), await copyPart('log')]) {
      expect([answer.status, answer.xml('Code')]).toEqual([400, 'OperationNotSupported']);
    }
  });

  it('cannot be made of a normal one', async () => {
    await twin.store.put('a', 'normal', { body: 'abc' });
    const answer = await oss(twin, {
      method: 'POST',
      bucket: 'a',
      key: 'normal',
      query: { append: '', position: '3' },
      body: 'x',
    });
    expect(answer.xml('Code')).toBe('ObjectNotAppendable');
  });
});

describe('a symlink', () => {
  beforeAll(async () => {
    await twin.store.put('a', 'dir/目标', { body: 'target' });
    const headers = { 'x-oss-symlink-target': encodeURIComponent('dir/目标') };
    expect((await oss(twin, { method: 'PUT', bucket: 'a', key: 'link', query: { symlink: '' }, headers })).status).toBe(
      200,
    );
  });

  it('reads as its target', async () => {
    expect((await oss(twin, { method: 'GET', bucket: 'a', key: 'link' })).body).toBe('target');
    const head = await oss(twin, { method: 'HEAD', bucket: 'a', key: 'link' });
    expect(head.headers).toMatchObject({ 'x-oss-object-type': 'Symlink', 'content-length': '6' });
    const listed = await oss(twin, { method: 'GET', bucket: 'a', query: { prefix: 'link' } });
    expect([listed.xml('Type'), listed.xml('Size')]).toEqual(['Symlink', '0']);
  });

  it('is copied as a link by CopyObject and refused by UploadPartCopy', async () => {
    expect((await copyTo('link2', 'link')).status).toBe(200);
    const link = await oss(twin, { method: 'GET', bucket: 'a', key: 'link2', query: { symlink: '' } });
    expect(decodeURIComponent(link.headers['x-oss-symlink-target']!)).toBe('dir/目标');
    expect((await copyPart('link')).xml('EC')).toBe('0042-00000308');
  });

  it('to nothing is a 404 of its own', async () => {
    await twin.store.put('a', 'dangling', { symlinkTarget: 'none' });
    expect((await oss(twin, { method: 'GET', bucket: 'a', key: 'dangling' })).xml('Code')).toBe(
      'SymlinkTargetNotExist',
    );
  });
});

it('an object encrypted by its writer is refused as a part', async () => {
  await twin.store.put('a', 'sealed', { body: 'x', meta: { 'client-side-encryption-key': 'k' } });
  expect((await copyPart('sealed')).xml('EC')).toBe('0042-00000309');
});

describe.each(BOTH)('an archived object in the $name dialect', ({ name, send, prefix }) => {
  const restore = (days: number): Promise<Answer> =>
    send(twin, {
      method: 'POST',
      bucket: 'a',
      key: 'ice',
      query: { restore: '' },
      body: `<RestoreRequest><Days>${days}</Days></RestoreRequest>`,
    });
  beforeEach(() => twin.store.put('a', 'ice', { body: 'cold', storageClass: 'GLACIER' }));

  it('can be looked at, but neither read nor copied', async () => {
    const head = await send(twin, { method: 'HEAD', bucket: 'a', key: 'ice' });
    expect(head.headers[`${prefix}storage-class`]).toBe(name === 'oss' ? 'Archive' : 'GLACIER');
    const copy = { method: 'PUT', bucket: 'a', key: 'x', headers: { [`${prefix}copy-source`]: '/a/ice' } };
    const answers = [
      await send(twin, { method: 'GET', bucket: 'a', key: 'ice' }),
      await send(twin, copy),
      await copyPart('ice', send, prefix),
    ];
    for (const answer of answers) expect([answer.status, answer.xml('Code')]).toEqual([403, 'InvalidObjectState']);
  });

  it('can be read once restored', async () => {
    expect((await restore(1)).status).toBe(202);
    const head = await send(twin, { method: 'HEAD', bucket: 'a', key: 'ice' });
    expect(head.headers[`${prefix}restore`]).toMatch(/^ongoing-request="false", expiry-date=".* GMT"$/);
    expect((await send(twin, { method: 'GET', bucket: 'a', key: 'ice' })).body).toBe('cold');
    expect((await restore(2)).status).toBe(200);
  });

  it('is on its way in between', async () => {
    await twin.store.put('a', 'ice', {
      body: 'cold',
      storageClass: 'GLACIER',
      restore: { readyAt: Date.now() + DAY, expiresAt: Date.now() + 2 * DAY },
    });
    expect((await restore(1)).xml('Code')).toBe('RestoreAlreadyInProgress');
    const head = await send(twin, { method: 'HEAD', bucket: 'a', key: 'ice' });
    expect(head.headers[`${prefix}restore`]).toBe('ongoing-request="true"');
    expect((await send(twin, { method: 'GET', bucket: 'a', key: 'ice' })).status).toBe(403);
  });
});

describe.each(BOTH)('tags in the $name dialect', ({ send, prefix }) => {
  const put = (tagging: string): Promise<Answer> =>
    send(twin, { method: 'PUT', bucket: 'a', key: 'tagged', body: 'x', headers: { [`${prefix}tagging`]: tagging } });

  it('are counted, not told, by HEAD', async () => {
    await put('a=1&b%20c=%2B&d=');
    expect(await twin.store.head('a', 'tagged')).toMatchObject({ tags: { a: '1', 'b c': '+', d: '' } });
    const head = await send(twin, { method: 'HEAD', bucket: 'a', key: 'tagged' });
    expect(head.headers[`${prefix}tagging-count`]).toBe('3');
  });

  it('are at most ten, each key once', async () => {
    expect((await put(Array.from({ length: 11 }, (_, n) => `k${n}=v`).join('&'))).xml('Code')).toBe('InvalidTag');
    expect((await put('a=1&a=2')).xml('Code')).toBe('InvalidTag');
    expect((await put(`${'k'.repeat(129)}=1`)).xml('Code')).toBe('InvalidTag');
  });

  it('leave Last-Modified and ETag alone', async () => {
    const before = await twin.store.put('a', 'tagged', { body: 'x', lastModified: 1_700_000_000_000 });
    const body = '<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>';
    await send(twin, { method: 'PUT', bucket: 'a', key: 'tagged', query: { tagging: '' }, body });
    expect(await twin.store.head('a', 'tagged')).toEqual({ ...before, tags: { k: 'v' } });
  });
});

it('the same object looks like its own kind in both dialects', async () => {
  await twin.store.put('a', 'both', { body: 'x', meta: { a: '1' }, encryption: { algorithm: 'aws:kms', keyId: 'k' } });
  const [one, two] = await Promise.all(
    [oss, s3].map((send) => send(twin, { method: 'HEAD', bucket: 'a', key: 'both' })),
  );
  expect(one!.headers).toMatchObject({
    'x-oss-meta-a': '1',
    'x-oss-server-side-encryption': 'KMS',
    'x-oss-server-side-encryption-key-id': 'k',
  });
  expect(two!.headers).toMatchObject({ 'x-amz-meta-a': '1', 'x-amz-server-side-encryption': 'aws:kms' });
  expect(one!.headers['etag']).toBe(two!.headers['etag']!.toUpperCase());
});
