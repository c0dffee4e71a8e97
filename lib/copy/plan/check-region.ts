import { crossRegion } from '../model/cross-region.ts';
import type { CallOptions, ObjectStore } from '../model/ports.ts';
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

/** As `lookUpTransfer`, from what the answers up to now have told: no request is sent, and nothing is refused. */
export async function knownTransfer(store: ObjectStore, request: Sides): Promise<Transfer | undefined> {
  return await transferBetween(store, request, { ask: false });
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
