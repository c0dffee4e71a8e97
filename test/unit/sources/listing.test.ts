import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstRange, ListingReader } from '../../../lib/sources/listing/listing.ts';
import { bucketModel, walk } from './bucket-model.ts';

/** Alphabets that keys are really made of, and some unexpected ones. */
const units = fc
  .constantFrom('a', 'b', '/', '0', '1', '9', ' ', '~', '\u0001', '\u007f', 'é', '\uD7FF', '\uE000')
  .chain((unit) => fc.constantFrom(unit, '\uFFFD', '\uFFFF', '\u{10000}', '\u{1F600}', '\u{10FFFF}'));
const key = fc.oneof(
  fc.string({ unit: units, minLength: 1, maxLength: 6 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }),
);

/** Short pages of a store that also gives short pages, so that few keys make many pages and cuts. */
async function listAll(keys: string[], prefix: string, limit: number, crashes: boolean[]) {
  const { list } = bucketModel(keys);
  const short: typeof list = (bucket, query) => list(bucket, { ...query, limit: Math.min(query.limit, limit + 1) });
  let at = 0;
  const crash = () => crashes[at++ % Math.max(1, crashes.length)] ?? false;
  return walk(() => new ListingReader(short, 'photos', prefix), [firstRange], limit, crash);
}

test('every key is listed once, whatever the cuts and crashes', async () => {
  const cases = fc.record({
    keys: fc.uniqueArray(key, { maxLength: 60 }),
    prefix: fc.constantFrom('', 'a', '0', '\u{1F600}'),
    limit: fc.integer({ min: 1, max: 4 }),
    crashes: fc.array(fc.boolean(), { maxLength: 7 }),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ keys, prefix, limit, crashes }) => {
      const { keys: listed, ranges } = await listAll(keys, prefix, limit, crashes);
      expect(listed.sort()).toEqual(keys.filter((one) => one.startsWith(prefix)).sort());
      if (listed.length > 0) expect([...ranges.values()]).not.toContain(0);
    }),
    { numRuns: 400 },
  );
});

const days = Array.from({ length: 5_000 }, (_, n) => {
  const day = new Date(Date.UTC(2024, 0, 1) + n * 3_600_000).toISOString();
  return `logs/${day.slice(0, 4)}/${day.slice(5, 7)}/${day.slice(8, 10)}/${day.slice(11, 13)}.gz`;
});

describe('many readers soon', () => {
  test.each([
    ['numbers', 'n/', Array.from({ length: 5_000 }, (_, n) => `n/img-${String(n).padStart(10, '0')}.jpg`)],
    ['hashes', '', Array.from({ length: 5_000 }, (_, n) => Buffer.from(String(n * 7919)).toString('hex'))],
    ['dates', 'logs/', days],
    ['Chinese', '', Array.from({ length: 5_000 }, (_, n) => `${String.fromCodePoint(0x4e00 + (n % 997))}/${n}`)],
    ['faces', '', Array.from({ length: 5_000 }, (_, n) => `${String.fromCodePoint(0x1f600 + (n % 64))}${n}`)],
    ['one folder with a deep name', '', Array.from({ length: 5_000 }, (_, n) => `${'deep/'.repeat(100)}${n}`)],
    ['uneven', '', Array.from({ length: 5_000 }, (_, n) => (n < 4_500 ? `a/${n}` : `${n}`))],
  ])('%s', async (_name, prefix, keys) => {
    const { list, requests } = bucketModel(keys);
    const { keys: listed, ranges, turns } = await walk(() => new ListingReader(list, 'b', prefix), [firstRange], 50);
    expect(listed.length).toBe(5_000);
    expect(new Set(listed).size).toBe(5_000);
    // 100 pages; one reader would need 100 turns.
    expect(turns).toBeLessThan(45);
    expect(ranges.size).toBeLessThan(40);
    // Probes are requests, too.
    expect(requests.length).toBeLessThan(300);
  });
});

test('a range is not cut when readers are enough', async () => {
  const { list } = bucketModel(days);
  const reader = new ListingReader(list, 'b', '');
  const page = await reader.read(firstRange, undefined, 500, { split: false });
  expect(page.split).toBeUndefined();
  expect((await reader.read(firstRange, page.cursor, 500)).split).toBeDefined();
});

test('an empty prefix is one last page', async () => {
  const { list } = bucketModel(['a']);
  const page = await new ListingReader(list, 'b', 'x/').read(firstRange, undefined, 500);
  expect(page).toMatchObject({ entries: [], last: true });
});

test('what is listed ahead is not asked for again', async () => {
  const { list, requests } = bucketModel(days.slice(0, 2000));
  const reader = new ListingReader(list, 'b', '');
  let cursor;
  for (let page = 0; page < 4; page += 1) ({ cursor } = await reader.read(firstRange, cursor, 500, { split: false }));
  expect(requests.length).toBe(2);
});
