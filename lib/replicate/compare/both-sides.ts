/** Both sides of a route whose replica keys stand in the order of their source keys, listed side by side. */
import { isLikelyEqual, SideBySide, type Pair } from '../../sources/listing/side-by-side.ts';
import type { Cursor, ListedEntry, RangePage, ReadOptions, SourcePorts } from '../../sources/shared/source.ts';
import type { Route } from '../rules/route.ts';
import { isSource, sourceKeyOf } from '../rules/rules.ts';
import { extraEntry, sourceEntry } from './entries.ts';

/** What the listings prove to be equal is only counted, unless `every` pair is wanted. */
export class BothSides {
  readonly #route: Route;
  readonly #every: boolean;
  readonly #pairs: SideBySide;

  constructor(route: Route, list: SourcePorts['list'], every: boolean) {
    this.#route = route;
    this.#every = every;
    const { source, destination, template, filters } = route;
    const isChosen = ({ key, size }: ListedEntry): boolean => isSource(route, key) && filters.size(size);
    this.#pairs = new SideBySide(list, {
      source: { ...source, keyOf: (one) => (isChosen(one) ? one.key : undefined) },
      replica: {
        bucket: destination.bucket,
        prefix: template.startFor(source.prefix),
        keyOf: ({ key }) => sourceKeyOf(route, key),
      },
    });
  }

  async read(cursor: Cursor | undefined, limit: number, options: ReadOptions = {}): Promise<RangePage> {
    return await this.#pairs.read(cursor, limit, (pair, page) => this.#take(pair, page), options);
  }

  #take({ key, source, replica }: Pair, page: RangePage): void {
    if (!source) {
      if (replica) page.entries.push(extraEntry(this.#route, key, replica));
      return;
    }
    const isEqual = replica !== undefined && isLikelyEqual(source, replica);
    if (isEqual && !this.#every) page.passedOver.equal = (page.passedOver.equal ?? 0) + 1;
    else page.entries.push(sourceEntry(this.#route, source));
  }
}
