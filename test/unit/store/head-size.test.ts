import { describe, expect, it } from 'vitest';
import { bench, failure, refusal, type Reply } from './harness.ts';

const ref = { bucket: 'bkt', key: 'k' };
const nothing = 'd41d8cd98f00b204e9800998ecf8427e';
const unsized = (etag: string): Reply => ({
  headers: { etag: `"${etag}"`, 'last-modified': 'Mon, 01 Jun 2026 10:00:00 GMT' },
});
const listing = (key: string, size: number, etag: string): Reply => ({
  body:
    `<ListBucketResult><Contents><Key>${key}</Key><Size>${size}</Size><ETag>"${etag}"</ETag>` +
    '<LastModified>2026-06-01T10:00:00.000Z</LastModified></Contents></ListBucketResult>',
});

describe('HEAD without Content-Length', () => {
  it.each(['s3', 'oss'] as const)(
    'is of an empty object where the ETag says so, in one request on %s',
    async (scheme) => {
      const { store, sent } = bench(scheme, [unsized(scheme === 'oss' ? nothing.toUpperCase() : nothing)]);
      expect(await store.head(ref)).toMatchObject({ size: 0 });
      expect(sent).toHaveLength(1);
    },
  );

  it.each([0, 77])('believes the listing of the same version: %i bytes', async (size) => {
    const { store, sent } = bench('s3', [unsized('e-1'), listing('k', size, 'e-1')]);
    expect(await store.head(ref)).toMatchObject({ size, etag: 'e-1' });
    expect(sent[1]?.path).toBe('/?list-type=2&encoding-type=url&max-keys=1&prefix=k');
  });

  it.each<[string, object, Reply]>([
    ['the listing is of another version', ref, listing('k', 0, 'e-2')],
    ['the listing is of another object', ref, listing('k2', 0, 'e-1')],
    ['the bucket may not be listed', ref, refusal(403, 'AccessDenied')],
    ['a version is named, which no listing shows', { ...ref, versionId: 'v' }, listing('k', 0, 'e-1')],
  ])('is an error that no repetition heals where %s', async (_name, object, reply) => {
    const { store, sent, clock } = bench('s3', [unsized('e-1'), reply]);
    const error = await failure(store.head(object as typeof ref));
    expect(error).toMatchObject({ code: 'BadAnswer', decision: 'give-up' });
    expect(error.message).toContain('no Content-Length');
    expect(sent.length).toBeLessThanOrEqual(2);
    expect(clock.slept).toEqual([]);
  });
});

describe('HEAD without a date', () => {
  it('is an error that no repetition heals, and says what is missing', async () => {
    const { store, sent } = bench('s3', () => ({ headers: { etag: '"e"', 'content-length': '1' } }));
    expect((await failure(store.head(ref))).message).toContain('the answer has no usable last-modified');
    expect(sent).toHaveLength(1);
  });

  it('and without an ETag may come from something in between, so it is asked for again', async () => {
    const good = { headers: { etag: '"e"', 'content-length': '1', 'last-modified': 'Mon, 01 Jun 2026 10:00:00 GMT' } };
    const { store, sent } = bench('s3', [{ headers: { 'content-length': '20' } }, good]);
    expect(await store.head(ref)).toMatchObject({ size: 1 });
    expect(sent).toHaveLength(2);
  });
});
