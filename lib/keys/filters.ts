import picomatch from 'picomatch';
import * as z from 'zod';
import type { ObjectHead } from '../copy/model/object.ts';

const text = z.string().min(1);
const list = z
  .union([text, z.array(text).min(1)])
  .transform((value) => (Array.isArray(value) ? value : [value]))
  .describe('One, or a list of which any may hold.');

/** Which objects are meant, as people write it in replication rules and batches. */
export const filtersSchema = z.strictObject({
  prefix: list.optional().describe('The whole key starts with one of these.'),
  suffix: list.optional().describe('The key ends with one of these.'),
  glob: list.optional().describe('The whole key matches one of these patterns: *, **, ?, [a-z], {a,b}.'),
  minSize: z.int().min(0).optional().describe('Bytes.'),
  maxSize: z.int().min(0).optional().describe('Bytes.'),
  tags: z.record(text, z.string()).optional().describe('The object carries all of these tags.'),
  storageClasses: z.array(text).min(1).optional().describe('The object is in one of these classes.'),
});

/** Those of listings and batches, which also know when an object was written. */
export const listFiltersSchema = filtersSchema.extend({
  modifiedFrom: z.number().optional().describe('Written at this time or later, epoch milliseconds.'),
  modifiedBefore: z.number().optional().describe('Written before this time, epoch milliseconds.'),
});

export type FiltersConfig = z.output<typeof listFiltersSchema>;

/** Filters, split by what they cost to ask. */
export interface Filters {
  /** By the key alone. */
  key(key: string): boolean;
  size(size: number): boolean;
  /** Epoch milliseconds. */
  time(lastModified: number): boolean;
  storageClass(name: string): boolean;
  head(head: ObjectHead): boolean;
  tags(tags: Record<string, string>): boolean;
  /** A HEAD of the source is needed: an event may be stale, so a size it tells can only rule the object out. */
  needsHead: boolean;
  needsTags: boolean;
  needsSize: boolean;
  needsClass: boolean;
  needsTime: boolean;
}

export function compileFilters(config: FiltersConfig): Filters {
  const { prefix, suffix, glob, minSize = 0, maxSize = Infinity, tags, storageClasses } = config;
  const { modifiedFrom = -Infinity, modifiedBefore = Infinity } = config;
  const matches = glob ? picomatch(glob, { dot: true }) : undefined;
  const size = (bytes: number): boolean => bytes >= minSize && bytes <= maxSize;
  const storageClass = (name: string): boolean => !storageClasses || storageClasses.includes(name);
  const time = (ms: number): boolean => ms >= modifiedFrom && ms < modifiedBefore;
  const needsTime = modifiedFrom > -Infinity || modifiedBefore < Infinity;
  const needsSize = minSize > 0 || maxSize < Infinity;
  const needsClass = storageClasses !== undefined;
  const needsTags = tags !== undefined;
  return {
    key: (key) =>
      (!prefix || prefix.some((start) => key.startsWith(start))) &&
      (!suffix || suffix.some((end) => key.endsWith(end))) &&
      (!matches || matches(key)),
    size,
    time,
    storageClass,
    head: (head) => size(head.size) && storageClass(head.storageClass) && time(head.lastModified),
    tags: (have) =>
      Object.entries(tags ?? {}).every(([name, value]) => Object.hasOwn(have, name) && have[name] === value),
    needsHead: needsSize || needsClass || needsTags || needsTime,
    needsTags,
    needsSize,
    needsClass,
    needsTime,
  };
}
