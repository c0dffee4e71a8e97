import { GiveUp } from '../../copy/model/errors.ts';
import { isDeepStrictEqual } from 'node:util';
import type { Cursor, PassedOver, RangePage, RangeReader, RangeSpec, ReadOptions, Rejected } from './source.ts';
import type { Verdict } from './list-entry.ts';

/** The rows of one file, from some place on. */
export interface Rows {
  /** For messages and reports. */
  readonly name: string;
  /** What the next row came to; undefined when more must be read. Synchronous, for speed. */
  next(): Row | undefined;
  /** Reads on. False at the end. */
  more(): Promise<boolean>;
  /** Whether anything is left. */
  hasMore(): Promise<boolean>;
  /** Of the row that `next` gives. */
  cursor(): Cursor;
  close(): Promise<void>;
}

export interface Row {
  verdict: Verdict;
  line: number;
  /** The row as it stands, for reports. */
  text(): string;
}

export type OpenRows = (range: RangeSpec, cursor: Cursor | undefined, options: ReadOptions) => Promise<Rows>;

const shownChars = 200;

/** A page without entries must come to an end, too. */
const rowsPerEntry = 20;

/** Chunks (of up to 256 KiB) of one page that may hold no row: a file of line breaks must come to an end as well, page by page. */
const barrenChunks = 128;

/** Reads files row by row. A file stays open between pages, as long as they are asked for in order. */
export class FileReader implements RangeReader {
  readonly #openRows: OpenRows;
  readonly #onBad: 'skip' | 'fail';
  readonly #open = new Map<string, { rows: Rows; cursor: Cursor }>();

  constructor(openRows: OpenRows, onBad: 'skip' | 'fail') {
    this.#openRows = openRows;
    this.#onBad = onBad;
  }

  async read(
    range: RangeSpec,
    cursor: Cursor | undefined,
    limit: number,
    options: ReadOptions = {},
  ): Promise<RangePage> {
    const rows = await this.#rowsAt(range, cursor, options);
    try {
      const page = await this.#readPage(rows, limit);
      if (!page.last) this.#open.set(range.range, { rows, cursor: page.cursor });
      else await rows.close();
      return page;
    } catch (error) {
      await rows.close();
      throw error;
    }
  }

  async close(range: RangeSpec): Promise<void> {
    const open = this.#open.get(range.range);
    this.#open.delete(range.range);
    await open?.rows.close();
  }

  async closeAll(): Promise<void> {
    const open = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(open.map(({ rows }) => rows.close()));
  }

  /** A reader takes the open file out of the map: two readers of one range never share it. */
  async #rowsAt(range: RangeSpec, cursor: Cursor | undefined, options: ReadOptions): Promise<Rows> {
    const open = this.#open.get(range.range);
    this.#open.delete(range.range);
    if (open && cursor !== undefined && isDeepStrictEqual(open.cursor, cursor)) return open.rows;
    await open?.rows.close();
    return this.#openRows(range, cursor, options);
  }

  async #readPage(rows: Rows, limit: number): Promise<RangePage> {
    const page: RangePage = { entries: [], rejected: [], passedOver: {}, cursor: null, last: false };
    let seen = 0;
    let barren = 0;
    let seenBefore = 0;
    while (page.entries.length + page.rejected.length < limit && seen < limit * rowsPerEntry) {
      const row = rows.next();
      if (row) {
        this.#take(row, rows.name, page);
        seen += 1;
        continue;
      }
      barren += seen === seenBefore ? 1 : 0;
      seenBefore = seen;
      if (barren > barrenChunks) break;
      if (!(await rows.more()) && !(await rows.hasMore())) break;
    }
    page.last = !(await rows.hasMore());
    page.cursor = rows.cursor();
    return page;
  }

  #take(row: Row, file: string, page: RangePage): void {
    const { verdict } = row;
    if (typeof verdict === 'string') {
      const passedOver: PassedOver = verdict;
      page.passedOver[passedOver] = (page.passedOver[passedOver] ?? 0) + 1;
    } else if ('why' in verdict) {
      page.rejected.push(this.#reject(row, verdict.why, file));
    } else {
      page.entries.push(verdict);
    }
  }

  #reject({ line, text }: Row, why: string, file: string): Rejected {
    const shown = text().slice(0, shownChars);
    if (this.#onBad === 'skip') return { line, file, text: shown, why };
    throw new GiveUp(
      'BadRequest',
      `${file}, line ${line}: ${why}: ${shown}. Mend the row, or let bad rows be skipped; they are reported then.`,
    );
  }
}
