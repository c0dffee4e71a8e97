import type { Filters } from '../../keys/filters.ts';
import type { Entry } from '../../sources/shared/source.ts';

/**
 * Whether an object passes, as far as the source tells: `ask` when only the store knows (tags; size or class where the source
 * names none).
 */
export function filterEntry(filters: Filters, { key, size, storageClass, lastModified }: Entry): boolean | 'ask' {
  if (!filters.key(key)) return false;
  if (size !== undefined && !filters.size(size)) return false;
  if (storageClass !== undefined && !filters.storageClass(storageClass)) return false;
  if (lastModified !== undefined && !filters.time(lastModified)) return false;
  const unknown =
    (filters.needsSize && size === undefined) ||
    (filters.needsClass && storageClass === undefined) ||
    (filters.needsTime && lastModified === undefined);
  return unknown || filters.needsTags ? 'ask' : true;
}
