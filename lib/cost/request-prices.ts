import type { CopyRequest } from '../copy/model/request.ts';
import { transferCost, type Transfers } from './transfer-prices.ts';

/**
 * Request prices, as data. They are list prices of one region, without free quotas, discounts or tax, meant for an order
 * of magnitude: check them before you rely on them. Storage and retrieval of cold classes are not in here; traffic between regions
 * is in `lib/cost/transfer-prices.ts`.
 */
export interface PriceList {
  currency: string;
  /** Month in which the table was last looked at. */
  asOf: string;
  region: string;
  source: string;
  /** Price of one write-like call (PUT, COPY, POST, LIST) by storage class written, upper case. */
  write: Record<string, number>;
  /** Price of one read-like call (GET, HEAD). */
  read: number;
  /** Calls that are charged like reads. */
  readCalls: readonly string[];
  /** Calls that cost nothing. */
  freeCalls: readonly string[];
}

const readCalls = [
  'HeadObject',
  'HeadBucket',
  'GetObject',
  'GetObjectTagging',
  'GetObjectAcl',
  'GetObjectAnnotation',
  'GetObjectLockConfiguration',
  'GetBucketLocation',
  'ListParts',
];

export const prices: Record<'oss' | 's3', PriceList> = {
  oss: {
    currency: 'CNY',
    asOf: '2025-06',
    region: 'mainland China',
    source: 'https://www.alibabacloud.com/product/object-storage-service/pricing',
    write: {
      STANDARD: 0.01 / 10_000,
      IA: 0.1 / 10_000,
      ARCHIVE: 0.1 / 10_000,
      COLDARCHIVE: 0.1 / 10_000,
      DEEPCOLDARCHIVE: 0.1 / 10_000,
    },
    read: 0.01 / 10_000,
    readCalls,
    // OSS charges deletions and aborts as PUT requests.
    freeCalls: [],
  },
  s3: {
    currency: 'USD',
    asOf: '2025-06',
    region: 'us-east-1',
    source: 'https://aws.amazon.com/s3/pricing/',
    write: {
      STANDARD: 0.005 / 1_000,
      INTELLIGENT_TIERING: 0.005 / 1_000,
      STANDARD_IA: 0.01 / 1_000,
      ONEZONE_IA: 0.01 / 1_000,
      GLACIER_IR: 0.02 / 1_000,
      GLACIER: 0.03 / 1_000,
      DEEP_ARCHIVE: 0.05 / 1_000,
    },
    read: 0.0004 / 1_000,
    readCalls,
    freeCalls: ['DeleteObject', 'AbortMultipartUpload'],
  },
};

/** An estimate, at list prices. */
export interface Cost {
  /** Of everything. */
  amount: number;
  /** The part of it that bytes cost which cross from one region to another; absent where none do. */
  transfer?: number;
  currency: string;
  /** Month and region of the price list. */
  asOf: string;
  region: string;
}

/** Price of the calls at the class that is asked for, and of what crosses regions, in the currency of the store's list. */
export function costOf(
  { store, options }: Pick<CopyRequest, 'store' | 'options'>,
  calls: Record<string, number>,
  transfers: Transfers = {},
): Cost {
  const list = prices[store.scheme];
  const { currency, asOf, region } = list;
  const requests = estimate(list, calls, options.storageClass ?? 'STANDARD');
  if (Object.keys(transfers).length === 0) return { amount: requests, currency, asOf, region };
  const transfer = transferCost(transfers);
  return { amount: requests + transfer, transfer, currency, asOf, region };
}

/** Estimated price of the calls, in the list's currency. A class the list does not know counts as its most expensive one. */
export function estimate(list: PriceList, calls: Record<string, number>, storageClass: string): number {
  const write = list.write[storageClass.toUpperCase()] ?? Math.max(...Object.values(list.write));
  let total = 0;
  for (const [call, count] of Object.entries(calls)) {
    if (list.freeCalls.includes(call)) continue;
    total += count * (list.readCalls.includes(call) ? list.read : write);
  }
  return total;
}
