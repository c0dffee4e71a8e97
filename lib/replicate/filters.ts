import picomatch from 'picomatch';
import type { ObjectHead } from '../copy/object.ts';
import type { FiltersConfig } from './schema.ts';

/** A rule's filters, split by what they cost to ask. */
export interface Filters {
  /** By the key alone. */
  key(key: string): boolean;
  size(size: number): boolean;
  head(head: ObjectHead): boolean;
  tags(tags: Record<string, string>): boolean;
  /** A HEAD of the source is needed: an event may be stale, so a size it tells can only rule the object out. */
  needsHead: boolean;
  needsTags: boolean;
}

export function compileFilters(config: FiltersConfig): Filters {
  const { prefix, suffix, glob, minSize = 0, maxSize = Infinity, tags, storageClasses } = config;
  const matches = glob ? picomatch(glob, { dot: true }) : undefined;
  const size = (bytes: number): boolean => bytes >= minSize && bytes <= maxSize;
  return {
    key: (key) =>
      (!prefix || prefix.some((start) => key.startsWith(start))) &&
      (!suffix || suffix.some((end) => key.endsWith(end))) &&
      (!matches || matches(key)),
    size,
    head: (head) => size(head.size) && (!storageClasses || storageClasses.includes(head.storageClass)),
    tags: (have) =>
      Object.entries(tags ?? {}).every(([name, value]) => Object.hasOwn(have, name) && have[name] === value),
    needsHead: minSize > 0 || maxSize < Infinity || storageClasses !== undefined || tags !== undefined,
    needsTags: tags !== undefined,
  };
}
