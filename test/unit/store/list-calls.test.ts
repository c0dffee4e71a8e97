import { describe, expect, it } from 'vitest';
import type { ListObjectsQuery, StoreClient } from '../../../lib/store/calls/client.ts';
import { bench, failure, type Reply } from './harness.ts';

const entry = (key: string, rest = '') =>
  `<Contents><Key>${key}</Key><Size>1</Size><ETag>"007"</ETag><LastModified>2026-06-01T00:00:00.000Z</LastModified>${rest}</Contents>`;
const page = (inside: string, encoding = '<EncodingType>url</EncodingType>') => ({
  body: `<ListBucketResult>${encoding}${inside}</ListBucketResult>`,
});

describe('listObjects', () => {
  it('pages, prefixes, all fields', async () => {
    const { store, sent } = bench('oss', [
      page(
        `<IsTruncated>true</IsTruncated><NextContinuationToken>t+/=</NextContinuationToken>${entry('a+b%2Bc', '<Type>Symlink</Type><StorageClass>IA</StorageClass>')}<CommonPrefixes><Prefix>d%2F</Prefix></CommonPrefixes>`,
      ),
      page(entry('z')),
    ]);
    expect(await store.listObjects('bkt', { prefix: 'a b', delimiter: '/', startAfter: 'a', limit: 2 })).toEqual({
      contents: [
        { key: 'a b+c', size: 1, etag: '007', lastModified: Date.UTC(2026, 5, 1), storageClass: 'IA', type: 'Symlink' },
      ],
      commonPrefixes: ['d/'],
      next: 't+/=',
    });
    expect(await store.listObjects('bkt', { token: 't+/=' })).toMatchObject({
      contents: [{ key: 'z' }],
      commonPrefixes: [],
    });
    expect(sent.map((request) => request.path)).toEqual([
      '/?list-type=2&encoding-type=url&max-keys=2&prefix=a%20b&delimiter=%2F&start-after=a',
      '/?list-type=2&encoding-type=url&max-keys=1000&continuation-token=t%2B%2F%3D',
    ]);
  });

  it('keys that look like numbers, hold blanks, control characters or percent signs stay what they are', async () => {
    const keys = ['007', '1e5', '%20lead%20', 'tab%09nl%0A%01', '%2541', 'true', '%E6%97%A5'];
    const { store } = bench('s3', [page(keys.map((key) => entry(key)).join(''))]);
    const { contents } = await store.listObjects('bkt');
    expect(contents.map((object) => object.key)).toEqual([
      '007',
      '1e5',
      ' lead ',
      'tab\tnl\n\u0001',
      '%41',
      'true',
      '日',
    ]);
  });

  it('a store that does not encode is believed', async () => {
    const { store } = bench('s3', [page(entry(' a+b%41&amp;c&#xD; '), '')]);
    expect((await store.listObjects('bkt')).contents[0]?.key).toBe(' a+b%41&c\r ');
  });

  it.each([
    ['a key that breaks its promise', page(entry('%E6%'))],
    [
      'a token that does not advance',
      page('<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>'),
    ],
    ['no token', page('<IsTruncated>true</IsTruncated>')],
    ['an entry without size', page('<Contents><Key>k</Key></Contents>')],
  ])('%s is an error', async (_name, reply) => {
    const { store, sent } = bench('s3', () => reply);
    expect(await failure(store.listObjects('bkt', { token: 't' }))).toMatchObject({
      code: 'BadAnswer',
      effect: 'none',
    });
    expect(sent).toHaveLength(1);
  });

  it('an answer that was cut off on its way is asked for again', async () => {
    const { store, sent } = bench('s3', [{ body: '<ListBucketResult><Contents>' }, page(entry('k'))]);
    expect(await store.listObjects('bkt')).toMatchObject({ contents: [{ key: 'k' }] });
    expect(sent).toHaveLength(2);
  });

  it('an answer that does not end is cut off', async () => {
    const { store } = bench('s3', [{ body: Buffer.alloc(17 * 1024 * 1024, 32) }], { retry: { attempts: 1 } });
    expect(await failure(store.listObjects('bkt'))).toMatchObject({ decision: 'retry' });
  });
});

describe('listObjects of a store that answers as the first version of the call does', () => {
  const keys = Array.from({ length: 25 }, (_, n) => `${n < 15 ? 'a/' : 'b'}${String(n).padStart(2, '0')}`);

  interface Habits {
    heeds: 'marker' | 'start-after' | 'nothing';
    tellsNext?: boolean;
  }

  /** Pages of ten, and no token ever. */
  function firstVersion({ heeds, tellsNext }: Habits) {
    return ({ path }: { path: string }): Reply => {
      const query = new URLSearchParams(path.split('?')[1]);
      const after = query.get(heeds) ?? '';
      const delimiter = query.get('delimiter');
      const names = new Map<string, string>();
      for (const key of keys.filter((name) => name > after)) {
        const folder = delimiter && key.includes('/') ? key.slice(0, key.indexOf('/') + 1) : undefined;
        if (folder === undefined) names.set(key, entry(key));
        else names.set(folder, `<CommonPrefixes><Prefix>${folder}</Prefix></CommonPrefixes>`);
      }
      const shown = [...names].slice(0, 10);
      const next = tellsNext ? `<NextMarker>${shown.at(-1)?.[0]}</NextMarker>` : '';
      const truncated = names.size > shown.length ? `<IsTruncated>true</IsTruncated>${next}` : '';
      return page(shown.map(([, xml]) => xml).join('') + truncated, '');
    };
  }

  async function listed(store: StoreClient, query: ListObjectsQuery = {}): Promise<string[]> {
    const found: string[] = [];
    let token: string | undefined;
    do {
      const { contents, commonPrefixes, next } = await store.listObjects('bkt', { ...query, token });
      found.push(...commonPrefixes, ...contents.map(({ key }) => key));
      token = next;
    } while (token !== undefined);
    return found;
  }

  it.each<Habits>([{ heeds: 'marker', tellsNext: true }, { heeds: 'start-after' }])(
    'goes on after the last key, with every key once: %j',
    async (habits) => {
      const { store, sent } = bench('s3', firstVersion(habits));
      expect(await listed(store)).toEqual(keys);
      expect(sent).toHaveLength(3);
    },
  );

  it('goes on after the last key where the store names no mark', async () => {
    const { store, sent } = bench('s3', firstVersion({ heeds: 'marker' }));
    expect(await listed(store)).toEqual(keys);
    expect(sent.map(({ path }) => new URLSearchParams(path).get('marker'))).toEqual([null, 'a/09', 'b19']);
  });

  it('goes on after a folder', async () => {
    const { store } = bench('s3', firstVersion({ heeds: 'marker' }));
    expect(await listed(store, { delimiter: '/' })).toEqual(['a/', ...keys.slice(15)]);
  });

  it('begins after a key: one request more finds out that only the marker is heeded', async () => {
    const { store, sent } = bench('s3', firstVersion({ heeds: 'marker' }));
    expect(await listed(store, { startAfter: keys[4] })).toEqual(keys.slice(5));
    expect(sent).toHaveLength(1 + 2);
    expect(await listed(store, { startAfter: keys[4] })).toEqual(keys.slice(5));
    expect(sent).toHaveLength(3 + 2);
  });

  it('ends with an error that no repetition heals where the store heeds nothing', async () => {
    const { store, sent } = bench('s3', firstVersion({ heeds: 'nothing' }));
    const error = await failure(listed(store));
    expect(error).toMatchObject({ code: 'BadAnswer' });
    expect(sent.length).toBeLessThanOrEqual(3);
  });
});

describe('deleteObjects', () => {
  it('names every key, escaped, and tells what stayed', async () => {
    const { store, sent } = bench('s3', [
      {
        body: '<DeleteResult><Error><Key>b</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>',
      },
    ]);
    expect(await store.deleteObjects('bkt', [{ key: 'a<&>\r\n' }, { key: 'b', versionId: 'v' }])).toEqual([
      { key: 'b', code: 'AccessDenied', message: 'no' },
    ]);
    expect(sent[0]).toMatchObject({
      method: 'POST',
      path: '/?delete',
      body:
        '<Delete><Quiet>true</Quiet><Object><Key>a&lt;&amp;&gt;&#xd;&#xa;</Key></Object>' +
        '<Object><Key>b</Key><VersionId>v</VersionId></Object></Delete>',
      headers: { 'content-md5': expect.stringMatching(/^[\w+/]{22}==$/) },
    });
  });

  it('an empty answer of a quiet delete is success', async () => {
    const { store } = bench('oss', [{ body: '' }]);
    expect(await store.deleteObjects('bkt', [{ key: 'a' }])).toEqual([]);
  });

  it('a key that XML cannot write goes by itself', async () => {
    const { store, sent } = bench('s3', [
      { status: 204 },
      { status: 403, body: '<Error><Code>AccessDenied</Code></Error>' },
    ]);
    const failures = await store.deleteObjects('bkt', [{ key: 'a\u0001' }, { key: 'b\u0002', versionId: 'v' }]);
    expect(failures).toMatchObject([{ key: 'b\u0002', versionId: 'v', code: 'AccessDenied' }]);
    expect(sent.map((request) => `${request.method} ${request.path}`)).toEqual([
      'DELETE /a%01',
      'DELETE /b%02?versionId=v',
    ]);
  });
});
