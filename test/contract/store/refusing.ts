import { beforeAll, expect, it } from 'vitest';
import { copyPart, initiate, ranges, source, uploaded, type Source } from './multipart.ts';
import { bytes, get, md5, MiB, put, unique, type Stage } from './target.ts';

const body = bytes(11 * MiB);
const staleEtag = '0'.repeat(32);

/** What a server may refuse on the way of an upload, and what it lets through. */
export function refusing(stage: Stage): void {
  let from: Source;
  beforeAll(async () => {
    from = await source(stage, body);
  });
  const start = async () => {
    const destination = { bucket: stage.otherBucket, key: unique('refusing') };
    return { destination, ...(await initiate(stage, destination)) };
  };

  it('a part of a source that has changed', async () => {
    const upload = await start();
    const attempt = copyPart(stage, upload, { ...from, etag: staleEtag }, 1, { first: 0, last: MiB - 1 });
    if (stage.quirks.ignoresPinOnParts) expect((await attempt).etag).not.toBe('');
    else await expect(attempt).rejects.toMatchObject({ decision: 'source-changed' });
    await stage.store.abort(upload.destination, upload.uploadId);
  });

  it('a part of a source that is gone', async () => {
    const upload = await start();
    const gone = { ...from, ref: { ...from.ref, key: unique('gone') } };
    const attempt = copyPart(stage, upload, gone, 1, { first: 0, last: MiB - 1 });
    await expect(attempt).rejects.toMatchObject({ decision: 'give-up', code: 'NotFound' });
    await stage.store.abort(upload.destination, upload.uploadId);
  });

  it('a range that ends past the end of the source', async () => {
    const upload = await start();
    const attempt = copyPart(stage, upload, from, 1, { first: 10 * MiB, last: 12 * MiB - 1 });
    if (stage.quirks.truncatesRanges) {
      await attempt;
      const { parts } = await stage.store.listParts(upload.destination, upload.uploadId);
      // The ledger tells: the part is there, but not of the size that was planned.
      expect(parts).toMatchObject([{ number: 1, size: MiB }]);
    } else if (stage.scheme === 'oss') {
      // OSS copies the whole source and says so only by leaving out Content-Range.
      await expect(attempt).rejects.toMatchObject({ decision: 'give-up', code: 'VerificationFailed' });
    } else {
      await expect(attempt).rejects.toMatchObject({ decision: 'source-changed' });
    }
    await stage.store.abort(upload.destination, upload.uploadId);
  });

  it('everything on an upload that is not there', async () => {
    const { destination, uploadId } = await start();
    await stage.store.abort(destination, uploadId);
    const parts = [{ number: 1, etag: from.etag }];
    const copy = copyPart(stage, { destination, uploadId }, from, 1, { first: 0, last: from.size - 1 });
    await expect(copy).rejects.toMatchObject({ code: 'NoSuchUpload' });
    const completed = stage.store.complete({ destination, uploadId, parts });
    const settled = stage.quirks.unsureOfGoneUploads
      ? { decision: 'retry', effect: 'unknown' }
      : { code: 'NoSuchUpload' };
    await expect(completed).rejects.toMatchObject(settled);
    await expect(stage.store.listParts(destination, uploadId)).rejects.toMatchObject({ code: 'NoSuchUpload' });
  });

  it('a completion that names a wrong ETag, a missing part or a part that is too small', async () => {
    const upload = await uploaded(stage, from, 6 * MiB);
    const [first, second] = upload.parts;
    if (!first || !second) throw new Error('eleven MiB are two parts of six');
    const wrong = [
      [{ ...first, etag: staleEtag }, second],
      [first, second, { number: 3, etag: second.etag }],
    ];
    for (const parts of wrong) {
      await expect(stage.store.complete({ ...upload, parts })).rejects.toMatchObject({ decision: 'give-up' });
    }
    await stage.store.abort(upload.destination, upload.uploadId);

    const tiny = await uploaded(stage, await source(stage, bytes(150_000)), 90_000);
    await expect(stage.store.complete(tiny)).rejects.toMatchObject({ decision: 'give-up' });
    await stage.store.abort(tiny.destination, tiny.uploadId);
    for (const { destination } of [upload, tiny]) {
      await expect(stage.store.head(destination)).rejects.toMatchObject({ code: 'NotFound' });
    }
  });

  it('a second completion, or answers it as the first', async () => {
    const upload = await uploaded(stage, from, 6 * MiB);
    await stage.store.complete(upload);
    const { etag } = await stage.store.head(upload.destination);
    const again = stage.store.complete(upload);
    if (stage.quirks.forgetsCompletion) await expect(again).rejects.toMatchObject({ code: 'NoSuchUpload' });
    else expect([undefined, etag]).toContain((await again).etag);
    expect((await stage.store.head(upload.destination)).etag).toBe(etag);
    expect(md5(await get(stage, upload.destination))).toBe(md5(body));
  });

  it('to overwrite where that is forbidden', async () => {
    const taken = { bucket: stage.otherBucket, key: unique('taken') };
    const upload = await uploaded(stage, from, 6 * MiB, { destination: taken });
    const before = await put(stage, taken, 'taken meanwhile');
    const attempt = stage.store.complete({ ...upload, forbidOverwrite: true });
    if (stage.quirks.overwriteGuard?.complete === 'ignored') {
      await attempt;
      expect((await stage.store.head(taken)).size).toBe(body.length);
      return;
    }
    await expect(attempt).rejects.toMatchObject({ decision: 'give-up', code: 'DestinationExists' });
    expect((await stage.store.head(taken)).etag).toBe(before);
    await stage.store.abort(taken, upload.uploadId);
  });

  it('nothing when parts arrive in any order and at once', async () => {
    const upload = await start();
    const shuffled = [...ranges(body.length, 5 * MiB).entries()].reverse();
    await Promise.all(shuffled.map(([i, range]) => copyPart(stage, upload, from, i + 1, range)));
    const { parts } = await stage.store.listParts(upload.destination, upload.uploadId);
    await stage.store.complete({ ...upload, parts });
    expect(md5(await get(stage, upload.destination))).toBe(md5(body));
  });
}
