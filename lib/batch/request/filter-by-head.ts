import { readTags } from '../../copy/fidelity/losses.ts';
import type { Invocation, World } from '../../copy/model/ports.ts';
import type { PageEntry } from '../files/page-file.ts';
import type { BatchRequest } from './request.ts';
import { filtersOf } from './select.ts';

/**
 * Asks the store for what the source did not tell: size, class, tags.
 * @throws CopyError when the object cannot be looked at.
 */
export async function passesFilters(
  world: World,
  request: BatchRequest,
  { bucket, key, versionId }: PageEntry,
  invocation: Invocation,
): Promise<boolean> {
  const filters = filtersOf(request);
  if (!filters) return true;
  const store = world.store(request.store);
  const options = { deadline: invocation.deadline };
  const ref = { bucket, key, versionId };
  const head = await store.head(ref, options);
  return filters.head(head) && (!filters.needsTags || filters.tags(await readTags(store, ref, head, options)));
}
