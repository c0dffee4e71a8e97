/** What a batch that goes by a rule reads: the rule's source, or both of its sides. */
import * as z from 'zod';
import { ListingReader } from '../../sources/listing/listing.ts';
import type {
  Cursor,
  Entry,
  OpenSource,
  RangePage,
  RangeReader,
  RangeSpec,
  ReadOptions,
  SourcePorts,
} from '../../sources/shared/source.ts';
import type { Route } from '../rules/route.ts';
import { isSource, routesOfRule, sourceKeyOf, type RuleSet } from '../rules/rules.ts';
import { BothSides } from './both-sides.ts';
import { extraEntry, sourceEntry } from './entries.ts';

const rangeSchema = z.object({
  range: z.string(),
  side: z.enum(['sources', 'replicas', 'both']),
  /** Place of the route among those of the rule; absent: every object of the source, for each of them. */
  route: z.int().optional(),
});

type Range = z.output<typeof rangeSchema>;

/**
 * Opens what the rule is about. For `replicate` that is each source object with each destination; for `reconcile` it is each
 * pair of a source object and its replica, and each replica without a source. Where replica keys stand in the order of their
 * source keys both sides are listed side by side, and pairs that the listings prove to be equal are only counted, unless
 * `every` is asked for. Otherwise each side is listed for itself, and the other side of each object has to be looked up.
 *
 * @throws GiveUp BadRequest for an unknown rule.
 */
export function openRuleSource(
  rules: RuleSet,
  rule: string,
  what: { mode: 'replicate' | 'reconcile'; every?: boolean },
  list: SourcePorts['list'],
): OpenSource {
  const routes = routesOfRule(rules, rule);
  const ranges = what.mode === 'replicate' ? [rangeOf('sources', 0)] : routes.flatMap(rangesOf);
  return {
    ranges: () => Promise.resolve(ranges),
    reader: new RuleReader(routes, list, what.every === true),
    close: () => Promise.resolve(),
  };
}

function rangesOf({ template }: Route, route: number): RangeSpec[] {
  if (template.keepsOrder) return [rangeOf('both', 2 * route, route)];
  return [rangeOf('sources', 2 * route, route), rangeOf('replicas', 2 * route + 1, route)];
}

function rangeOf(side: Range['side'], number: number, route?: number): RangeSpec {
  return { range: String(number), depth: 0, side, ...(route !== undefined && { route }) };
}

class RuleReader implements RangeReader {
  readonly #routes: Route[];
  readonly #list: SourcePorts['list'];
  readonly #every: boolean;
  readonly #listings = new Map<string, ListingReader>();
  readonly #both = new Map<string, BothSides>();

  constructor(routes: Route[], list: SourcePorts['list'], every: boolean) {
    this.#routes = routes;
    this.#list = list;
    this.#every = every;
  }

  async read(spec: RangeSpec, cursor: Cursor | undefined, limit: number, options?: ReadOptions): Promise<RangePage> {
    const { side, route, range } = rangeSchema.parse(spec);
    const routes = route === undefined ? this.#routes : this.#routes.slice(route, route + 1);
    const [first] = routes;
    if (!first) return { entries: [], rejected: [], passedOver: {}, cursor: null, last: true };
    if (side === 'both') return await this.#bothOf(range, first).read(cursor, limit, options);
    const listing = side === 'sources' ? first.source : { ...first.destination, prefix: replicaStart(first) };
    const reader = this.#listingOf(`${listing.bucket}/${listing.prefix}`, listing);
    const listed = await reader.read(spec, cursor, Math.max(1, Math.floor(limit / routes.length)), options);
    const entries = listed.entries.map((entry) => entriesOf(side, routes, entry));
    const filtered = entries.filter((its) => its.length === 0).length;
    return {
      ...listed,
      entries: entries.flat(),
      ...(filtered > 0 && side === 'sources' && { passedOver: { filtered } }),
      ...(listed.split && { split: { ...listed.split, side, ...(route !== undefined && { route }) } }),
    };
  }

  async close(spec: RangeSpec): Promise<void> {
    this.#both.delete(spec.range);
    for (const reader of this.#listings.values()) await reader.close(spec);
  }

  #bothOf(range: string, route: Route): BothSides {
    const known = this.#both.get(range) ?? new BothSides(route, this.#list, this.#every);
    this.#both.set(range, known);
    return known;
  }

  #listingOf(name: string, { bucket, prefix }: { bucket: string; prefix: string }): ListingReader {
    const known = this.#listings.get(name) ?? new ListingReader(this.#list, bucket, prefix);
    this.#listings.set(name, known);
    return known;
  }
}

function replicaStart({ template, source }: Route): string {
  return template.startFor(source.prefix);
}

/** All routes of a rule have its source and its filters in common. */
function entriesOf(side: Range['side'], routes: Route[], listed: Entry): Entry[] {
  return routes.flatMap((route) => {
    if (side === 'sources') {
      const { key, size = 0, lastModified = 0, etag, storageClass } = listed;
      return isSource(route, key) ? [sourceEntry(route, { key, size, lastModified, etag, storageClass })] : [];
    }
    const key = sourceKeyOf(route, listed.key);
    return key === undefined ? [] : [extraEntry(route, key, listed)];
  });
}
