import { expect, it } from 'vitest';
import { CopyError } from '../../../lib/copy/model/errors.ts';
import { put, unique, type Stage } from './target.ts';

/** Keys that have broken copies elsewhere: what a URL, a header, a query, a form or XML would read otherwise. */
export const odd: Record<string, string> = {
  'a space': 'with space',
  'spaces at both ends': ' both ends ',
  plus: 'a+b',
  'an encoded plus': 'a%2Bb',
  percent: '100%',
  'a percent escape': 'a%20b%00',
  'a query': 'a?b=c&x=y',
  'a fragment': 'a#b',
  quotes: `"double" and 'single'`,
  markup: '<a href="&amp;">&lt;',
  'two slashes': 'a//b',
  'slash at the end': 'folder/',
  'leading dots': '...hidden/..a',
  'dot segments': 'a/./b/../c',
  backslash: 'a\\b',
  separators: 'a;b,c:d=e@f$g!h*i(j)k~l',
  brackets: '[a]{b}^|`',
  umlauts: 'Größe',
  'the same composed otherwise': 'Gro\u0308ße',
  'east asian': '目标/日本語/한국어',
  'right to left': 'שלום/سلام',
  'beyond the basic plane': 'emoji 🚢 𝒳',
  'a space, a plus and a percent, in Unicode': 'ü + 100% 日本',
};

/** I9: each key through put, copy source, copy destination, parts, list and delete. */
export function keys(stage: Stage): void {
  const lead = unique('k');

  it.each(Object.entries(odd))('%s', (_, text) => everywhere(stage, `${lead}/${text}`));

  it('a control character', async () => {
    const works = everywhere(stage, `${lead}/a\u0001b\tc\nd\r\ne`);
    if (stage.quirks.noControlCharacters) await expect(works).rejects.toBeInstanceOf(CopyError);
    else await works;
  });

  it('what looks like a version', async () => {
    const works = everywhere(stage, `${lead}/a?versionId=null`);
    if (stage.quirks.readsVersionsInKeys) await expect(works).rejects.toMatchObject({ code: 'NotFound' });
    else await works;
  });

  it('the longest key there may be', async () => {
    const { store, bucket } = stage;
    const longest = (letter: string) => ({ bucket, key: 'ü' + letter.repeat(store.facts.maxKeyBytes - 2) });
    const [source, destination] = [longest('a'), longest('b')];
    const sourceIfMatch = await put(stage, source, 'long');
    await store.copyObject({ source, sourceIfMatch, destination, metadata: { directive: 'copy' }, tags: 'copy' });
    expect((await store.head(destination)).size).toBe(4);
    for (const ref of [source, destination]) await store.delete(ref);
  });
}

type Ref = { bucket: string; key: string };

async function listed(stage: Stage, prefix: string): Promise<string[]> {
  const { contents } = await stage.store.listObjects(stage.bucket, { prefix });
  return contents.map(({ key }) => key).sort();
}

/** Objects at this key and at names that begin with it, made in every way there is, found by every call, and gone again. */
async function everywhere(stage: Stage, prefix: string): Promise<void> {
  const { store, bucket } = stage;
  const [source, copy, byParts] = ['', '.copy', '.parts'].map((end) => ({ bucket, key: prefix + end })) as [
    Ref,
    Ref,
    Ref,
  ];
  const sourceIfMatch = await put(stage, source, prefix);
  await store.copyObject({ source, sourceIfMatch, destination: copy, metadata: { directive: 'copy' }, tags: 'copy' });
  const size = Buffer.byteLength(prefix);

  const { uploadId } = await store.initiate({ destination: byParts, content: {}, userMetadata: {}, tags: {} });
  const range = { partNumber: 1, first: 0, last: size - 1, sourceSize: size };
  const { etag } = await store.uploadPartCopy({ source, sourceIfMatch, destination: byParts, uploadId, ...range });
  expect(await store.listUploads(byParts)).toMatchObject([{ key: byParts.key, uploadId }]);
  expect((await store.listParts(byParts, uploadId)).parts).toMatchObject([{ number: 1, size }]);
  await store.complete({ destination: byParts, uploadId, parts: [{ number: 1, etag }] });

  expect(await listed(stage, prefix)).toEqual([source.key, copy.key, byParts.key].sort());
  for (const ref of [source, copy, byParts]) {
    expect((await store.head(ref)).size).toBe(size);
    await store.delete(ref);
  }
  expect(await listed(stage, prefix)).toEqual([]);
}
