import { beforeAll, expect, it } from 'vitest';
import { compositeEtag, copyPart, initiate, ranges, source, uploaded, type Source } from './multipart.ts';
import { bytes, get, md5, MiB, unique, type Stage } from './target.ts';

const body = bytes(11 * MiB + 123);

export function parts(stage: Stage): void {
  let from: Source;
  beforeAll(async () => {
    from = await source(stage, body);
  });
  const destination = () => ({ bucket: stage.otherBucket, key: unique('parts') });

  it('copies ranges, lists them, and completes to the same bytes', async () => {
    const upload = await uploaded(stage, from, 5 * MiB);
    const wanted = ranges(body.length, 5 * MiB).map(({ first, last }) => body.subarray(first, last + 1));
    expect(upload.parts.map(({ number, size }) => [number, size])).toEqual(
      wanted.map((part, i) => [i + 1, part.length]),
    );
    expect(upload.parts.map(({ etag }) => etag.toLowerCase())).toEqual(wanted.map(md5));
    const written = await stage.store.complete(upload);
    expect(md5(await get(stage, upload.destination))).toBe(md5(body));
    const head = await stage.store.head(upload.destination);
    expect(head).toMatchObject({ size: body.length, kind: 'multipart' });
    // An ETag that a store leaves out of its answer must be absent, not empty.
    expect([undefined, head.etag]).toContain(written.etag);
    if (stage.store.facts.compositeEtag) expect(head.etag).toBe(compositeEtag(upload.parts));
    if (stage.scheme === 'oss') expect(head.crc64).toBe((await stage.store.head(from.ref)).crc64);
  });

  it('keeps headers, metadata and class that Initiate was given', async () => {
    const content = {
      contentType: 'text/x-parts; charset=utf-8',
      cacheControl: 'no-store',
      contentDisposition: 'inline; filename="x y.txt"',
      contentEncoding: 'gzip',
      contentLanguage: 'de',
      expires: 'Thu, 01 Dec 2044 16:00:00 GMT',
    };
    const storageClass = stage.quirks.secondClass;
    const userMetadata = { colour: 'blue', note: 'two words' };
    const upload = await uploaded(stage, from, 6 * MiB, { content, userMetadata, storageClass });
    await stage.store.complete(upload);
    const expected = { content, userMetadata, storageClass: storageClass ?? stage.store.facts.defaultStorageClass };
    expect(await stage.store.head(upload.destination)).toMatchObject(expected);
  });

  it('encrypts what Initiate says to encrypt, or says that it cannot', async () => {
    const encryption = { algorithm: 'AES256' };
    const attempt = initiate(stage, destination(), { encryption });
    if (stage.quirks.encryption) {
      await expect(attempt).rejects.toMatchObject({ decision: 'give-up' });
      return;
    }
    const upload = await uploaded(stage, from, 6 * MiB, { encryption });
    await stage.store.complete(upload);
    expect((await stage.store.head(upload.destination)).encryption).toEqual(encryption);
  });

  it('sets the ACL where the dialect puts it', async () => {
    const { aclAt } = stage.store.facts;
    const acl = 'public-read';
    const upload = await uploaded(stage, from, 6 * MiB, aclAt === 'initiate' ? { acl } : {});
    await stage.store.complete({ ...upload, ...(aclAt === 'complete' ? { acl } : {}) });
    expect((await stage.store.getAcl(upload.destination)).canned).toBe(stage.quirks.noAcls ? 'private' : acl);
  });

  it('lists parts page by page', async () => {
    const small = await source(stage, bytes(300_000));
    const to = destination();
    const { uploadId } = await initiate(stage, to);
    for (let number = 1; number <= 5; number++) {
      await copyPart(stage, { destination: to, uploadId }, small, number, { first: 0, last: small.size - 1 });
    }
    const seen: number[] = [];
    let after: number | undefined = 0;
    while (after !== undefined) {
      const page = await stage.store.listParts(to, uploadId, { after, limit: 2 });
      expect(page.parts.length).toBeLessThanOrEqual(2);
      seen.push(...page.parts.map(({ number }) => number));
      after = page.next;
    }
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    await stage.store.abort(to, uploadId);
  });

  it('lets a repeated part number replace the part', async () => {
    const to = destination();
    const { uploadId } = await initiate(stage, to);
    const upload = { destination: to, uploadId };
    await copyPart(stage, upload, from, 1, { first: 0, last: MiB - 1 });
    const { etag } = await copyPart(stage, upload, from, 1, { first: MiB, last: 3 * MiB - 1 });
    expect((await stage.store.listParts(to, uploadId)).parts).toEqual([{ number: 1, size: 2 * MiB, etag }]);
    await stage.store.complete({ ...upload, parts: [{ number: 1, etag }] });
    expect(md5(await get(stage, to))).toBe(md5(body.subarray(MiB, 3 * MiB)));
  });

  it('knows the open uploads of exactly one key', async () => {
    const to = destination();
    const longer = { ...to, key: `${to.key}.longer` };
    const ids = [await initiate(stage, to), await initiate(stage, to)].map(({ uploadId }) => uploadId);
    const stranger = await initiate(stage, longer);
    const open = await stage.store.listUploads(to);
    expect(open.map(({ uploadId }) => uploadId).sort()).toEqual([...ids].sort());
    for (const { key, initiated } of open) {
      expect(key).toBe(to.key);
      expect(Math.abs(initiated - Date.now())).toBeLessThan(300_000);
    }
    for (const uploadId of ids) await stage.store.abort(to, uploadId);
    expect(await stage.store.listUploads(to)).toEqual([]);
    await stage.store.abort(longer, stranger.uploadId);
  });

  it('forgets an aborted upload, and aborting again is no error', async () => {
    const upload = await uploaded(stage, from, 6 * MiB);
    await stage.store.abort(upload.destination, upload.uploadId);
    const { destination: to, uploadId } = upload;
    await expect(stage.store.listParts(to, uploadId)).rejects.toMatchObject({ code: 'NoSuchUpload' });
    await stage.store.abort(to, uploadId);
    await expect(stage.store.head(to)).rejects.toMatchObject({ code: 'NotFound' });
  });

  it('tells the part layout of a source, or that it does not know it', async () => {
    const upload = await uploaded(stage, from, 5 * MiB);
    await stage.store.complete(upload);
    const first = stage.store.head(upload.destination, { partNumber: 1 });
    if (!stage.store.facts.tellsPartLayout) return expect(first).rejects.toMatchObject({ code: 'Unsupported' });
    if (stage.quirks.partLayout === 'refused') return expect(first).rejects.toMatchObject({ decision: 'give-up' });
    const told = stage.quirks.partLayout === undefined ? { size: 5 * MiB, partsCount: 3 } : { size: body.length };
    return expect(await first).toMatchObject(told);
  });

  it('keeps a checksum over the whole object, where it has such', async () => {
    if (stage.scheme === 'oss') return;
    const kept = { algorithm: 'CRC64NVME', fullObject: true };
    const one = await uploaded(stage, from, 5 * MiB, { checksum: kept });
    const other = await uploaded(stage, from, 8 * MiB, { checksum: kept });
    const [checksum, again] = await Promise.all(
      [one, other].map(async (upload) => {
        await stage.store.complete(upload);
        return (await stage.store.head(upload.destination, { checksum: true })).checksum;
      }),
    );
    if (stage.quirks.noFullChecksum) {
      expect(checksum?.fullObject ?? false).toBe(false);
      return;
    }
    expect(checksum).toMatchObject(kept);
    expect(again).toEqual(checksum);
  });
}
