/** Both sides of a route whose replica keys stand in the order of their source keys, listed side by side. */
import * as z from 'zod';
import { compareKeys } from '../../keys/order.ts';
import type { Cursor, ListedEntry, RangePage, ReadOptions, SourcePorts } from '../../sources/shared/source.ts';
import type { Route } from '../rules/route.ts';
import { isSource, sourceKeyOf } from '../rules/rules.ts';
import { extraEntry, sourceEntry } from './entries.ts';

/** How far each side was read: the last key of its own listing. */
const cursorSchema = z.object({ source: z.string().optional(), replica: z.string().optional() });

/** Pairs that one call goes through; equal ones make no entry. */
const pairsAtMost = 1_000;
const listLimit = 1_000;

/** 2 requests for 1,000 pairs, and flat memory. What the listings prove to be equal is only counted, unless `every` pair is wanted. */
export class BothSides {
  readonly #route: Route;
  readonly #list: SourcePorts['list'];
  readonly #every: boolean;
  /** Listed and not used yet, for the call that goes on where the last one ended. */
  #ahead: { cursor: string; sources: Side; replicas: Side } | undefined;

  constructor(route: Route, list: SourcePorts['list'], every: boolean) {
    this.#route = route;
    this.#list = list;
    this.#every = every;
  }

  async read(cursor: Cursor | undefined, limit: number, options: ReadOptions = {}): Promise<RangePage> {
    const { sources, replicas } = this.#sidesAt(cursor);
    const page: RangePage = { entries: [], rejected: [], passedOver: {}, cursor: null, last: false };
    for (let pairs = 0; pairs < pairsAtMost && page.entries.length < limit; pairs += 1) {
      const [source, replica] = [await sources.next(options), await replicas.next(options)];
      if (source === 'later' || replica === 'later') break;
      if (!source && !replica) return { ...page, last: true };
      const order = !source ? 1 : !replica ? -1 : compareKeys(source.key, replica.key);
      if (order <= 0) sources.take();
      if (order >= 0) replicas.take();
      if (order > 0 && replica) page.entries.push(extraEntry(this.#route, replica.key, replica.listed));
      if (order > 0 || !source) continue;
      const isEqual = order === 0 && replica !== undefined && isLikelyEqual(source.listed, replica.listed);
      if (isEqual && !this.#every) page.passedOver.equal = (page.passedOver.equal ?? 0) + 1;
      else page.entries.push(sourceEntry(this.#route, source.listed));
    }
    page.cursor = { ...sources.place('source'), ...replicas.place('replica') };
    this.#ahead = { cursor: JSON.stringify(page.cursor), sources, replicas };
    return page;
  }

  #sidesAt(cursor: Cursor | undefined): { sources: Side; replicas: Side } {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead && cursor !== undefined && ahead.cursor === JSON.stringify(cursor)) return ahead;
    const { source, destination, template, filters } = this.#route;
    const at = cursorSchema.parse(cursor ?? {});
    const isChosen = ({ key, size }: ListedEntry): boolean => isSource(this.#route, key) && filters.size(size);
    return {
      sources: new Side(this.#list, { ...source, after: at.source }, (one) => (isChosen(one) ? one.key : undefined)),
      replicas: new Side(
        this.#list,
        { bucket: destination.bucket, prefix: template.startFor(source.prefix), after: at.replica },
        ({ key }) => sourceKeyOf(this.#route, key),
      ),
    };
  }
}

/** Same size and same ETag: stores give unequal bytes unequal ETags. */
export function isLikelyEqual(a: Pick<ListedEntry, 'size' | 'etag'>, b: Pick<ListedEntry, 'size' | 'etag'>): boolean {
  return a.size === b.size && a.etag !== '' && a.etag.toLowerCase() === b.etag.toLowerCase();
}

interface Found {
  /** Of the source. */
  key: string;
  listed: ListedEntry;
}

/** One listing, read ahead by one request. */
class Side {
  readonly #list: SourcePorts['list'];
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #keyOf: (listed: ListedEntry) => string | undefined;
  #found: Found[] = [];
  #taken: string | undefined;
  #listed: string | undefined;
  #more = true;

  constructor(
    list: SourcePorts['list'],
    { bucket, prefix, after }: { bucket: string; prefix: string; after: string | undefined },
    keyOf: (listed: ListedEntry) => string | undefined,
  ) {
    this.#list = list;
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.#keyOf = keyOf;
    this.#taken = this.#listed = after;
  }

  /** Undefined at the end; `later` when a whole page of the listing came to nothing. */
  async next({ deadline }: ReadOptions): Promise<Found | 'later' | undefined> {
    if (this.#found.length === 0 && this.#more) {
      const { entries, more } = await this.#list(this.#bucket, {
        prefix: this.#prefix,
        limit: listLimit,
        ...(this.#listed !== undefined && { startAfter: this.#listed }),
        ...(deadline !== undefined && { deadline }),
      });
      this.#more = more;
      this.#listed = entries.at(-1)?.key ?? this.#listed;
      for (const listed of entries) {
        const key = this.#keyOf(listed);
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
