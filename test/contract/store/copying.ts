import { beforeAll, expect, it } from 'vitest';
import type { ObjectRef } from '../../../lib/copy/model/object.ts';
import type { CopyObjectCall } from '../../../lib/copy/model/ports.ts';
import { copyPart, initiate, multipartObject, source as objectOf } from './multipart.ts';
import { bytes, get, md5, MiB, put, unique, type Stage } from './target.ts';

const staleEtag = '0'.repeat(32);

export function copying(stage: Stage): void {
  let source: ObjectRef;
  let etag: string;
  const content = { contentType: 'text/x-source', cacheControl: 'no-cache', contentLanguage: 'fr' };
  beforeAll(async () => {
    source = { bucket: stage.bucket, key: unique('source') };
    etag = await put(stage, source, 'the source', { content, userMetadata: { one: '1' } });
  });

  const destination = () => ({ bucket: stage.otherBucket, key: unique('copy') });
  const call = (more: Partial<CopyObjectCall> = {}): CopyObjectCall => ({
    source,
    sourceIfMatch: etag,
    destination: destination(),
    metadata: { directive: 'copy' },
    tags: 'copy',
    ...more,
  });

  it('copies bytes, headers and metadata to another bucket', async () => {
    const it = call();
    const result = await stage.store.copyObject(it);
    expect(md5(await get(stage, it.destination))).toBe(md5(Buffer.from('the source')));
    const head = await stage.store.head(it.destination);
    expect(head).toMatchObject({ content, userMetadata: { one: '1' }, etag });
    if (result.etag !== undefined) expect(result.etag).toBe(head.etag);
  });

  it('replaces headers and metadata', async () => {
    const replaced = { contentType: 'text/x-new', expires: 'Thu, 01 Dec 2044 16:00:00 GMT' };
    const it = call({ metadata: { directive: 'replace', content: replaced, userMetadata: { two: '2' } } });
    await stage.store.copyObject(it);
    const head = await stage.store.head(it.destination);
    expect(head.content).toEqual(replaced);
    expect(head.userMetadata).toEqual({ two: '2' });
  });

  it('changes the metadata of an object in place', async () => {
    const ref = { bucket: stage.bucket, key: unique('in-place') };
    const sourceIfMatch = await put(stage, ref, 'stays', { userMetadata: { old: 'x' } });
    const replace = {
      directive: 'replace',
      content: { contentType: 'text/plain' },
      userMetadata: { new: 'y' },
    } as const;
    await stage.store.copyObject(call({ source: ref, sourceIfMatch, destination: ref, metadata: replace }));
    expect(md5(await get(stage, ref))).toBe(md5(Buffer.from('stays')));
    expect((await stage.store.head(ref)).userMetadata).toEqual({ new: 'y' });
  });

  it('copies an object of no bytes', async () => {
    const empty = { bucket: stage.bucket, key: unique('empty') };
    const it = call({ source: empty, sourceIfMatch: await put(stage, empty, '') });
    await stage.store.copyObject(it);
    expect((await stage.store.head(it.destination)).size).toBe(0);
  });

  it('holds on to the pinned version of the source', async () => {
    const it = call({ sourceIfMatch: staleEtag });
    if (stage.quirks.ignoresPinOnCopy) {
      await stage.store.copyObject(it);
      expect((await stage.store.head(it.destination)).etag).toBe(etag);
      return;
    }
    await expect(stage.store.copyObject(it)).rejects.toMatchObject({ decision: 'source-changed' });
    await expect(stage.store.head(it.destination)).rejects.toMatchObject({ code: 'NotFound' });
  });

  it('says NotFound for a missing source, NoSuchBucket for a missing bucket on either side', async () => {
    const missing = { bucket: stage.bucket, key: unique('missing') };
    const nowhere = { bucket: unique('no-bucket'), key: 'key' };
    await expect(stage.store.copyObject(call({ source: missing }))).rejects.toMatchObject({ code: 'NotFound' });
    await expect(stage.store.copyObject(call({ source: nowhere }))).rejects.toMatchObject({ code: 'NoSuchBucket' });
    await expect(stage.store.copyObject(call({ destination: nowhere }))).rejects.toMatchObject({
      code: 'NoSuchBucket',
    });
  });

  it('does not overwrite where that is forbidden', async () => {
    const taken = destination();
    const before = await put(stage, taken, 'taken');
    const attempt = stage.store.copyObject(call({ destination: taken, forbidOverwrite: true }));
    if (stage.quirks.overwriteGuard?.copy === 'ignored') {
      await attempt;
      expect((await stage.store.head(taken)).etag).toBe(etag);
      return;
    }
    const code = stage.quirks.overwriteGuard?.copy === 'refused' ? 'Unsupported' : 'DestinationExists';
    await expect(attempt).rejects.toMatchObject({ decision: 'give-up', code });
    expect((await stage.store.head(taken)).etag).toBe(before);
  });

  it('writes another storage class, or says that there is none', async () => {
    const { secondClass } = stage.quirks;
    const it = call({ storageClass: secondClass ?? 'STANDARD_IA' });
    if (secondClass) {
      await stage.store.copyObject(it);
      expect((await stage.store.head(it.destination)).storageClass).toBe(secondClass);
    } else {
      await expect(stage.store.copyObject(it)).rejects.toMatchObject({ decision: 'give-up' });
    }
  });

  it('encrypts, or says that it cannot', async () => {
    const it = call({ encryption: { algorithm: 'AES256' } });
    const attempt = stage.store.copyObject(it);
    if (stage.quirks.encryption?.copy === 'refused') {
      await expect(attempt).rejects.toMatchObject({ decision: 'give-up' });
      return;
    }
    await attempt;
    const { encryption } = await stage.store.head(it.destination);
    expect(encryption).toEqual(stage.quirks.encryption ? undefined : { algorithm: 'AES256' });
  });

  it('sets a canned ACL', async () => {
    const it = call({ acl: 'public-read' });
    await stage.store.copyObject(it);
    const { canned } = await stage.store.getAcl(it.destination);
    expect(canned).toBe(stage.quirks.noAcls ? 'private' : 'public-read');
  });

  it('says TooLarge where the store wants parts', async () => {
    const { copyLimit } = stage.quirks;
    const block = bytes(16 * MiB);
    const large = copyLimit
      ? await multipartObject(stage, block, Math.floor(copyLimit / block.length) + 1)
      : await objectOf(stage, block);
    const attempt = stage.store.copyObject(call({ source: large.ref, sourceIfMatch: large.etag }));
    if (copyLimit === undefined) await attempt;
    else await expect(attempt).rejects.toMatchObject({ decision: 'give-up', code: 'TooLarge' });
  });

  it('pins an object that was made of parts', async () => {
    const parted = await multipartObject(stage, bytes(5 * MiB), 2);
    const whole = { first: 0, last: parted.size - 1 };
    const to = destination();
    const { uploadId } = await initiate(stage, to);
    const attempts = [
      stage.store.copyObject(call({ source: parted.ref, sourceIfMatch: parted.etag })),
      copyPart(stage, { destination: to, uploadId }, parted, 1, whole),
    ];
    for (const attempt of attempts) {
      if (stage.quirks.cannotPinMultipart) await expect(attempt).rejects.toMatchObject({ decision: 'source-changed' });
      else await attempt;
    }
  });
}
