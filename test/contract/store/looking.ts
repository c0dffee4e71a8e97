import { beforeAll, expect, it } from 'vitest';
import type { ObjectRef } from '../../../lib/copy/model/object.ts';
import { md5, put, unique, type Stage } from './target.ts';

/** HEAD. */
export function looking(stage: Stage): void {
  let ref: ObjectRef;
  const content = {
    contentType: 'text/plain; charset=utf-8',
    cacheControl: 'max-age=60, public',
    contentDisposition: 'attachment; filename="a b.txt"',
    contentLanguage: 'de-AT',
    expires: 'Thu, 01 Dec 2044 16:00:00 GMT',
  };
  const userMetadata = { colour: 'blue', 'two-words': 'a  b' };
  beforeAll(async () => {
    ref = { bucket: stage.bucket, key: unique('look') };
    await put(stage, ref, 'some bytes', { content, userMetadata });
  });

  it('tells everything that was stored', async () => {
    const head = await stage.store.head(ref);
    expect(head).toMatchObject({
      size: 10,
      kind: 'normal',
      archived: false,
      clientEncrypted: false,
      content,
      storageClass: stage.store.facts.defaultStorageClass,
    });
    expect(head.etag.toLowerCase()).toBe(md5(Buffer.from('some bytes')));
    expect(head.userMetadata).toEqual({ colour: 'blue', 'two-words': expect.stringMatching(/^a +b$/) });
    // HTTP dates count whole seconds, and the servers run on this machine's clock.
    expect(Math.abs(head.lastModified - Date.now())).toBeLessThan(300_000);
    expect(head.encryption).toBeUndefined();
    if (stage.scheme === 'oss') expect(head.crc64).toMatch(/^\d+$/);
  });

  it('keeps a content encoding', async () => {
    const encoded = { bucket: stage.bucket, key: unique('gzip') };
    await put(stage, encoded, 'not really gzip', { content: { contentEncoding: 'gzip' } });
    expect((await stage.store.head(encoded)).content.contentEncoding).toBe('gzip');
  });

  it('knows an object of no bytes', async () => {
    const empty = { bucket: stage.bucket, key: unique('empty') };
    await put(stage, empty, '');
    expect(await stage.store.head(empty)).toMatchObject({ size: 0 });
  });

  it('says NotFound for a missing key', async () => {
    const missing = stage.store.head({ bucket: stage.bucket, key: unique('missing') });
    await expect(missing).rejects.toMatchObject({ decision: 'give-up', code: 'NotFound' });
  });

  it("creates one's own bucket again without an error and without losing what is in it", async () => {
    await stage.store.createBucket(stage.bucket);
    expect((await stage.store.head(ref)).size).toBe(10);
  });

  it('says the same date in a list as in HEAD, to the second', async () => {
    const { contents } = await stage.store.listObjects(ref.bucket, { prefix: ref.key });
    const listed = contents.map(({ lastModified }) => Math.floor(lastModified / 1000) * 1000);
    expect(listed).toEqual([(await stage.store.head(ref)).lastModified]);
  });

  it('says NoSuchBucket for a missing bucket', async () => {
    const missing = stage.store.head({ bucket: unique('no-bucket'), key: 'key' });
    await expect(missing).rejects.toMatchObject({ decision: 'give-up', code: 'NoSuchBucket' });
  });
}
