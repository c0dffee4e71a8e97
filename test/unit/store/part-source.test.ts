import { describe, expect, it } from 'vitest';
import { bench, failure, type Reply, type Sent } from './harness.ts';

const endpoint = 'http://127.0.0.1:7480';
const copied: Reply = { body: '<CopyPartResult><ETag>"e"</ETag></CopyPartResult>' };
const missing: Reply = { status: 404, body: '<Error><Code>NoSuchKey</Code></Error>' };
const found: Reply = {
  headers: { etag: '"e"', 'last-modified': 'Mon, 01 Jun 2026 12:00:00 GMT', 'content-length': '9' },
};

const part = (key: string) => ({
  source: { bucket: 'src', key },
  sourceIfMatch: 'e',
  sourceSize: 9,
  destination: { bucket: 'dst', key: 'd' },
  uploadId: 'U',
  partNumber: 1,
  first: 0,
  last: 8,
});

/** A store that holds these keys and decodes the source of a part so many times. */
const store = (keys: string[], decodings: 1 | 2, address: { endpoint?: string } = { endpoint }) => {
  const answer = ({ method, path, headers }: Sent): Reply => {
    const wanted = headers['x-amz-copy-source']?.replace('/src/', '');
    if (wanted === undefined) {
      const key = decodeURIComponent(path.replace(/^\/src\//, ''));
      return method === 'HEAD' && (path === '/src' || path === '/src/' || keys.includes(key)) ? found : missing;
    }
    const key = decodings === 1 ? decodeURIComponent(wanted) : decodeURIComponent(decodeURIComponent(wanted));
    return keys.includes(key) ? copied : missing;
  };
  return bench('s3', answer, { address: { scheme: 's3', region: 'us-east-1', ...address } });
};
const sources = (sent: Sent[]) => sent.flatMap(({ headers }) => headers['x-amz-copy-source'] ?? []);

describe('the source of a part', () => {
  it('is encoded twice for a store that decodes twice, and the store is asked once', async () => {
    const { store: client, sent } = store(['a%b0', 'c%d0', 'plain +'], 2);
    for (const key of ['a%b0', 'c%d0']) expect(await client.uploadPartCopy(part(key))).toEqual({ etag: 'e' });
    await client.uploadPartCopy(part('plain +'));
    expect(sources(sent)).toEqual(
      ['a', 'a', 'c'].map((name) => `/src/${name}%2525${name === 'a' ? 'b' : 'd'}0`).concat('/src/plain%2520%252B'),
    );
  });

  it('is encoded once for every other store, however many parts begin at the same time', async () => {
    const { store: client, sent } = store(['a%b0'], 1);
    await Promise.all([1, 2, 3].map(() => client.uploadPartCopy(part('a%b0'))));
    expect(sources(sent)).toEqual(['/src/a%2525b0', '/src/a%25b0', '/src/a%25b0', '/src/a%25b0']);
  });

  it('is not asked about where no key holds a percent sign, nor at the vendor', async () => {
    const plain = store(['a b'], 2);
    await plain.store.uploadPartCopy(part('a b'));
    expect(plain.sent).toHaveLength(1);
    const vendor = store(['a%b0'], 1, {});
    await vendor.store.uploadPartCopy(part('a%b0'));
    expect(vendor.sent).toHaveLength(1);
  });

  it('decides nothing when the source is gone, or when a key of the encoded name exists', async () => {
    const gone = store([], 2);
    expect(await failure(gone.store.uploadPartCopy(part('a%41')))).toMatchObject({ code: 'NotFound' });
    const both = store(['a%b0', 'a%25b0'], 1);
    await both.store.uploadPartCopy(part('a%b0'));
    expect(sources(both.sent)).toEqual(['/src/a%25b0']);
  });
});
