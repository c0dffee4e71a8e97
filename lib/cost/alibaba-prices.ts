/**
 * What Alibaba Cloud charges for the services around OSS, as data. List prices of mainland China without free quotas, resource plans,
 * promotions or tax, for an order of magnitude. `lib/cost/request-prices.ts` has the requests of OSS.
 */
export interface AlibabaPrices {
  currency: string;
  /** Month in which public pages were last seen to say so. */
  asOf: string;
  region: string;
  sources: readonly string[];
  /** What no public page could be found to say; it is in the sum all the same. */
  unchecked: readonly string[];
  /** Of one compute unit of Function Compute, first tier. */
  computeUnit: number;
  /** Compute units of one invocation, of one vCPU-second, of one GB-second of memory. */
  units: { invocation: number; vcpuSecond: number; gbSecond: number };
  /** Of one capacity unit of Tablestore, high-performance instance, nothing reserved: up to 4 KB written, or read. */
  tableWriteUnit: number;
  tableReadUnit: number;
}

export const alibabaPrices: AlibabaPrices = {
  currency: 'CNY',
  asOf: '2026-11',
  region: 'mainland China',
  sources: [
    'https://help.aliyun.com/en/functioncompute/fc/product-overview/pay-as-you-go-billing-methods',
    'https://help.aliyun.com/zh/tablestore/product-overview/billing-examples',
  ],
  unchecked: ['a write unit of Tablestore (taken as twice a read unit)', "OSS's requests since 2025-06"],
  computeUnit: 0.000_11,
  units: { invocation: 75 / 10_000, vcpuSecond: 1, gbSecond: 0.15 },
  tableWriteUnit: 0.02 / 10_000,
  tableReadUnit: 0.01 / 10_000,
};
