import { describe, expect, it } from 'vitest';
import { awsPrices, publishedLarge, publishedSmall } from '../../../lib/cost/aws-prices.ts';
import { costOf, usageOf, type Usage } from '../../../lib/cost/aws-replication.ts';
import { s3 } from '../../../lib/store/dialects/s3.ts';

const usage: Usage = {
  calls: { CopyObject: 1_000_000, HeadObject: 1_000_000 },
  queueRequests: 1_000_000,
  invocations: 1_000_000,
  gbSeconds: 1_000,
  tableWrites: 1_000_000,
  tableReads: 1_000_000,
};

describe('cost', () => {
  it('is the sum of what each service charges', () => {
    const cost = costOf(usage);
    expect(cost.s3).toBeCloseTo(5.4, 10);
    expect(cost.sqs).toBeCloseTo(0.4, 10);
    expect(cost.lambda).toBeCloseTo(0.2 + 0.013_333_4, 10);
    expect(cost.dynamodb).toBeCloseTo(8 * 0.625 + 0.125, 10);
    expect(cost.total).toBeCloseTo(cost.s3 + cost.sqs + cost.lambda + cost.dynamodb, 10);
  });

  it('knows dearer classes', () => {
    expect(costOf(usage, { storageClass: 'STANDARD_IA' }).s3).toBeCloseTo(10.4, 10);
  });

  it('grows with the number of objects and of nothing else', () => {
    const [one, many] = [1, 1000].map((objects) => usageOf({ objects, size: 10 ** 10 }, s3.facts));
    expect(many?.calls['UploadPartCopy']).toBe(1000 * (one?.calls['UploadPartCopy'] ?? 0));
    expect(many?.gbSeconds).toBeCloseTo(1000 * (one?.gbSeconds ?? 0), 6);
  });

  it('names its month, region and sources', () => {
    expect(awsPrices.asOf).toMatch(/^\d{4}-\d\d$/);
    for (const { source } of [...publishedSmall, ...publishedLarge]) expect(source).toMatch(/^https:/);
  });
});
