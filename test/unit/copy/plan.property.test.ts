import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GiveUp } from '../../../lib/copy/model/errors.ts';
import type { PartRun } from '../../../lib/copy/model/job.ts';
import type { StoreFacts } from '../../../lib/copy/model/store-facts.ts';
import { defaultSettings } from '../../../lib/copy/model/settings.ts';
import { ranges } from '../../../lib/copy/multipart/list-parts.ts';
import type { PlanInput } from '../../../lib/copy/plan/plan.ts';
import { layoutFromFirstPart, partAt, partCount, partsPerTask, plan, totalSize } from '../../../lib/copy/plan/plan.ts';

const MiB = 1024 ** 2;
const GiB = 1024 ** 3;

const facts: Record<'oss' | 's3', StoreFacts> = {
  oss: {
    scheme: 'oss',
    directSameBucket: Infinity,
    directOtherBucket: 5e9,
    directRewrite: 1e9,
    minPartSize: 100 * 1024,
    maxPartSize: 5e9,
    maxParts: 10_000,
    maxObjectSize: 48.8e12,
    maxKeyBytes: 1023,
    forbiddenKeyStarts: ['/', '\\'],
    sameRegionOnly: true,
    tellsPartLayout: false,
    compositeEtag: false,
    defaultStorageClass: 'Standard',
    defaultAcl: 'default',
    aclAt: 'complete',
    forbidsOverwrite: true,
    conditionalDelete: false,
    metadataOnlySelfCopy: true,
  },
  s3: {
    scheme: 's3',
    directSameBucket: 5 * GiB,
    directOtherBucket: 5 * GiB,
    directRewrite: 5 * GiB,
    minPartSize: 5 * MiB,
    maxPartSize: 5 * GiB,
    maxParts: 10_000,
    maxObjectSize: 48.8 * 1024 ** 4,
    maxKeyBytes: 1024,
    forbiddenKeyStarts: [],
    sameRegionOnly: false,
    tellsPartLayout: true,
    compositeEtag: true,
    defaultStorageClass: 'STANDARD',
    defaultAcl: 'private',
    aclAt: 'initiate',
    forbidsOverwrite: true,
    conditionalDelete: true,
    metadataOnlySelfCopy: false,
  },
};

/** Every order of magnitude is as likely as every other, and the edges are drawn on purpose. */
const sizes = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.integer({ min: 0, max: 45 }).chain((bits) => fc.integer({ min: 2 ** bits, max: 2 ** (bits + 1) })),
  fc
    .constantFrom(100 * 1024, 5 * MiB, 16 * MiB, 256 * MiB, 1e9, GiB, 5e9, 5 * GiB, 48.8e12)
    .chain((edge) => fc.integer({ min: edge - 1, max: edge + 1 })),
);

const inputs: fc.Arbitrary<PlanInput> = fc
  .record({
    size: sizes,
    dialect: fc.constantFrom('oss' as const, 's3' as const),
    sameBucket: fc.boolean(),
    rewrite: fc.boolean(),
    partSize: fc.option(fc.integer({ min: 1, max: 6 * GiB }), { nil: undefined }),
    concurrency: fc.option(fc.integer({ min: 1, max: 1000 }), { nil: undefined }),
    directRefused: fc.boolean(),
    sourceLayout: fc.option(
      fc.array(fc.record({ size: fc.integer({ min: 1, max: GiB }), count: fc.integer({ min: 1, max: 20_000 }) }), {
        maxLength: 3,
      }),
      { nil: undefined },
    ),
  })
  .map(({ dialect, ...rest }) => ({ ...rest, facts: facts[dialect], settings: defaultSettings }));

function planned(input: PlanInput): PartRun[] | undefined {
  try {
    const result = plan(input);
    return result.way === 'parts' ? result.parts : undefined;
  } catch (error) {
    if (error instanceof GiveUp) return undefined;
    throw error;
  }
}

describe('a plan of parts', () => {
  test('covers the object exactly, from the first byte to the last', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const parts = planned(input);
        if (!parts) return;
        const count = partCount(parts);
        let next = 0;
        // All parts of a plan of 10,000 would be slow to look at; its joints are where a gap could be.
        for (const number of joints(parts)) {
          const { first, last } = partAt(parts, number);
          if (number === 1) expect(first).toBe(0);
          if (number > 1) expect(partAt(parts, number - 1).last + 1).toBe(first);
          expect(last).toBeGreaterThanOrEqual(first);
          next = last + 1;
        }
        expect(partAt(parts, count).last + 1).toBe(input.size);
        expect(next).toBe(input.size);
        expect(totalSize(parts)).toBe(input.size);
      }),
      { numRuns: 2000 },
    );
  });

  test('has legal sizes and at most 10,000 parts', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const parts = planned(input);
        if (!parts) return;
        const { minPartSize, maxPartSize, maxParts } = input.facts;
        const count = partCount(parts);
        expect(count).toBeLessThanOrEqual(maxParts);
        expect(count).toBeGreaterThan(0);
        for (const [i, run] of parts.entries()) {
          expect(run.size).toBeLessThanOrEqual(maxPartSize);
          const isLast = i === parts.length - 1 && run.count === 1;
          if (!isLast && count > 1) expect(run.size).toBeGreaterThanOrEqual(minPartSize);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('exists for every size that the store can keep', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const plain = { ...input, partSize: undefined };
        if (plain.size > plain.facts.maxObjectSize) expect(() => plan(plain)).toThrow(GiveUp);
        else expect(() => plan(plain)).not.toThrow();
      }),
      { numRuns: 2000 },
    );
  });

  test('is the same for equal input, and does not change it', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const copy = structuredClone(input);
        const once = attempt(input);
        expect(attempt(copy)).toEqual(once);
        expect(input).toEqual(copy);
      }),
      { numRuns: 1000 },
    );
  });

  test('never leaves CopyObject a size above what the store allows, nor parts an empty object', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { size, sameBucket, rewrite, facts: limits } = input;
        const result = attempt(input);
        if (typeof result === 'string') return;
        const other = sameBucket ? limits.directSameBucket : limits.directOtherBucket;
        if (result.way === 'direct') expect(size).toBeLessThanOrEqual(rewrite ? limits.directRewrite : other);
        else expect(size).toBeGreaterThan(0);
      }),
      { numRuns: 2000 },
    );
  });

  test('has no part before the first or after the last', () => {
    fc.assert(
      fc.property(inputs, fc.integer(), (input, number) => {
        const parts = planned(input);
        if (!parts || (number >= 1 && number <= partCount(parts))) return;
        expect(() => partAt(parts, number)).toThrow(RangeError);
      }),
    );
  });
});

test("a source's layout is computed from its first part only when the numbers agree", () => {
  const parts = fc.integer({ min: 1, max: 10_000 });
  fc.assert(
    fc.property(sizes, parts, fc.integer({ min: 0, max: 5 * GiB }), (size, count, first) => {
      const layout = layoutFromFirstPart(size, count, first);
      if (!layout) return;
      expect(partCount(layout)).toBe(count);
      expect(totalSize(layout)).toBe(size);
      expect(layout[0]?.size).toBe(Math.min(first, size));
    }),
    { numRuns: 1000 },
  );
});

test('tasks carry every part exactly once, and no task is empty or too large', () => {
  const counts = fc.integer({ min: 1, max: 10_000 });
  fc.assert(
    fc.property(counts, fc.integer({ min: 1, max: 200 }), (count, concurrency) => {
      const perTask = partsPerTask(count, defaultSettings, concurrency);
      expect(perTask).toBeGreaterThanOrEqual(1);
      expect(perTask).toBeLessThanOrEqual(defaultSettings.partsPerTaskMax);
      const numbers = Array.from({ length: count }, (_, i) => i + 1);
      const tasks = ranges(numbers, perTask);
      expect(tasks.flatMap(({ from, count: n }) => Array.from({ length: n }, (_, i) => from + i))).toEqual(numbers);
    }),
  );
});

test('ranges of missing parts name each number once, in order, in runs of consecutive numbers', () => {
  const missing = fc.uniqueArray(fc.integer({ min: 1, max: 300 })).map((numbers) => numbers.sort((a, b) => a - b));
  fc.assert(
    fc.property(missing, fc.integer({ min: 1, max: 50 }), (numbers, longest) => {
      const found = ranges(numbers, longest);
      expect(found.flatMap(({ from, count }) => Array.from({ length: count }, (_, i) => from + i))).toEqual(numbers);
      for (const { count } of found) expect(count).toBeLessThanOrEqual(longest);
    }),
  );
});

function attempt(input: PlanInput): ReturnType<typeof plan> | string {
  try {
    return plan(input);
  } catch (error) {
    return String(error);
  }
}

/** First and last part of every run. */
function joints(runs: readonly PartRun[]): number[] {
  const numbers: number[] = [];
  let before = 0;
  for (const { count } of runs) {
    numbers.push(before + 1);
    if (count > 1) numbers.push(before + count);
    before += count;
  }
  return numbers;
}
