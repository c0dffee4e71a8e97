import { beforeAll, expect, it } from 'vitest';
import { copyPart, initiate } from './multipart.ts';
import { get, md5, put, unique, type Stage } from './target.ts';

export function versions(stage: Stage): void {
  let bucket: string;
  beforeAll(async () => {
    bucket = unique('versions');
    await stage.store.createBucket(bucket);
    await stage.store.setVersioning(bucket, 'enabled');
  });

  /** An object with an old and a current version. */
  const twice = async () => {
    const key = unique('versioned');
    await put(stage, { bucket, key }, 'old');
    const old = await stage.store.head({ bucket, key });
    await put(stage, { bucket, key }, 'newer');
    const current = await stage.store.head({ bucket, key });
    return { key, old, current };
  };

  it('reads the version that is named', async () => {
    const { key, old, current } = await twice();
    expect(old.versionId).toBeTruthy();
    expect(current.versionId).not.toBe(old.versionId);
    expect(await stage.store.head({ bucket, key, versionId: old.versionId })).toMatchObject({
      size: 3,
      etag: old.etag,
    });
  });

  it('copies the version that is named, in one call and by parts', async () => {
    const { key, old } = await twice();
    const source = { bucket, key, versionId: old.versionId };
    const destination = { bucket, key: unique('copy') };
    const pin = { source, sourceIfMatch: old.etag };
    const written = await stage.store.copyObject({
      ...pin,
      destination,
      metadata: { directive: 'copy' },
      tags: 'copy',
    });
    const head = await stage.store.head(destination);
    expect(head.versionId).toBeTruthy();
    expect(written.versionId).toBe(stage.quirks.hidesWrittenVersion ? undefined : head.versionId);
    expect(md5(await get(stage, destination))).toBe(md5(Buffer.from('old')));

    const byParts = { bucket, key: unique('parts') };
    const { uploadId } = await initiate(stage, byParts);
    const from = { ref: source, etag: old.etag, size: old.size };
    const { etag } = await copyPart(stage, { destination: byParts, uploadId }, from, 1, { first: 0, last: 2 });
    await stage.store.complete({ destination: byParts, uploadId, parts: [{ number: 1, etag }] });
    expect(md5(await get(stage, byParts))).toBe(md5(Buffer.from('old')));
  });

  it('leaves a marker when the current version is deleted, and removes a named one for good', async () => {
    const { key, old } = await twice();
    const { marker, versionId } = await stage.store.delete({ bucket, key });
    expect(marker).toBe(true);
    expect(versionId).toBeTruthy();
    await expect(stage.store.head({ bucket, key })).rejects.toMatchObject({ code: 'NotFound' });
    expect(await stage.store.head({ bucket, key, versionId: old.versionId })).toMatchObject({ size: 3 });
    expect((await stage.store.delete({ bucket, key, versionId: old.versionId })).marker).toBe(false);
    await expect(stage.store.head({ bucket, key, versionId: old.versionId })).rejects.toMatchObject({
      code: 'NotFound',
    });
  });

  it('says NotFound for a version that is not there, and when copying a deleted object', async () => {
    const { key, old } = await twice();
    await stage.store.delete({ bucket, key, versionId: old.versionId });
    const missing = { bucket, key, versionId: old.versionId };
    await expect(stage.store.head(missing)).rejects.toMatchObject({ code: 'NotFound' });
    await stage.store.delete({ bucket, key });
    const attempt = stage.store.copyObject({
      source: { bucket, key },
      sourceIfMatch: old.etag,
      destination: { bucket, key: unique('never') },
      metadata: { directive: 'copy' },
      tags: 'copy',
    });
    await expect(attempt).rejects.toMatchObject({ decision: 'give-up', code: 'NotFound' });
  });
}
