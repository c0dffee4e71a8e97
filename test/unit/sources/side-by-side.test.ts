import { describe, expect, it } from 'vitest';
import { GiveUp } from '../../../lib/copy/model/errors.ts';
import { SideBySide, type Pair } from '../../../lib/sources/listing/side-by-side.ts';
import type { Cursor, ListedEntry, SourcePorts } from '../../../lib/sources/shared/source.ts';

const objectsOf = (keys: string[]): ListedEntry[] => keys.map((key) => ({ key, size: 1, etag: 'e', lastModified: 0 }));

/** Buckets `a` and `b`, and how often each was listed. */
function setUp(a: string[], b: string[]) {
  const buckets: Record<string, string[]> = { a, b };
  const asked: Record<string, number> = {};
  const list: SourcePorts['list'] = (bucket, { prefix, startAfter = '', limit }) => {
    asked[bucket] = (asked[bucket] ?? 0) + 1;
    const keys = (buckets[bucket] ?? []).filter((key) => key.startsWith(prefix) && key > startAfter);
    return Promise.resolve({ entries: objectsOf(keys.slice(0, limit)), more: keys.length > limit });
  };
  const open = () =>
    new SideBySide(list, {
      source: { bucket: 'a', prefix: '', keyOf: ({ key }) => key },
      replica: { bucket: 'b', prefix: '', keyOf: ({ key }) => key },
    });
  return { open, buckets, asked };
}

const show = ({ key, source, replica }: Pair): string => `${source ? key : '-'} ${replica ? key : '-'}`;

async function readAll(open: () => SideBySide, between: () => void = () => {}): Promise<string[]> {
  const found: string[] = [];
  for (let cursor: Cursor | undefined, last = false; !last;) {
    const page = await open().read(cursor, 2, (pair, into) => {
      found.push(show(pair));
      into.entries.push({ bucket: 'a', key: pair.key });
    });
    ({ cursor, last } = page);
    between();
  }
  return found;
}

describe('two listings side by side', () => {
  it('give out each source and each replica once, in pairs where both are there', async () => {
    const { open } = setUp(['1', '2', '4'], ['2', '3', '4', '5']);
    expect(await readAll(open)).toEqual(['1 -', '2 2', '- 3', '4 4', '- 5']);
  });

  it('are read by one request for each side and thousand objects', async () => {
    const keys = Array.from({ length: 3_500 }, (_, n) => String(n).padStart(5, '0'));
    const { open, asked } = setUp(keys, keys);
    const pairs = open();
    for (let cursor: Cursor | undefined, last = false; !last;)
      ({ cursor, last } = await pairs.read(cursor, 1, () => {}));
    expect(asked).toEqual({ a: 4, b: 4 });
  });

  it('do not show a replica that was written between two readers as one without a source', async () => {
    const { open, buckets } = setUp(['1', '2', '3', '4', '5'], ['1']);
    let written = 0;
    const found = await readAll(open, () => {
      written += 2;
      buckets['b'] = (buckets['a'] ?? []).slice(0, written);
    });
    expect(found.filter((pair) => pair.startsWith('-'))).toEqual([]);
    expect(found).toHaveLength(5);
  });

  it.each([
    ['in a page', ['1', '3', '2'], 1],
    ['from one page to the next', ['1', '2', '0'], 2],
  ])('refuse a listing that is not in the order of its keys, %s', async (_, keys, perPage) => {
    const list: SourcePorts['list'] = (bucket, { startAfter }) => {
      const at = startAfter === undefined ? 0 : keys.indexOf(startAfter) + 1;
      return Promise.resolve({
        entries: objectsOf(keys.slice(at, at + (perPage === 1 ? 3 : 2))),
        more: bucket === 'a',
      });
    };
    const side = { prefix: '', keyOf: ({ key }: ListedEntry) => key };
    const pairs = new SideBySide(list, { source: { ...side, bucket: 'a' }, replica: { ...side, bucket: 'b' } });
    const reading = async () => {
      for (let cursor: Cursor | undefined, n = 0; n < 3; n += 1) ({ cursor } = await pairs.read(cursor, 2, () => {}));
    };
    await expect(reading()).rejects.toThrow(GiveUp);
    await expect(reading()).rejects.toThrow(/out of the order of its keys/);
  });
});
