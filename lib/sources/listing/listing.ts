import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { compareKeys } from '../../keys/order.ts';
import type {
  Cursor,
  Entry,
  ListedEntry,
  RangePage,
  RangeReader,
  RangeSpec,
  ReadOptions,
  SourcePorts,
} from '../shared/source.ts';
import { findCut } from './split-range.ts';

/** What one request may ask for. */
const listLimit = 1000;

/** From this generation on all ranges are cut equally seldom. */
const oldest = 5;

/** `after < key <= until`; absent: from the start, to the end. Nothing was found behind `below`, at the time. */
const bounds = { after: z.string().optional(), until: z.string().optional(), below: z.string().optional() };

const rangeSchema = z.object({ range: z.string(), ...bounds, depth: z.int() });

const cursorSchema = z.object({
  ...bounds,
  /** Pages read of this range. */
  pages: z.int(),
  /** Ranges cut off so far. */
  cuts: z.int(),
  /** The next cut is tried when so many pages are read. */
  nextCut: z.int(),
});

type Place = z.output<typeof cursorSchema>;

/** What was listed and not given out yet; `more`: the store has more keys for this range. */
interface Ahead {
  cursor: Cursor;
  entries: ListedEntry[];
  more: boolean;
}

/** The whole prefix; it is cut while it is read. */
export const firstRange: RangeSpec = { range: '0', depth: 0 };

/**
 * Lists a prefix by ranges of keys, each from one key to another. While a range is long, its upper part is cut off for another
 * reader: the first one after its first page, later ones after 2, 4, 8... pages, and ranges that came of many cuts begin
 * later, so that there are many readers soon and few short ranges.
 *
 * Every key that is there all the time is listed exactly once, whatever the cuts. Both parts of a cut hold at least one key.
 */
export class ListingReader implements RangeReader {
  readonly #list: SourcePorts['list'];
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #ahead = new Map<string, Ahead>();

  constructor(list: SourcePorts['list'], bucket: string, prefix: string) {
    this.#list = list;
    this.#bucket = bucket;
    this.#prefix = prefix;
  }

  async read(
    spec: RangeSpec,
    cursor: Cursor | undefined,
    limit: number,
    options: ReadOptions = {},
  ): Promise<RangePage> {
    const range = rangeSchema.parse(spec);
    const place = cursor === undefined ? placeAtStart(range) : cursorSchema.parse(cursor);
    const ahead = this.#takeAhead(range.range, cursor);
    // One key more than asked for: it tells whether this page is the last, and that the lower part of a cut is not empty.
    while (ahead.more && ahead.entries.length <= limit) await this.#listOn(ahead, place, options);

    const given = ahead.entries.slice(0, limit);
    const next: Place = { ...place, pages: place.pages + 1 };
    const lastGiven = given.at(-1);
    if (lastGiven) next.after = lastGiven.key;
    const rest: Ahead = { cursor: null, entries: ahead.entries.slice(limit), more: ahead.more };
    const due = rest.more && options.split !== false && next.pages >= next.nextCut;
    const split = due ? await this.#cut(range, next, rest, options) : undefined;
    const last = rest.entries.length === 0;
    rest.cursor = next;
    if (!last) this.#ahead.set(range.range, rest);
    return {
      entries: given.map((listed) => this.#entryOf(listed)),
      rejected: [],
      passedOver: {},
      cursor: next,
      last,
      ...(split && { split }),
    };
  }

  close(range: RangeSpec): Promise<void> {
    this.#ahead.delete(range.range);
    return Promise.resolve();
  }

  #takeAhead(range: string, cursor: Cursor | undefined): Ahead {
    const ahead = this.#ahead.get(range);
    this.#ahead.delete(range);
    return ahead && cursor !== undefined && isDeepStrictEqual(ahead.cursor, cursor)
      ? ahead
      : { cursor: null, entries: [], more: true };
  }

  async #listOn(ahead: Ahead, { after, until }: Place, options: ReadOptions): Promise<void> {
    const startAfter = ahead.entries.at(-1)?.key ?? after;
    const { entries, more } = await this.#ask(startAfter, listLimit, options);
    const within = until === undefined ? entries : entries.filter(({ key }) => compareKeys(key, until) <= 0);
    ahead.entries.push(...within);
    ahead.more = more && within.length === entries.length && within.at(-1)?.key !== until;
  }

  #ask(startAfter: string | undefined, limit: number, { deadline }: ReadOptions): ReturnType<SourcePorts['list']> {
    return this.#list(this.#bucket, {
      prefix: this.#prefix,
      limit,
      ...(startAfter !== undefined && { startAfter }),
      ...(deadline !== undefined && { deadline }),
    });
  }

  /** Cuts off the upper part of what is not listed yet, and takes it from `place`. */
  async #cut(
    range: z.output<typeof rangeSchema>,
    place: Place,
    rest: Ahead,
    options: ReadOptions,
  ): Promise<RangeSpec | undefined> {
    const after = rest.entries.at(-1)?.key ?? place.after;
    if (after === undefined) return undefined;
    const { until } = place;
    const probe = async (key: string): Promise<string | undefined> => {
      const found = (await this.#ask(key, 1, options)).entries[0]?.key;
      return found !== undefined && (until === undefined || compareKeys(found, until) <= 0) ? found : undefined;
    };
    const { at, below } = await findCut({ after, until: place.below ?? until, prefix: this.#prefix }, probe);
    place.nextCut = place.pages * 2;
    if (below !== undefined) place.below = below;
    if (at === undefined) return undefined;
    const upper = { ...(until !== undefined && { until }), ...(below !== undefined && { below }) };
    const split: RangeSpec = { range: `${range.range}.${place.cuts}`, after: at, ...upper, depth: range.depth + 1 };
    place.cuts += 1;
    place.until = at;
    delete place.below;
    return split;
  }

  #entryOf({ key, size, etag, lastModified, storageClass }: ListedEntry): Entry {
    const entry: Entry = { bucket: this.#bucket, key, size, lastModified };
    if (etag !== '') entry.etag = etag;
    if (storageClass !== undefined) entry.storageClass = storageClass;
    return entry;
  }
}

function placeAtStart({ after, until, below, depth }: z.output<typeof rangeSchema>): Place {
  return {
    ...(after !== undefined && { after }),
    ...(until !== undefined && { until }),
    ...(below !== undefined && { below }),
    pages: 0,
    cuts: 0,
    nextCut: 2 ** Math.min(depth, oldest),
  };
}
