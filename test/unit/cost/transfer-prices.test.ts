import { describe, expect, it } from 'vitest';
import { costOf } from '../../../lib/cost/request-prices.ts';
import { transferCost, transferPrices, wayBetween } from '../../../lib/cost/transfer-prices.ts';

const GiB = 1024 ** 3;
const request = { store: { scheme: 's3' }, options: {} } as const;

describe('the price of bytes that cross regions', () => {
  it.each([
    ['eu-west-1', 'us-east-1', 0.02],
    ['us-east-1', 'us-east-2', 0.01],
    ['us-east-1', 'eu-west-1', 0.02],
    ['ap-southeast-1', 'eu-west-1', 0.09],
  ])('from %s to %s is %d USD a GiB', (from, to, price) => {
    expect(transferCost({ [wayBetween({ from, to })]: 3 * GiB })).toBeCloseTo(3 * price, 12);
  });

  it('is that of the dearest region where the list does not know the one that the bytes leave', () => {
    const dearest = Math.max(...Object.values(transferPrices.from).map(({ most }) => most));
    expect(transferCost({ 'xx-north-9 -> eu-west-1': GiB })).toBeCloseTo(dearest, 12);
    expect(transferCost({ 'constructor -> eu-west-1': GiB })).toBeCloseTo(dearest, 12);
  });

  it('is added to that of the requests, and told by itself', () => {
    const calls = { CopyObject: 1_000 };
    expect(costOf(request, calls)).toEqual({ amount: 0.005, currency: 'USD', asOf: '2025-06', region: 'us-east-1' });
    expect(costOf(request, calls, { 'eu-west-1 -> us-east-1': 10 * GiB })).toMatchObject({
      amount: expect.closeTo(0.205, 12) as number,
      transfer: expect.closeTo(0.2, 12) as number,
    });
  });
});
