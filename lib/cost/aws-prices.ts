/**
 * What AWS charges for the services around S3, and what others publish for the same work; as data. List prices of one region
 * without free quotas, discounts or tax, for an order of magnitude. `lib/cost/request-prices.ts` has the requests of the stores.
 */
export interface PlatformPrices {
  currency: string;
  /** Month in which public pages were last seen to say so. */
  asOf: string;
  region: string;
  sources: readonly string[];
  /** Of one invocation. */
  invocation: number;
  /** Of one GB-second on arm64, first tier. */
  gbSecond: number;
  /** Of one request to a standard queue, up to 64 KB. */
  queueRequest: number;
  /** Of one write request unit of a table on demand: 1 KB of the item, or of its copy in an index. */
  tableWriteUnit: number;
  /** Of one read request unit: a consistent read of up to 4 KB. */
  tableReadUnit: number;
}

export const awsPrices: PlatformPrices = {
  currency: 'USD',
  asOf: '2026-08',
  region: 'us-east-1',
  sources: [
    'https://aws.amazon.com/lambda/pricing/',
    'https://aws.amazon.com/sqs/pricing/',
    'https://aws.amazon.com/dynamodb/pricing/on-demand/',
  ],
  invocation: 0.2 / 1e6,
  gbSecond: 0.000_013_333_4,
  queueRequest: 0.4 / 1e6,
  tableWriteUnit: 0.625 / 1e6,
  tableReadUnit: 0.125 / 1e6,
};

/** The published price of another way of doing the same. */
export interface Published {
  name: string;
  /** USD for what `per` says, traffic between regions left out; absent where it cannot be done. */
  amount?: number;
  per: string;
  /** Stated as it stands here by `source`; else it is derived from what stands there. */
  stated: boolean;
  note: string;
  source: string;
}

/** For a million small objects. */
export const publishedSmall: readonly Published[] = [
  {
    name: 'Data Transfer Hub',
    amount: 9.5,
    per: 'million objects',
    stated: false,
    note: 'derived from its example of 1 TB in 10 KB objects: 1,113.87 USD, less 92.16 of traffic, for 107.4 million',
    source: 'https://awslabs.github.io/data-transfer-hub/',
  },
  {
    name: 'S3 Batch Operations',
    amount: 6.25,
    per: 'million objects',
    stated: false,
    note: '0.25 a job and 1.00 a million objects as stated, and 5.00 for a million COPY requests; the manifest is extra',
    source: 'https://aws.amazon.com/s3/pricing/',
  },
];

/** For a terabyte in large objects. */
export const publishedLarge: readonly Published[] = [
  {
    name: 'Data Transfer Hub',
    amount: 2.32,
    per: 'TB in 50 MB objects',
    stated: true,
    note: '94.48 USD less 92.16 of traffic; the rows of its table add up to 1.32',
    source: 'https://github.com/awslabs/data-transfer-hub (README, Cost)',
  },
  {
    name: 'S3 Batch Operations',
    per: 'TB in objects above 5 GB',
    stated: true,
    note: 'its copy takes objects of at most 5 GB',
    source: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-copy-object.html',
  },
];
