/** Which entries of a source are copied, and where each goes. */
import { CopyError } from '../../copy/model/errors.ts';
import type { StoreFacts } from '../../copy/model/store-facts.ts';
import type { Filters } from '../../keys/filters.ts';
import { compileFilters } from '../../keys/filters.ts';
import { compileChoice } from '../../keys/choice.ts';
import { nameFilter } from '../../keys/name-filter.ts';
import type { Entry } from '../../sources/shared/source.ts';
import type { PageEntry } from '../files/page-file.ts';
import { refusalOf } from './allowed-keys.ts';
import { filterEntry } from './filter.ts';
import { refusalInside } from './inside-source.ts';
import { compileMapping } from './mapping.ts';
import type { BatchRequest } from './request.ts';

/**
 * The choice of a batch, made while it is read: undefined for what is passed over. What cannot be mapped goes on, with its
 * error, for it has failed.
 *
 * @throws GiveUp BadRequest for a mapping or filters that cannot be used.
 */
export function selectorOf(request: BatchRequest, facts: StoreFacts): (entry: Entry) => PageEntry | undefined {
  const { mode, source, destination, mapping } = request;
  const filters = filtersOf(request);
  const isNamed = namesOf(request);
  const context = { source, facts, bucket: destination?.bucket };
  const mapEntry = mode === 'metadata' ? (entry: Entry) => entry : compileMapping(mapping, context);
  return (read) => {
    if (!isNamed(read.key)) return undefined;
    const entry = named(source, read);
    const passes = filters === undefined || filterEntry(filters, entry);
    if (passes === false) return undefined;
    const ask = passes === 'ask' && { ask: true as const };
    try {
      const to = mapEntry(entry);
      const refusal =
        to &&
        (refusalOf(request, { source: entry, destination: to }, entry.options) ?? refusalInside(request, entry, to));
      if (refusal) throw refusal;
      return to && { ...entry, ...ask, destination: { bucket: to.bucket, key: to.key } };
    } catch (error) {
      if (!(error instanceof CopyError)) throw error;
      const to = { bucket: destination?.bucket ?? entry.bucket, key: '' };
      return { ...entry, destination: to, error: { code: error.code, message: error.message } };
    }
  };
}

/** A line names a row only where the source is one file: an inventory and the results of a batch are many. */
function named({ kind }: BatchRequest['source'], { line, ...entry }: Entry): Entry {
  return kind === 'manifest' && line !== undefined ? { ...entry, line } : entry;
}

/** Patterns of `names` are about the name below the prefix. */
function namesOf({ source, names, choice }: BatchRequest): (key: string) => boolean {
  const isChosen = choice ? compileChoice(choice) : () => true;
  if (source.kind !== 'prefix' || !names) return isChosen;
  const isWanted = nameFilter(names.include, names.exclude);
  return (key) => isChosen(key) && isWanted(key.slice(source.prefix.length));
}

/** The filters of a batch; undefined when it has none. */
export function filtersOf({ filters }: BatchRequest): Filters | undefined {
  return filters && compileFilters(filters);
}
