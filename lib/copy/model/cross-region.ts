import { GiveUp, type StoreAnswer } from './errors.ts';
import type { StoreFacts } from './ports.ts';

/** A bucket, and the region that it is in. */
export interface PlacedBucket {
  bucket: string;
  region: string;
}

/** The refusal of a copy between two regions: in the same words whether a plan, a dry run or the store refuses it. */
export function crossRegion(
  { regionAdvice }: Pick<StoreFacts, 'regionAdvice'>,
  source: PlacedBucket,
  destination: PlacedBucket,
  answer?: StoreAnswer,
): GiveUp {
  const advice =
    regionAdvice ??
    `this store copies only inside one region. Use a destination bucket in ${source.region}, or the store's own cross-region replication.`;
  return new GiveUp(
    'CrossRegion',
    `${source.bucket} is in ${source.region} and ${destination.bucket} in ${destination.region}; ${advice} Nothing was written.`,
    answer && { answer },
  );
}
