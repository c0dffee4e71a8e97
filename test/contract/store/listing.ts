import { beforeAll, expect, it } from 'vitest';
import { put, unique, type Stage } from './target.ts';

export function listing(stage: Stage): void {
  const lead = unique('list');
  const names = ['a', 'b/1', 'b/2', 'c d+e/%41', 'c d+e/ü', 'f'];
  beforeAll(async () => {
    for (const name of names) await put(stage, { bucket: stage.bucket, key: `${lead}/${name}` }, name);
  });

  const all = async (how: { delimiter?: string; startAfter?: string; limit: number }) => {
    const objects: string[] = [];
    const prefixes: string[] = [];
    let token: string | undefined;
    let pages = 0;
    do {
      const page = await stage.store.listObjects(stage.bucket, { prefix: `${lead}/`, token, ...how });
      expect(page.contents.length + page.commonPrefixes.length).toBeLessThanOrEqual(how.limit);
      objects.push(...page.contents.map(({ key }) => key.slice(lead.length + 1)));
      prefixes.push(...page.commonPrefixes.map((prefix) => prefix.slice(lead.length + 1)));
      token = page.next;
      pages++;
    } while (token !== undefined);
    return { objects, prefixes, pages };
  };

  it('lists every object page by page, in order', async () => {
    const { objects, pages } = await all({ limit: 2 });
    expect(objects).toEqual(names);
    expect(pages).toBe(3);
  });

  it('rolls up at a delimiter', async () => {
    const { objects, prefixes } = await all({ limit: 2, delimiter: '/' });
    expect(objects).toEqual(['a', 'f']);
    expect(prefixes).toEqual(['b/', 'c d+e/']);
  });

  it('starts after a key', async () => {
    const { objects } = await all({ limit: 10, startAfter: `${lead}/c d+e/%41` });
    expect(objects).toEqual(['c d+e/ü', 'f']);
  });

  it('tells size, ETag and time of each', async () => {
    const { contents } = await stage.store.listObjects(stage.bucket, { prefix: `${lead}/b/1` });
    const head = await stage.store.head({ bucket: stage.bucket, key: `${lead}/b/1` });
    expect(contents).toMatchObject([{ key: `${lead}/b/1`, size: 3, etag: head.etag, storageClass: head.storageClass }]);
    // Listings count milliseconds where HEAD counts seconds.
    expect(Math.abs((contents[0]?.lastModified ?? 0) - head.lastModified)).toBeLessThanOrEqual(1000);
  });

  it('says NoSuchBucket', async () => {
    const attempt = stage.store.listObjects(unique('no-bucket'));
    await expect(attempt).rejects.toMatchObject({ decision: 'give-up', code: 'NoSuchBucket' });
  });
}
