import { gaveUp } from './errors.ts';
import type { ObjectRef, ObjectHead } from './object.ts';
import type { ObjectStore, CallOptions } from './ports.ts';

/** HEAD, or undefined when there is no such object. */
export async function headIfThere(
  store: ObjectStore,
  ref: ObjectRef,
  options: CallOptions & { checksum?: boolean },
): Promise<ObjectHead | undefined> {
  try {
    return await store.head(ref, options);
  } catch (error) {
    if (gaveUp(error, 'NotFound')) return undefined;
    throw error;
  }
}
