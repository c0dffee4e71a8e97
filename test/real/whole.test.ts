import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { MiB, unique } from '../contract/store/target.ts';
import { isPartCopy } from './servers/proxy.ts';
import { isSkipped } from './servers/server.ts';
import { openStage, putLarge, sha256, url, type Large, type Stage } from './stage.ts';

const content = {
  contentType: 'video/x-ferry; a=b',
  cacheControl: 'max-age=3600',
  contentDisposition: 'attachment; filename="x y.bin"',
  contentLanguage: 'de',
  expires: 'Thu, 01 Dec 2044 16:00:00 GMT',
};
const userMetadata = { owner: 'anna', 'two-words': 'kept as they are' };
const tags = { team: 'blue', 'a key': 'plus + and ü' };

describe.each(inject('servers'))('1 GiB on $kind', (server) => {
  if (isSkipped(server)) {
    it.skip(server.why);
    return;
  }
  let stage: Stage;
  let large: Large;
  const key = 'Größe ü/1 GiB + 100% 日本.bin';
  beforeAll(async () => {
    stage = await openStage(server);
    const more = { content, userMetadata, tags: stage.quirks.noTags ? {} : tags };
    large = await putLarge(stage, { bucket: stage.bucket, key }, { parts: 64, partSize: 16 * MiB, ...more });
    // A server that loses tags on Initiate still has objects with tags.
    if (!stage.quirks.noTags) await stage.store.putTags(large.ref, tags);
  });
  afterAll(() => stage?.close());

  it('is copied by parts, and everything arrives or is reported as lost', async () => {
    const destination = { bucket: stage.backup, key: `copy of ${key}` };
    stage.proxy.passed.length = 0;
    const { code, documents, text } = await stage.ferry('cp', url(large.ref), url(destination));
    expect(code, text).toBe(0);
    expect(documents, text).toMatchObject([{ status: 'copied', way: 'parts', size: large.size }]);

    const [before, after] = [await stage.store.head(large.ref), await stage.store.head(destination)];
    expect(after).toMatchObject({ size: before.size, content, userMetadata, storageClass: before.storageClass });
    expect(await sha256(stage.store, destination)).toBe(large.sha256);
    // Only a server that tells the source's part layout lets the copy repeat it, and so keep the ETag.
    const keepsLayout = stage.quirks.partLayout === undefined;
    if (keepsLayout) expect(after.etag).toBe(before.etag);
    const lost = documents[0]?.lost?.map(({ what }) => what) ?? [];
    const found = stage.quirks.noTags ? {} : await stage.store.getTags(destination);
    expect(lost.includes('tags')).toBe(!stage.quirks.noTags && found['team'] !== tags.team);
    expect(lost.filter((what) => what !== 'tags' && what !== 'etag')).toEqual([]);

    expect(await stage.store.listUploads(destination)).toEqual([]);
    // No byte of the object came through the process that copied it.
    expect(stage.proxy.passed.filter(({ method, query }) => method === 'GET' && query.size === 0)).toEqual([]);
  });

  it('survives kill -9 in the middle: resumed, and no finished part is copied again', async () => {
    const destination = { bucket: stage.backup, key: unique('resumed') };
    const running = stage.start('cp', url(large.ref), url(destination), '--part-size', '16MiB', '--concurrency', '4');
    let copies = 0;
    stage.proxy.intervene = async (request) => {
      if (!isPartCopy(request)) return;
      if (++copies < 24) return;
      running.kill();
      await running.finished;
      throw new Error('the process that asked is dead');
    };
    const killed = await running.finished;
    expect(killed.code, killed.text).toBeNull();
    stage.proxy.intervene = () => Promise.resolve();

    const [open] = await stage.store.listUploads(destination);
    expect(open).toBeDefined();
    const uploadId = open?.uploadId ?? '';
    const ledger = (await stage.store.listParts(destination, uploadId)).parts.map(({ number }) => number);
    expect(ledger.length).toBeGreaterThanOrEqual(8);
    expect(ledger.length).toBeLessThan(large.parts);

    stage.proxy.passed.length = 0;
    const resumed = await stage.ferry('resume');
    expect(resumed.code, resumed.text).toBe(0);
    const again = stage.proxy.passed.filter(isPartCopy);
    expect(again.filter(({ query }) => ledger.includes(Number(query.get('partNumber'))))).toEqual([]);
    expect(again.every(({ query }) => query.get('uploadId') === uploadId)).toBe(true);
    expect(await sha256(stage.store, destination)).toBe(large.sha256);
    expect(await stage.store.listUploads(destination)).toEqual([]);
  });
});
