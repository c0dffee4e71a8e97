import { GiveUp, type StoreAnswer } from '../model/errors.ts';
import type { CallOptions, ObjectStore } from '../model/ports.ts';
import type { StoreFacts } from '../model/store-facts.ts';
import type { CopyRequest } from '../model/request.ts';
import type { Transfer } from '../model/result.ts';

type Sides = Pick<CopyRequest, 'source' | 'destination'>;

/** Refuses a copy across regions where the store takes none. @throws GiveUp CrossRegion. */
export async function checkRegion(store: ObjectStore, request: Sides, options: CallOptions): Promise<void> {
  if (store.facts.sameRegionOnly) await lookUpTransfer(store, request, options);
}

/**
 * From which region to which a copy moves its bytes; undefined inside one region, and where the store does not say. Asks the
 * store for what is not known of the two buckets.
 * @throws GiveUp CrossRegion where the store takes no such copy.
 */
export async function lookUpTransfer(
  store: ObjectStore,
  request: Sides,
  options: CallOptions,
): Promise<Transfer | undefined> {
  const transfer = await transferBetween(store, request, options);
  if (!transfer || !store.facts.sameRegionOnly) return transfer;
  const { source, destination } = request;
  throw crossRegion(
    store.facts,
    { bucket: source.bucket, region: transfer.from },
    { bucket: destination.bucket, region: transfer.to },
  );
}

/** For a result: the regions that a copy has just crossed, from what its answers have told. Sends no request. */
export async function crossed(store: ObjectStore, request: Sides): Promise<{ transfer?: Transfer }> {
  const transfer = await transferBetween(store, request, { ask: false });
  return transfer ? { transfer } : {};
}

async function transferBetween(
  store: ObjectStore,
  { source, destination }: Sides,
  options: CallOptions & { ask?: boolean },
): Promise<Transfer | undefined> {
  if (!store.region || source.bucket === destination.bucket) return undefined;
  const [from, to] = await Promise.all([
    store.region(source.bucket, options),
    store.region(destination.bucket, options),
  ]);
  return from === undefined || to === undefined || from === to ? undefined : { from, to };
}

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
