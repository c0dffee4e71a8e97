import { describe, expect, test } from 'vitest';
import { defaultSettings } from '../../../lib/copy/model/settings.ts';
import type { PlanInput } from '../../../lib/copy/plan/plan.ts';
import { layoutFromFirstPart, partAt, partCount, partsPerTask, plan, totalSize } from '../../../lib/copy/plan/plan.ts';
import { oss } from '../../../lib/store/dialects/oss.ts';
import { s3 } from '../../../lib/store/dialects/s3.ts';

const MiB = 1024 ** 2;
const GiB = 1024 ** 3;
const TiB = 1024 ** 4;
const GB = 1000 ** 3;

const input = (over: Partial<PlanInput>): PlanInput => ({
  size: GiB,
  sameBucket: false,
  rewrite: false,
  facts: oss.facts,
  settings: defaultSettings,
  ...over,
});
const patient = { ...defaultSettings, directMax: Infinity };

describe('one CopyObject or parts', () => {
  test.each([
    ['an empty object', input({ size: 0, directRefused: true }), 'direct'],
    ['OSS, inside one bucket: a shallow copy has no limit', input({ size: 40 * TiB, sameBucket: true }), 'direct'],
    ['OSS, shallow copy that timed out', input({ size: GiB, sameBucket: true, directRefused: true }), 'parts'],
    ['OSS, class change up to 1 GB', input({ size: GB, sameBucket: true, rewrite: true, settings: patient }), 'direct'],
    ['OSS, class change above', input({ size: GB + 1, sameBucket: true, rewrite: true, settings: patient }), 'parts'],
    ['OSS, other bucket up to the configured limit', input({ size: GB, settings: patient }), 'direct'],
    ['OSS, other bucket above it', input({ size: GB + 1, settings: patient }), 'parts'],
    ['S3 above 5 GiB', input({ size: 5 * GiB + 1, sameBucket: true, facts: s3.facts, settings: patient }), 'parts'],
    ['S3 at 5 GiB', input({ size: 5 * GiB, sameBucket: true, facts: s3.facts, settings: patient }), 'direct'],
    ['large enough that parts are faster', input({ size: defaultSettings.directMax + 1 }), 'parts'],
    ['just not', input({ size: defaultSettings.directMax }), 'direct'],
    ['a part size that was asked for', input({ size: 2 * MiB, partSize: MiB }), 'parts'],
    ['a part size larger than the object', input({ size: MiB, partSize: MiB }), 'direct'],
  ] as const)('%s', (_name, given, way) => {
    expect(plan(given).way).toBe(way);
  });
});

describe('parts', () => {
  const partsOf = (over: Partial<PlanInput>) => {
    const planned = plan(input({ directRefused: true, ...over }));
    if (planned.way !== 'parts') throw new Error('planned direct');
    return planned.parts;
  };

  test('one wave for the allowed concurrency', () => {
    expect(partsOf({ size: 16 * 100 * MiB, concurrency: 16 })).toEqual([{ size: 100 * MiB, count: 16 }]);
  });

  test('several even waves when one would need parts that are too large', () => {
    expect(partsOf({ size: 20 * GiB, concurrency: 16 })).toEqual([
      { size: 427 * MiB, count: 47 },
      { size: 411 * MiB, count: 1 },
    ]);
  });

  test('the largest object in at most 10,000 parts', () => {
    const parts = partsOf({ size: s3.facts.maxObjectSize, facts: s3.facts });
    expect(partCount(parts)).toBeLessThanOrEqual(10_000);
    expect(totalSize(parts)).toBe(s3.facts.maxObjectSize);
  });

  test('the last range ends with the last byte', () => {
    const parts = partsOf({ size: 250 * MiB + 7, partSize: 100 * MiB });
    expect(partAt(parts, 3)).toEqual({ first: 200 * MiB, last: 250 * MiB + 6 });
    expect(() => partAt(parts, 4)).toThrow(RangeError);
  });

  test("the source's own layout, where it is legal", () => {
    const sourceLayout = [
      { size: 8 * MiB, count: 40 },
      { size: 1, count: 1 },
    ];
    const size = totalSize(sourceLayout);
    expect(partsOf({ size, facts: s3.facts, sourceLayout })).toEqual(sourceLayout);
    const tooSmall = [{ size: MiB, count: 300 }];
    expect(partsOf({ size: totalSize(tooSmall), facts: s3.facts, sourceLayout: tooSmall })).not.toEqual(tooSmall);
  });

  test('a layout is only believed when all parts but the last can be equal', () => {
    expect(layoutFromFirstPart(25, 3, 10)).toEqual([
      { size: 10, count: 2 },
      { size: 5, count: 1 },
    ]);
    expect(layoutFromFirstPart(25, 2, 10)).toBeUndefined();
  });
});

describe('refusals', () => {
  test('a part size that needs more than 10,000 parts names one that does not', () => {
    const refused = () => plan(input({ size: TiB, partSize: 16 * MiB }));
    expect(refused).toThrow(/65536 parts.*allows 10000.*105 MiB/s);
    expect(refused).toThrow(expect.objectContaining({ code: 'TooManyParts' }));
    expect(() => plan(input({ size: TiB, partSize: 105 * MiB }))).not.toThrow();
  });

  test.each([1, 1.5, 6 * GiB, Number.NaN])('a part size of %s', (partSize) => {
    expect(() => plan(input({ size: 20 * GiB, partSize, directRefused: true }))).toThrow(
      expect.objectContaining({ code: 'BadRequest' }),
    );
  });

  test('an object larger than the store keeps', () => {
    expect(() => plan(input({ size: s3.facts.maxObjectSize + 1, facts: s3.facts }))).toThrow(
      expect.objectContaining({ code: 'TooLarge' }),
    );
  });
});

test.each([
  [1, 1],
  [64, 1],
  [65, 2],
  [10_000, 100],
])('%i parts travel %i to a task', (count, perTask) => {
  expect(partsPerTask(count, defaultSettings)).toBe(perTask);
});
