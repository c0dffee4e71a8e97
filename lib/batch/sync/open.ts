/** What a sync reads: its source and its destination, side by side. */
import { compileChoice } from '../../keys/choice.ts';
import { isLikelyEqual, SideBySide, type Pair } from '../../sources/listing/side-by-side.ts';
import type { Entry, ListedEntry, OpenSource, RangePage, SourcePorts } from '../../sources/shared/source.ts';
import type { BatchRequest } from '../request/request.ts';
import { filterEntry } from '../request/filter.ts';
import { destinationPlaceOf } from '../request/places.ts';
import { filtersOf } from '../request/select.ts';

/**
 * Gives out what differs: a source without a copy, one whose copy is not proven equal by what the listings tell, and, where
 * `delete` is asked for, a copy without a source. The rest is counted.
 *
 * The source is looked for among all that is listed, whatever the filters say, so that a source that is left out never makes its copy
 * look like one without a source.
 */
export function openSync(request: BatchRequest, list: SourcePorts['list']): OpenSource {
  const pairs = new SideBySide(list, listingsOf(request));
  const take = takerOf(request);
  return {
    ranges: () => Promise.resolve([{ range: '0', depth: 0 }]),
    reader: {
      read: (_range, cursor, limit, options) => pairs.read(cursor, limit, take, options),
      close: () => Promise.resolve(),
    },
    close: () => Promise.resolve(),
  };
}

function listingsOf(request: BatchRequest) {
  const { source } = request;
  const to = destinationPlaceOf(request);
  if (source.kind !== 'prefix' || !to) throw new Error('a sync has a prefix on both sides');
  return {
    source: { bucket: source.bucket, prefix: source.prefix, keyOf: ({ key }: ListedEntry) => key },
    replica: {
      bucket: to.bucket,
      prefix: to.key,
      keyOf: ({ key }: ListedEntry) => source.prefix + key.slice(to.key.length),
    },
  };
}

function takerOf(request: BatchRequest): (pair: Pair, page: RangePage) => void {
  const { sync = {}, choice } = request;
  const { source, replica: destination } = listingsOf(request);
  const isChosenKey = choice ? compileChoice(choice) : () => true;
  const filters = filtersOf(request);
  const isChosen = (key: string, listed: ListedEntry): boolean => {
    // What only the store knows is asked later.
    return isChosenKey(key) && (!filters || filterEntry(filters, { bucket: source.bucket, ...listed, key }) !== false);
  };
  const passOver = (page: RangePage, why: 'equal' | 'extra' | 'filtered'): void => {
    page.passedOver[why] = (page.passedOver[why] ?? 0) + 1;
  };
  return ({ key, source: from, replica: to }, page) => {
    const listed = from ?? to;
    if (!listed || !isChosen(key, listed)) return passOver(page, 'filtered');
    page.sides ??= { sources: 0, destinations: 0, extras: 0 };
    if (from) page.sides.sources += 1;
    if (to) page.sides.destinations += 1;
    if (!from) page.sides.extras += 1;
    if (from && to && isEqual(from, to, sync.compareTime)) return passOver(page, 'equal');
    if (!from && !sync.delete) return passOver(page, 'extra');
    const place = { bucket: destination.bucket, key: destination.prefix + key.slice(source.prefix.length) };
    page.entries.push(entryOf(source.bucket, key, place, from, to));
  };
}

function entryOf(
  bucket: string,
  key: string,
  destination: { bucket: string; key: string },
  from?: ListedEntry,
  to?: ListedEntry,
): Entry {
  const there = to && { etag: to.etag, size: to.size, lastModified: to.lastModified };
  if (!from) return { bucket, key, size: to?.size ?? 0, destination, ...(there && { there }), extra: true };
  const { size, etag, lastModified, storageClass } = from;
  return {
    ...{ bucket, key, size, lastModified, destination },
    ...(etag && { etag }),
    ...(storageClass !== undefined && { storageClass }),
    ...(there && { there }),
  };
}

function isEqual(from: ListedEntry, to: ListedEntry, compareTime = false): boolean {
  return isLikelyEqual(from, to) && !(compareTime && to.lastModified < from.lastModified);
}
