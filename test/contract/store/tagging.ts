import { beforeAll, expect, it } from 'vitest';
import type { ObjectRef } from '../../../lib/copy/model/object.ts';
import type { CopyObjectCall } from '../../../lib/copy/model/ports.ts';
import { source, uploaded, type Source } from './multipart.ts';
import { put, unique, type Stage, type TagFate } from './target.ts';

const sourceTags = { team: 'blue', 'a key': 'plus + space = ü' };
const asked = { other: 'tags/=:' };
const fates: Record<TagFate, Record<string, string>> = { asked, source: sourceTags, none: {} };

export function tagging(stage: Stage): void {
  let ref: ObjectRef;
  let etag: string;
  beforeAll(async () => {
    ref = { bucket: stage.bucket, key: unique('tagged') };
    etag = await put(stage, ref, 'tagged', { userMetadata: { kept: 'yes' } });
    if (!stage.quirks.noTags) await stage.store.putTags(ref, sourceTags);
  });
  const call = (more: Partial<CopyObjectCall>): CopyObjectCall => ({
    source: ref,
    sourceIfMatch: etag,
    destination: { bucket: stage.otherBucket, key: unique('tags') },
    metadata: { directive: 'copy' },
    tags: 'copy',
    ...more,
  });
  const replace = { directive: 'replace', content: {}, userMetadata: {} } as const;

  it('writes, reads, counts and removes tags', async () => {
    if (stage.quirks.noTags) {
      await expect(stage.store.putTags(ref, sourceTags)).rejects.toMatchObject({ code: 'Unsupported' });
      expect((await stage.store.head(ref)).tagCount ?? 0).toBe(0);
      return;
    }
    expect(await stage.store.getTags(ref)).toEqual(sourceTags);
    expect((await stage.store.head(ref)).tagCount).toBe(2);
    const own = { bucket: stage.bucket, key: unique('tags') };
    await put(stage, own, 'x');
    expect(await stage.store.getTags(own)).toEqual({});
    await stage.store.putTags(own, asked);
    expect(await stage.store.getTags(own)).toEqual(asked);
    await stage.store.putTags(own, {});
    expect(await stage.store.getTags(own)).toEqual({});
    expect((await stage.store.head(own)).tagCount ?? 0).toBe(0);
  });

  const copies: [string, Partial<CopyObjectCall>, TagFate, (stage: Stage) => TagFate | undefined][] = [
    ['keeps metadata and tags', {}, 'source', () => undefined],
    ['keeps metadata and sets tags', { tags: asked }, 'asked', ({ quirks }) => quirks.tagFates?.keepAndSet],
    [
      'replaces metadata and keeps tags',
      { metadata: replace },
      'source',
      ({ quirks }) => quirks.tagFates?.replaceAndKeep,
    ],
    ['replaces both', { metadata: replace, tags: asked }, 'asked', ({ quirks }) => quirks.tagFates?.replaceAndSet],
  ];
  it.each(copies)('CopyObject %s', async (_, more, documented, quirk) => {
    const copy = call(more);
    const attempt = stage.store.copyObject(copy);
    if (stage.quirks.noTags) {
      if (more.tags === asked) await expect(attempt).rejects.toMatchObject({ code: 'Unsupported' });
      else await attempt;
      return;
    }
    await attempt;
    expect(await stage.store.getTags(copy.destination)).toEqual(fates[quirk(stage) ?? documented]);
  });

  it('Initiate sets tags', async () => {
    const from: Source = await source(stage, Buffer.from('small'));
    const attempt = uploaded(stage, from, 5, { tags: sourceTags });
    if (stage.quirks.noTags) {
      await expect(attempt).rejects.toMatchObject({ code: 'Unsupported' });
      return;
    }
    const upload = await attempt;
    await stage.store.complete(upload);
    const fate = stage.quirks.tagFates?.initiate ?? 'source';
    expect(await stage.store.getTags(upload.destination)).toEqual(fates[fate]);
  });

  it('reads and writes ACLs', async () => {
    const own = { bucket: stage.bucket, key: unique('acl') };
    await put(stage, own, 'x');
    const before = await stage.store.getAcl(own);
    expect(before.canned).toBe(stage.scheme === 'oss' ? 'default' : 'private');
    // `authenticated-read` is S3's alone.
    const others = ['public-read', 'public-read-write', ...(stage.scheme === 's3' ? ['authenticated-read'] : [])];
    for (const canned of others) {
      const write = stage.store.putAcl(own, { canned });
      if (stage.quirks.noAcls) {
        await expect(write).rejects.toMatchObject({ code: 'Unsupported' });
        return;
      }
      await write;
      expect((await stage.store.getAcl(own)).canned).toBe(canned);
    }
    await stage.store.putAcl(own, before);
    expect((await stage.store.getAcl(own)).canned).toBe(before.canned);
  });
}
