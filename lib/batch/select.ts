/** Which entries of a source are copied, and where each goes. */
import type { PageEntry } from './page-file.ts';
import type { BatchRequest } from './request.ts';
import type { Entry } from './sources/source.ts';

export interface MappingInput {
  /** Cut off the front of each key. */
  from: string;
  to: string;
}

export interface FiltersInput {
  prefix?: string[];
}

export function selectorOf(request: BatchRequest): (entry: Entry) => PageEntry | undefined {
  const { mode, destination, mapping } = request;
  return (entry) => {
    const own = { bucket: entry.bucket, key: entry.key };
    const to = destination?.bucket ?? entry.bucket;
    if (mode === 'metadata') return { ...entry, destination: own };
    if (entry.destination) return { ...entry, destination: { bucket: to, ...entry.destination } };
    if (!mapping) return { ...entry, destination: { bucket: to, key: entry.key } };
    if (!entry.key.startsWith(mapping.from)) return undefined;
    return { ...entry, destination: { bucket: to, key: mapping.to + entry.key.slice(mapping.from.length) } };
  };
}
