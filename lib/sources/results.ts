import * as z from 'zod';
import { RetryLater } from '../copy/model/errors.ts';
import type { CopyOptions } from '../copy/model/request.ts';
import type { Cursor, RangePage, RangeReader, RangeSpec, SourcePorts } from './shared/source.ts';
import { entryOfRow, parse } from './text/jsonl.ts';

/** Readers at once; each reads one file after another. */
const rangesAtMost = 16;

/** Fewer files than this are no reason for another reader. */
const filesPerRange = 32;

/** Files `after < name <= until`. */
const rangeSchema = z.object({ range: z.string(), after: z.string().optional(), until: z.string().optional() });

/** The next line to read, from 0, of a file. */
const cursorSchema = z.object({ name: z.string(), line: z.int() });

type Results = ReturnType<NonNullable<SourcePorts['results']>>;

/** Reads again what another batch left in a given status, most often what failed. */
export class ResultsReader implements RangeReader {
  readonly #results: Results;
  readonly #statuses: ReadonlySet<string>;
  readonly #parseOptions: ((value: unknown) => Partial<CopyOptions>) | undefined;
  #names: Promise<string[]> | undefined;
  #open: { name: string; lines: string[] } | undefined;

  constructor(results: Results, statuses: string[], parseOptions: SourcePorts['parseOptions']) {
    this.#results = results;
    this.#statuses = new Set(statuses);
    this.#parseOptions = parseOptions;
  }

  /** Stretches of files of equal length. */
  async ranges(): Promise<RangeSpec[]> {
    const names = await this.#sorted();
    const count = Math.max(1, Math.min(rangesAtMost, Math.ceil(names.length / filesPerRange)));
    const bound = (n: number): string | undefined => names[Math.ceil((names.length * n) / count) - 1];
    return Array.from({ length: count }, (_, n) => {
      const [after, until] = [bound(n), n === count - 1 ? undefined : bound(n + 1)];
      return { range: String(n), ...(after !== undefined && { after }), ...(until !== undefined && { until }) };
    });
  }

  async read(spec: RangeSpec, cursor: Cursor | undefined, limit: number): Promise<RangePage> {
    const { after, until } = rangeSchema.parse(spec);
    const place = cursor === undefined ? undefined : cursorSchema.parse(cursor);
    const names = (await this.#sorted()).filter(
      (name) => (after === undefined || name > after) && (until === undefined || name <= until),
    );
    const page: RangePage = { entries: [], rejected: [], passedOver: {}, cursor: null, last: false };
    for (const name of names) {
      if (place && name < place.name) continue;
      const lines = await this.#linesOf(name);
      // The first line adds the file up.
      for (let line = name === place?.name ? place.line : 1; line < lines.length; line += 1) {
        if (page.entries.length + page.rejected.length >= limit) return { ...page, cursor: { name, line } };
        this.#take(name, lines[line] ?? '', line + 1, page);
      }
    }
    return { ...page, last: true };
  }

  close(): Promise<void> {
    this.#open = undefined;
    return Promise.resolve();
  }

  #take(file: string, text: string, line: number, page: RangePage): void {
    const row = parse(text);
    if (row && !this.#statuses.has(String(row.status))) {
      page.passedOver['other-status'] = (page.passedOver['other-status'] ?? 0) + 1;
      return;
    }
    const { bucket, key, versionId, destination, options } = row ?? {};
    // Not the ETag and size: they are the destination's. A key that could not be mapped left an empty destination.
    const mapped = isEmptyPlace(destination) ? undefined : destination;
    const rules = this.#parseOptions ? { parseOptions: this.#parseOptions } : {};
    const verdict = entryOfRow({ bucket, key, versionId, destination: mapped, options }, line, rules);
    if (typeof verdict === 'object' && 'why' in verdict) {
      page.rejected.push({ line, file, text: text.slice(0, 200), why: verdict.why });
    } else if (typeof verdict === 'object') {
      page.entries.push(verdict);
    }
  }

  async #linesOf(name: string): Promise<string[]> {
    if (this.#open?.name === name) return this.#open.lines;
    const text = await this.#results.read(name);
    if (text === undefined) throw new RetryLater(`The results ${name} are not to be seen.`, { delayMs: 1000 });
    const lines = text.split('\n').filter((line) => line !== '');
    this.#open = { name, lines };
    return lines;
  }

  #sorted(): Promise<string[]> {
    this.#names ??= sortedNames(this.#results.names());
    return this.#names;
  }
}

async function sortedNames(names: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const name of names) all.push(name);
  return all.sort();
}

function isEmptyPlace(destination: unknown): boolean {
  return typeof destination === 'object' && destination !== null && 'key' in destination && destination.key === '';
}
