import { describe, expect, it } from 'vitest';
import { alibabaPrices } from '../../../lib/cost/alibaba-prices.ts';
import type { AlibabaUsage } from '../../../lib/cost/alibaba-replication.ts';
import { costOnAlibaba, usageOnAlibaba } from '../../../lib/cost/alibaba-replication.ts';
import { oss } from '../../../lib/store/dialects/oss.ts';

const usage: AlibabaUsage = {
  calls: { CopyObject: 1_000_000, HeadObject: 1_000_000 },
  invocations: 1_000_000,
  seconds: 1_000,
  tableWrites: 10_000,
  tableReads: 10_000,
};

describe('cost on Alibaba Cloud', () => {
  it('is the sum of what each service charges', () => {
    const cost = costOnAlibaba(usage);
    expect(cost.oss).toBeCloseTo(2, 10);
    // 7,500 units of invocations, and of each second half a vCPU and half a GB.
    expect(cost.functionCompute).toBeCloseTo((7_500 + 1_000 * (0.5 + 0.075)) * 0.000_11, 10);
    expect(cost.tablestore).toBeCloseTo(3 * 0.02 + 0.01, 10);
    expect(cost.total).toBeCloseTo(cost.oss + cost.functionCompute + cost.tablestore, 10);
  });

  it('knows dearer classes', () => {
    expect(costOnAlibaba(usage, { storageClass: 'IA' }).oss).toBeCloseTo(11, 10);
  });

  it('grows with the number of objects and of nothing else', () => {
    const [one, many] = [1, 1000].map((objects) => usageOnAlibaba({ objects, size: 10 ** 10 }, oss.facts));
    expect(many?.calls['UploadPartCopy']).toBe(1000 * (one?.calls['UploadPartCopy'] ?? 0));
    expect(many?.seconds).toBeCloseTo(1000 * (one?.seconds ?? 0), 6);
  });

  it('names its month, its sources, and what it could not check', () => {
    expect(alibabaPrices.asOf).toMatch(/^\d{4}-\d\d$/);
    for (const source of alibabaPrices.sources) expect(source).toMatch(/^https:/);
    expect(alibabaPrices.unchecked).not.toEqual([]);
  });
});
