import * as z from 'zod';
import type { CopyOptions } from '../../copy/model/request.ts';
import { nameOf, openBytes } from '../shared/bytes.ts';
import { GiveUp } from '../../copy/model/errors.ts';
import { columnsOf, isHeader } from '../shared/columns.ts';
import type { Row, Rows } from '../shared/file-reader.ts';
import type { KeyEncoding } from '../shared/keys.ts';
import type { Verdict } from '../shared/list-entry.ts';
import { entryOf } from '../shared/list-entry.ts';
import type { Cursor, FileRef, ManifestFormat, ReadOptions, SourcePorts } from '../shared/source.ts';
import { manifestColumns, manifestFormats } from '../shared/source.ts';
import { isUrl } from '../shared/urls.ts';
import type { CsvRow } from './csv.ts';
import { nextCsvRow } from './csv.ts';
import { certainColumns, columnsUnknown, formatOf, mayBeColumns, misfit, reportColumns } from './guess.ts';
import { JsonDocument } from './json-document.ts';
import { entryOfJson, nextLine } from './jsonl.ts';
import { LineReader } from './lines.ts';
import { entryOfListing, isFolderLine } from './listing-lines.ts';

const placeSchema = z.object({
  offset: z.int(),
  line: z.int(),
  gzip: z.boolean(),
  columns: z.array(z.string()).optional(),
  /** Absent: as the request says. */
  format: z.enum(manifestFormats).optional(),
  /** Of a JSON document. */
  open: z.array(z.string()).optional(),
  done: z.int().optional(),
});

export interface TextFormat {
  format: ManifestFormat;
  encoding: KeyEncoding;
  versions: 'latest' | 'all';
  bucket?: string;
  scheme?: 'oss' | 's3';
  /** Names of the columns; left out: told by a header or by custom. */
  columns?: string[];
  header?: boolean;
  md5?: string;
  parseOptions?: (value: unknown) => Partial<CopyOptions>;
}

/** Opens a list in text, plain or gzip. @throws what `openBytes` throws. */
export async function openTextRows(
  ports: SourcePorts,
  file: FileRef,
  format: TextFormat,
  cursor: Cursor | undefined,
  options: ReadOptions,
): Promise<Rows> {
  const place = cursor === undefined ? undefined : placeSchema.parse(cursor);
  const { deadline } = options;
  const { bytes, gzip } = await openBytes(ports, file, {
    from: place?.offset ?? 0,
    gzip: place?.gzip,
    md5: format.md5,
    ...(deadline !== undefined && { deadline }),
  });
  const name = nameOf(file);
  const lines = new LineReader(bytes, name, place ?? { offset: 0, line: 1 });
  try {
    const asked = place?.format ?? format.format;
    const known = asked === 'auto' ? formatOf(await firstLine(lines), format.columns) : asked;
    const opened = { lines, name, gzip, format: { ...format, format: known } };
    if (asked === 'auto' && known === 'ls' && mayBeColumns(lines.peek() ?? '')) {
      const why = 'a comma behind a URL may belong to the key; with the format ls each line is one URL';
      throw columnsUnknown(name, (lines.peek() ?? '').trim().split(','), format.bucket !== undefined, why);
    }
    if (known === 'csv' || known === 'tsv') return new CsvRows(opened, place?.columns);
    if (known === 'json') return new DocumentRows(opened, { open: place?.open ?? [], done: place?.done ?? 0 });
    return known === 'ls' ? new ListingRows(opened) : new JsonRows(opened);
  } catch (error) {
    await lines.close();
    throw error;
  }
}

/** The first line that is not empty, which stays to be read; the empty ones before it are gone. */
async function firstLine(lines: LineReader): Promise<string> {
  for (;;) {
    const text = lines.peek();
    if (text !== undefined && text.trim() !== '') return text;
    if (text !== undefined) lines.take();
    else if (!(await lines.more())) return lines.peek() ?? '';
  }
}

interface Opened {
  lines: LineReader;
  name: string;
  gzip: boolean;
  format: TextFormat & { format: Exclude<ManifestFormat, 'auto'> };
}

abstract class TextRows implements Rows {
  readonly name: string;
  protected readonly lines: LineReader;
  protected readonly format: Opened['format'];
  readonly #gzip: boolean;

  constructor({ lines, name, gzip, format }: Opened) {
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
    return { ...this.lines.place, gzip: this.#gzip, format: this.format.format };
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

class DocumentRows extends TextRows {
  readonly #document: JsonDocument;

  constructor(opened: Opened, from: { open: string[]; done: number }) {
    super(opened);
    this.#document = new JsonDocument(opened.lines, opened.name, opened.format, from);
  }

  next(): Row | undefined {
    return this.#document.next();
  }

  override hasMore(): Promise<boolean> {
    return this.#document.hasMore();
  }

  override cursor(): { [name: string]: Cursor } {
    return { ...super.cursor(), ...this.#document.place };
  }
}

class ListingRows extends TextRows {
  /** @throws GiveUp BadRequest for a listing that has folders: its keys lack theirs, and others may have those names. */
  next(): Row | undefined {
    const found = nextLine(this.lines);
    if (!found) return undefined;
    const { text, line, valid } = found;
    if (isFolderLine(text)) {
      const why = 'a folder, so the names in this list lack the folder that they lie in';
      const hint = 'List it again with all keys in full: aws s3 ls --recursive, or s5cmd ls "s3://bucket/*"';
      throw new GiveUp('BadRequest', `${this.name}, line ${line}: ${why}: ${text.trim().slice(0, 80)}. ${hint}.`);
    }
    const verdict = valid ? entryOfListing(text, line, this.format) : { why: 'not valid UTF-8' };
    return { verdict, line, text: () => text };
  }
}

class CsvRows extends TextRows {
  #rules: (Parameters<typeof entryOf>[2] & { header: string[] }) | undefined;

  readonly #nextRow: (lines: LineReader) => CsvRow | undefined;

  constructor(opened: Opened, columns: string[] | undefined) {
    super(opened);
    this.#nextRow = opened.format.format === 'tsv' ? nextTsvRow : nextCsvRow;
    if (columns) this.#setColumns(columns);
  }

  next(): Row | undefined {
    for (let row = this.#nextRow(this.lines); row; row = this.#nextRow(this.lines)) {
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

  /** Looks at the first row, and from then on knows the columns. @throws GiveUp BadRequest when the row leaves them open. */
  #isHeader(fields: string[]): boolean {
    const { header, columns, bucket } = this.format;
    const looks = header ?? isHeader(fields, bucket !== undefined);
    if (columns) {
      this.#setColumns(columns);
      return looks === true;
    }
    if (looks === 'perhaps') {
      const word = fields.join();
      const hint = 'say with --header that it is a header, or with --no-header that it is a key';
      throw new GiveUp('BadRequest', `${this.name}: its first row is the word ${word}: ${hint}.`);
    }
    this.#setColumns(looks ? fields : this.#columnsByCustom(fields));
    return looks;
  }

  #columnsByCustom(fields: string[]): string[] {
    const bucketGiven = this.format.bucket !== undefined;
    const refused = (why: string): GiveUp => columnsUnknown(this.name, fields, bucketGiven, why);
    const report = reportColumns(fields);
    if (report) return report;
    if (this.format.format === 'tsv') {
      const certain = certainColumns(fields, bucketGiven);
      if (certain) return certain;
      const isOneLine = fields.length > manifestColumns.length;
      throw refused(
        isOneLine ? 'for all keys on one line, ask AWS for Contents[].[Key]' : 'nothing tells which of them is the key',
      );
    }
    if (fields.length === 1 && !bucketGiven) {
      if (isUrl(fields[0] ?? '')) return ['key'];
      throw refused('one column and no bucket; --bucket names it, or write s3://bucket/key');
    }
    if (isUrl(fields[0] ?? '') && !bucketGiven) throw refused('the first is a URL');
    const custom = manifestColumns.slice(bucketGiven ? 1 : 0);
    // With `header: false` the caller says that the custom holds.
    const why = this.format.header === undefined || fields.length > custom.length ? misfit(fields, custom) : undefined;
    if (why !== undefined) throw refused(why);
    return custom.slice(0, fields.length);
  }

  #setColumns(header: string[]): void {
    this.#rules = { ...this.format, columns: columnsOf(header, this.name), header };
  }
}

/** The fields of the next line, as they stand: tools that print tabs quote nothing. */
function nextTsvRow(lines: LineReader): CsvRow | undefined {
  const found = nextLine(lines);
  if (!found) return undefined;
  const { text, line, valid } = found;
  return valid ? { fields: text.split('\t'), line } : { text, line, why: 'not valid UTF-8' };
}
