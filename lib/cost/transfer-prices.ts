/**
 * What vendors charge for bytes that cross from one region to another, as data: list prices of the source's region, without tiers,
 * discounts or tax, for an order of magnitude. Only S3 copies across regions.
 */
export interface TransferPrices {
  /** Month in which the table was last looked at. */
  asOf: string;
  source: string;
  /** Bytes in the unit of the prices. */
  unit: number;
  /** By the region that the bytes leave: the price to most others, and to single ones. */
  from: Readonly<Record<string, { most: number; to?: Readonly<Record<string, number>> }>>;
}

const near = { most: 0.02 };

export const transferPrices: TransferPrices = {
  asOf: '2025-06',
  source: 'https://aws.amazon.com/s3/pricing/ (data transfer)',
  unit: 1024 ** 3,
  from: {
    'us-east-1': { most: 0.02, to: { 'us-east-2': 0.01 } },
    'us-east-2': { most: 0.02, to: { 'us-east-1': 0.01 } },
    'us-west-1': near,
    'us-west-2': near,
    'ca-central-1': near,
    'eu-central-1': near,
    'eu-west-1': near,
    'eu-west-2': near,
    'eu-west-3': near,
    'eu-north-1': near,
    'eu-south-1': near,
    'ap-east-1': { most: 0.09 },
    'ap-south-1': { most: 0.086 },
    'ap-northeast-1': { most: 0.09 },
    'ap-northeast-2': { most: 0.08 },
    'ap-northeast-3': { most: 0.09 },
    'ap-southeast-1': { most: 0.09 },
    'ap-southeast-2': { most: 0.098 },
    'sa-east-1': { most: 0.138 },
    'me-south-1': { most: 0.1105 },
    'af-south-1': { most: 0.147 },
  },
};

/** Bytes by the way they take: `eu-west-1 -> us-east-1`. */
export type Transfers = Readonly<Record<string, number>>;

/** The name of a way between two regions, as `Transfers` has it. */
export function wayBetween({ from, to }: { from: string; to: string }): string {
  return `${from} -> ${to}`;
}

/** Price of all of them, in USD. A region that the list does not know counts as its most expensive one. */
export function transferCost(transfers: Transfers, list = transferPrices): number {
  const dearest = Math.max(...Object.values(list.from).map(({ most }) => most));
  let total = 0;
  for (const [way, bytes] of Object.entries(transfers)) {
    const [from = '', to = ''] = way.split(' -> ');
    const known = Object.hasOwn(list.from, from) ? list.from[from] : undefined;
    total += (bytes / list.unit) * (known?.to?.[to] ?? known?.most ?? dearest);
  }
  return total;
}
