/** Two listings, read as streams and merged: 2 requests for 1,000 pairs, and flat memory. */
import * as z from 'zod';
import { GiveUp } from '../../copy/model/errors.ts';
import { compareKeys } from '../../keys/order.ts';
import type { Cursor, ListedEntry, RangePage, ReadOptions, SourcePorts } from '../shared/source.ts';

/** How far each side was read: the last key of its own listing; and the source key of the last pair that was given out. */
const cursorSchema = z.object({
  source: z.string().optional(),
  replica: z.string().optional(),
  pair: z.string().optional(),
});

/** Pairs that one call goes through; equal ones make no entry. */
const pairsAtMost = 1_000;
const listLimit = 1_000;

/** One listing, and the source key that each of its objects belongs to: undefined for an object that is not compared. */
export interface Listing {
  bucket: string;
  prefix: string;
  keyOf(listed: ListedEntry): string | undefined;
}

/** What stands under one source key; at least one of both is there. */
export interface Pair {
  key: string;
  source?: ListedEntry;
  replica?: ListedEntry;
}

/** Both listings give out their objects in the order of source keys. */
export class SideBySide {
  readonly #list: SourcePorts['list'];
  readonly #sides: { source: Listing; replica: Listing };
  /** Listed and not used yet, for the call that goes on where the last one ended. */
  #ahead: Ahead | undefined;

  constructor(list: SourcePorts['list'], sides: { source: Listing; replica: Listing }) {
    this.#list = list;
    this.#sides = sides;
  }

  /**
   * The pairs behind `cursor`.
   *
   * @param take hears of each pair in turn, and puts what is to be done about it into the page.
   * @throws GiveUp Unsupported for a listing that is not in the order of its keys; what listing throws.
   */
  async read(
    cursor: Cursor | undefined,
    limit: number,
    take: (pair: Pair, page: RangePage) => void,
    options: ReadOptions = {},
  ): Promise<RangePage> {
    const { sources, replicas, ...at } = this.#sidesAt(cursor);
    let last = at.pair;
    const page: RangePage = { entries: [], rejected: [], passedOver: {}, cursor: null, last: false };
    for (let pairs = 0; pairs < pairsAtMost && page.entries.length < limit; pairs += 1) {
      const [source, replica] = await Promise.all([sources.next(options), replicas.next(options)]);
      if (source === 'later' || replica === 'later') break;
      if (!source && !replica) return { ...page, last: true };
      const order = !source ? 1 : !replica ? -1 : compareKeys(source.key, replica.key);
      const pair: Pair = { key: (order <= 0 ? source : replica)?.key ?? '' };
      if (order <= 0 && source) pair.source = source.listed;
      if (order >= 0 && replica) pair.replica = replica.listed;
      if (order <= 0) sources.take();
      if (order >= 0) replicas.take();
      take(pair, page);
      last = pair.key;
    }
    page.cursor = {
      ...sources.place('source'),
      ...replicas.place('replica'),
      ...(last !== undefined && { pair: last }),
    };
    this.#ahead = { cursor: JSON.stringify(page.cursor), sources, replicas, pair: last };
    return page;
  }

  #sidesAt(cursor: Cursor | undefined): Omit<Ahead, 'cursor'> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead && cursor !== undefined && ahead.cursor === JSON.stringify(cursor)) return ahead;
    const at = cursorSchema.parse(cursor ?? {});
    const { source, replica } = this.#sides;
    const sideOf = (listing: Listing, after: string | undefined): Side =>
      new Side(this.#list, behind(listing, at.pair), after);
    return { sources: sideOf(source, at.source), replicas: sideOf(replica, at.replica), pair: at.pair };
  }
}

/** Same size and same ETag: stores give unequal bytes unequal ETags. */
export function isLikelyEqual(a: Pick<ListedEntry, 'size' | 'etag'>, b: Pick<ListedEntry, 'size' | 'etag'>): boolean {
  return a.size === b.size && a.etag !== '' && a.etag.toLowerCase() === b.etag.toLowerCase();
}

interface Ahead {
  cursor: string;
  sources: Side;
  replicas: Side;
  pair: string | undefined;
}

/**
 * Only what stands behind the last pair. A side that was read to its end is asked again by a later reader, and may have grown: a
 * replica that was written meanwhile, of a source that has been given out, would look like one without a source.
 */
function behind(listing: Listing, pair: string | undefined): Listing {
  if (pair === undefined) return listing;
  return {
    ...listing,
    keyOf(listed) {
      const key = listing.keyOf(listed);
      return key !== undefined && compareKeys(key, pair) > 0 ? key : undefined;
    },
  };
}

interface Found {
  /** Of the source. */
  key: string;
  listed: ListedEntry;
}

/** One listing, read ahead by one request. */
class Side {
  readonly #list: SourcePorts['list'];
  readonly #listing: Listing;
  #found: Found[] = [];
  #taken: string | undefined;
  #listed: string | undefined;
  #more = true;

  constructor(list: SourcePorts['list'], listing: Listing, after: string | undefined) {
    this.#list = list;
    this.#listing = listing;
    this.#taken = this.#listed = after;
  }

  /** Undefined at the end; `later` when a whole page of the listing came to nothing. */
  async next({ deadline }: ReadOptions): Promise<Found | 'later' | undefined> {
    if (this.#found.length === 0 && this.#more) {
      const { bucket, prefix, keyOf } = this.#listing;
      const { entries, more } = await this.#list(bucket, {
        prefix,
        limit: listLimit,
        ...(this.#listed !== undefined && { startAfter: this.#listed }),
        ...(deadline !== undefined && { deadline }),
      });
      refuseUnsorted(this.#listing, this.#listed, entries);
      this.#more = more;
      this.#listed = entries.at(-1)?.key ?? this.#listed;
      for (const listed of entries) {
        const key = keyOf(listed);
        if (key !== undefined) this.#found.push({ key, listed });
      }
      // The end of the list is taken from its head: shift() would move a thousand entries each time.
      this.#found.reverse();
      if (this.#found.length === 0 && more) return 'later';
    }
    return this.#found.at(-1);
  }

  take(): void {
    this.#taken = this.#found.pop()?.listed.key ?? this.#taken;
  }

  place<Name extends string>(name: Name): Partial<Record<Name, string>> {
    const at = this.#found.length === 0 ? this.#listed : this.#taken;
    return (at === undefined ? {} : { [name]: at }) as Partial<Record<Name, string>>;
  }
}

/**
 * In a listing without order an object that is there looks as if it were missing. ListObjectsV2 of a directory bucket has none
 * (S3 API Reference).
 */
function refuseUnsorted({ bucket, prefix }: Listing, after: string | undefined, entries: readonly ListedEntry[]): void {
  let before = after;
  for (const { key } of entries) {
    if (before !== undefined && compareKeys(before, key) >= 0) {
      throw new GiveUp(
        'Unsupported',
        `The store lists ${bucket}/${prefix} out of the order of its keys ("${key}" after "${before}"), so that two listings cannot be ` +
          'compared side by side; name the objects in a manifest.',
      );
    }
    before = key;
  }
}
