import { gaveUp, SourceChanged } from '../model/errors.ts';
import type { Pin } from '../model/job.ts';
import { isPinned } from '../model/job.ts';
import type { ObjectRef, StoreAddress } from '../model/object.ts';
import { describe } from '../model/object.ts';
import type { CallOptions, ObjectStore } from '../model/ports.ts';

/**
 * The last step of a rename: deletes the source, but only the version whose copy has just been verified (I3). The condition
 * on DELETE closes the gap between look and delete where the store has it; OSS has none, so the look comes directly before.
 * In a versioned bucket the delete leaves a marker, and even a mistake loses nothing. A source that is gone already is what
 * was asked for.
 *
 * @throws SourceChanged when the source is another version now; both objects are kept.
 */
export async function removeSource(
  store: ObjectStore,
  rename: { store: StoreAddress; source: ObjectRef; destination: ObjectRef; pin: Pin },
  options?: CallOptions,
): Promise<void> {
  const { source, destination, pin } = rename;
  try {
    const head = await store.head(source, options);
    if (!isPinned(pin, head)) throw new SourceChanged(keptBoth(rename));
    await store.delete(source, { ...options, ifMatch: pin.etag });
  } catch (error) {
    if (gaveUp(error, 'NotFound')) return;
    if (error instanceof SourceChanged) throw new SourceChanged(keptBoth({ ...rename, destination }), { cause: error });
    throw error;
  }
}

function keptBoth({
  store,
  source,
  destination,
}: {
  store: StoreAddress;
  source: ObjectRef;
  destination: ObjectRef;
}): string {
  return (
    `${describe(store, source)} was changed after it had been copied, so it was not deleted. Both objects are kept: ` +
    `${describe(store, destination)} holds the version that was copied. Rename again to move the newer one.`
  );
}
