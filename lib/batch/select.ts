/** Which entries of a source are copied, and where each goes. */
import { CopyError } from '../copy/errors.ts';
import type { Filters } from '../copy/filters.ts';
import { compileFilters } from '../copy/filters.ts';
import type { StoreFacts } from '../copy/ports.ts';
import { refusalOf } from './areas.ts';
import { refusalInside } from './conflicts/inside.ts';
import { filterEntry } from './filter-entries.ts';
import { compileMapping } from './mapping.ts';
import type { PageEntry } from './page-file.ts';
import type { BatchRequest } from './request.ts';
import type { Entry } from './sources/source.ts';

/**
 * The choice of a batch, made while it is read: undefined for what is passed over. What cannot be mapped goes on, with its
 * error, for it has failed.
 *
 * @throws GiveUp BadRequest for a mapping or filters that cannot be used.
 */
export function selectorOf(request: BatchRequest, facts: StoreFacts): (entry: Entry) => PageEntry | undefined {
  const { mode, source, destination, mapping } = request;
  const filters = filtersOf(request);
  const context = { source, facts, bucket: destination?.bucket };
  const mapEntry = mode === 'metadata' ? (entry: Entry) => entry : compileMapping(mapping, context);
  return (entry) => {
    const passes = filters === undefined || filterEntry(filters, entry);
    if (passes === false) return undefined;
    const ask = passes === 'ask' && { ask: true as const };
    try {
      const to = mapEntry(entry);
      const refusal =
        to && (refusalOf(request, { source: entry, destination: to }) ?? refusalInside(request, entry, to));
      if (refusal) throw refusal;
      return to && { ...entry, ...ask, destination: { bucket: to.bucket, key: to.key } };
    } catch (error) {
      if (!(error instanceof CopyError)) throw error;
      const to = { bucket: destination?.bucket ?? entry.bucket, key: '' };
      return { ...entry, destination: to, error: { code: error.code, message: error.message } };
    }
  };
}

/** The filters of a batch; undefined when it has none. */
export function filtersOf({ filters }: BatchRequest): Filters | undefined {
  return filters && compileFilters(filters);
}
