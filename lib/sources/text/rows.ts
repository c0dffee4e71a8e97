import * as z from 'zod';
import type { CopyOptions } from '../../copy/model/request.ts';
import { nameOf, openBytes } from '../shared/bytes.ts';
import { columnsOf, isHeader } from '../shared/columns.ts';
import type { Row, Rows } from '../shared/file-reader.ts';
import type { KeyEncoding } from '../shared/keys.ts';
import type { Verdict } from '../shared/list-entry.ts';
import { entryOf } from '../shared/list-entry.ts';
import type { Cursor, FileRef, ReadOptions, SourcePorts } from '../shared/source.ts';
import { manifestColumns } from '../shared/source.ts';
import { nextCsvRow } from './csv.ts';
import { entryOfJson, nextLine } from './jsonl.ts';
import { LineReader } from './lines.ts';

const placeSchema = z.object({
  offset: z.int(),
  line: z.int(),
  gzip: z.boolean(),
  columns: z.array(z.string()).optional(),
});

export interface TextFormat {
  format: 'csv' | 'jsonl';
  encoding: KeyEncoding;
  versions: 'latest' | 'all';
  bucket?: string;
  /** Names of the columns; left out: told by a header or by custom. */
  columns?: string[];
  header?: boolean;
  md5?: string;
  parseOptions?: (value: unknown) => Partial<CopyOptions>;
}

/** Opens a file of CSV or JSON lines, plain or gzip. @throws what `openBytes` throws. */
export async function openTextRows(
  ports: SourcePorts,
  file: FileRef,
  format: TextFormat,
  cursor: Cursor | undefined,
  options: ReadOptions,
): Promise<Rows> {
  const place = cursor === undefined ? { offset: 0, line: 1, gzip: undefined } : placeSchema.parse(cursor);
  const { deadline } = options;
  const { bytes, gzip } = await openBytes(ports, file, {
    from: place.offset,
    gzip: place.gzip,
    md5: format.md5,
    ...(deadline !== undefined && { deadline }),
  });
  const lines = new LineReader(bytes, nameOf(file), place);
  const columns = 'columns' in place ? place.columns : undefined;
  return format.format === 'csv'
    ? new CsvRows(lines, nameOf(file), gzip, format, columns)
    : new JsonRows(lines, nameOf(file), gzip, format);
}

abstract class TextRows implements Rows {
  readonly name: string;
  protected readonly lines: LineReader;
  protected readonly format: TextFormat;
  readonly #gzip: boolean;

  constructor(lines: LineReader, name: string, gzip: boolean, format: TextFormat) {
    this.lines = lines;
    this.name = name;
    this.format = format;
    this.#gzip = gzip;
  }

  abstract next(): Row | undefined;

  more(): Promise<boolean> {
    return this.lines.more();
  }

  hasMore(): Promise<boolean> {
    return this.lines.hasMore();
  }

  cursor(): { [name: string]: Cursor } {
    return { ...this.lines.place, gzip: this.#gzip };
  }

  close(): Promise<void> {
    return this.lines.close();
  }
}

class JsonRows extends TextRows {
  next(): Row | undefined {
    const found = nextLine(this.lines);
    if (!found) return undefined;
    const { text, line, valid } = found;
    return {
      verdict: valid ? entryOfJson(text, line, this.format) : { why: 'not valid UTF-8' },
      line,
      text: () => text,
    };
  }
}

class CsvRows extends TextRows {
  #rules: (Parameters<typeof entryOf>[2] & { header: string[] }) | undefined;

  constructor(lines: LineReader, name: string, gzip: boolean, format: TextFormat, columns: string[] | undefined) {
    super(lines, name, gzip, format);
    if (columns) this.#setColumns(columns);
  }

  next(): Row | undefined {
    for (let row = nextCsvRow(this.lines); row; row = nextCsvRow(this.lines)) {
      const { line } = row;
      if (!('fields' in row)) {
        const { text, why } = row;
        return { verdict: { why }, line, text: () => text };
      }
      const { fields } = row;
      if (this.#rules || !this.#isHeader(fields))
        return { verdict: this.#verdict(fields, line), line, text: () => fields.join() };
    }
    return undefined;
  }

  override cursor(): { [name: string]: Cursor } {
    const place = super.cursor();
    return this.#rules ? { ...place, columns: this.#rules.header } : place;
  }

  #verdict(fields: string[], line: number): Verdict {
    const rules = this.#rules;
    if (!rules) throw new Error('the first row tells the columns');
    const width = rules.header.length;
    if (fields.length !== width) {
      return { why: `${fields.length} fields where ${width} are expected; a comma in a key needs quotes` };
    }
    return entryOf(fields, line, rules);
  }

  /** Looks at the first row, and from then on knows the columns. */
  #isHeader(fields: string[]): boolean {
    const { header, columns, bucket } = this.format;
    const named = header ?? isHeader(fields, bucket !== undefined);
    if (columns) this.#setColumns(columns);
    else if (named) this.#setColumns(fields);
    else this.#setColumns(manifestColumns.slice(bucket === undefined ? 0 : 1).slice(0, fields.length));
    return named;
  }

  #setColumns(header: string[]): void {
    this.#rules = { ...this.format, columns: columnsOf(header, this.name), header };
  }
}
