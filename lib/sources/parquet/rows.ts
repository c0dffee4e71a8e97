/** Reads the rows of one Parquet file of an inventory, page by page, so that memory is flat in the file's size. */
import { parquetSchema } from 'hyparquet';
import * as z from 'zod';
import type { Row, Rows } from '../shared/file-reader.ts';
import type { KeyEncoding } from '../shared/keys.ts';
import { decodeKey, keyFault } from '../shared/keys.ts';
import type { Verdict } from '../shared/list-entry.ts';
import type { Cursor, Entry, FileRef, ReadOptions, SourcePorts } from '../shared/source.ts';
import { ColumnReader } from './column-reader.ts';
import type { ParquetColumn, ParquetColumns } from './columns.ts';
import { columnsIn } from './columns.ts';
import type { ParquetFile } from './file.ts';
import { asParquet, openParquetFile } from './file.ts';

const placeSchema = z.object({ row: z.int().min(0) });

export interface ParquetFormat {
  encoding: KeyEncoding;
  versions: 'latest' | 'all';
  /** Bytes, as the manifest has it. */
  size?: number | undefined;
  md5?: string | undefined;
}

/** @throws GiveUp BadRequest for a file that cannot be read, or has no keys; what `openParquetFile` throws. */
export async function openParquetRows(
  ports: SourcePorts,
  ref: FileRef,
  format: ParquetFormat,
  cursor: Cursor | undefined,
  { deadline, sample = false }: ReadOptions,
): Promise<Rows> {
  const { row } = cursor === undefined ? { row: 0 } : placeSchema.parse(cursor);
  // The reader of the first row has checked it for all readers of later rows.
  const md5 = sample || row > 0 ? undefined : format.md5;
  const known = { ...(format.size !== undefined && { size: format.size }), ...(md5 !== undefined && { md5 }) };
  const file = await openParquetFile(ports, ref, known, deadline === undefined ? {} : { deadline });
  const columns = await asParquet(file.name, () => Promise.resolve().then(() => columnsIn(file)));
  // Latest only: the version is left out, so that whatever is current is copied (see `RowRules.versions`).
  if (format.versions === 'latest' && columns.isLatest !== undefined) delete columns.versionId;
  return new ParquetRows(file, columns, format, row);
}

type Columns = Partial<Record<ParquetColumn, ColumnReader>>;

class ParquetRows implements Rows {
  readonly name: string;
  readonly #file: ParquetFile;
  readonly #names: ParquetColumns;
  readonly #format: ParquetFormat;
  readonly #total: number;
  /** The next one, from 0; those up to `#decoded` are decoded. */
  #row: number;
  #decoded = 0;
  /** Of the row group that ends at `#groupEnd`. */
  #columns: Columns = {};
  #groupEnd = 0;

  constructor(file: ParquetFile, names: ParquetColumns, format: ParquetFormat, row: number) {
    this.name = file.name;
    this.#file = file;
    this.#names = names;
    this.#format = format;
    this.#row = row;
    this.#total = Number(file.metadata.num_rows);
  }

  next(): Row | undefined {
    if (this.#row >= this.#decoded) return undefined;
    const [columns, row] = [this.#columns, this.#row];
    this.#row += 1;
    return { verdict: entryAt(columns, row, this.#format), line: row + 1, text: () => textAt(columns, row) };
  }

  async more(): Promise<boolean> {
    const row = this.#row;
    if (row >= this.#total) return false;
    await asParquet(this.name, async () => {
      if (row >= this.#groupEnd) this.#openGroup(row);
      const columns = Object.values(this.#columns);
      await Promise.all(columns.map((column) => column.goTo(row)));
      this.#decoded = Math.min(this.#groupEnd, ...columns.map(({ behind }) => behind));
    });
    return true;
  }

  hasMore(): Promise<boolean> {
    return Promise.resolve(this.#row < this.#total);
  }

  cursor(): Cursor {
    return { row: this.#row };
  }

  close(): Promise<void> {
    this.#columns = {};
    this.#decoded = this.#groupEnd = 0;
    return Promise.resolve();
  }

  #openGroup(row: number): void {
    const { metadata, buffer } = this.#file;
    let start = 0;
    const group = metadata.row_groups.find(({ num_rows }) => {
      const isIn = row < start + Number(num_rows);
      if (!isIn) start += Number(num_rows);
      return isIn;
    });
    if (!group) throw new Error(`no row group has the row ${row}`);
    this.#groupEnd = start + Number(group.num_rows);
    const schema = parquetSchema(metadata);
    const readers = Object.entries(this.#names).map(([says, name]) => {
      const column = schema.children.find(({ element }) => element.name === name);
      const chunk = group.columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === name);
      if (!column || !chunk?.meta_data || chunk.file_path) throw new Error(`a row group has no column ${name}`);
      return [says, new ColumnReader(buffer, schema, column, chunk.meta_data, { start, end: this.#groupEnd })];
    });
    this.#columns = Object.fromEntries(readers) as Columns;
  }
}

/** As `entryOf` does for rows of text. */
function entryAt(columns: Columns, row: number, { encoding, versions }: ParquetFormat): Verdict {
  if (columns.isDeleteMarker?.valueAt(row) === true) return 'delete-marker';
  if (versions === 'latest' && columns.isLatest?.valueAt(row) === false) return 'not-latest';

  const [bucket, written] = [columns.bucket?.valueAt(row), columns.key?.valueAt(row)];
  const [versionId, etag] = [columns.versionId?.valueAt(row), columns.etag?.valueAt(row)];
  for (const text of [bucket, written, versionId, etag]) {
    if (typeof text === 'symbol') return { why: text.description ?? '' };
  }
  if (typeof bucket !== 'string' || bucket === '') return { why: 'no bucket' };
  if (typeof written !== 'string') return { why: 'no key' };
  const key = decodeKey(written, encoding);
  if (key === undefined) return { why: 'the key is not URL-encoded' };
  const fault = keyFault(key);
  if (fault) return { why: fault };

  const entry: Entry = { bucket, key, line: row + 1 };
  if (typeof versionId === 'string' && versionId !== '') entry.versionId = versionId;
  if (typeof etag === 'string' && etag !== '') entry.etag = etag.startsWith('"') ? etag.replaceAll('"', '') : etag;
  const size = columns.size?.valueAt(row) ?? undefined;
  if (size !== undefined) {
    const bytes = Number(size);
    if (!Number.isSafeInteger(bytes) || bytes < 0) return { why: `the size is no number of bytes: ${bytes}` };
    entry.size = bytes;
  }
  const lastModified = columns.lastModified?.valueAt(row);
  if (typeof lastModified === 'number') entry.lastModified = lastModified;
  const storageClass = columns.storageClass?.valueAt(row);
  if (typeof storageClass === 'string' && storageClass !== '') entry.storageClass = storageClass;
  return entry;
}

const shownChars = 200;

/** For reports: the beginning of each text, which a dictionary may repeat for all rows. */
function textAt(columns: Columns, row: number): string {
  return Object.values(columns)
    .map((column) => String(column.valueAt(row) ?? '').slice(0, shownChars))
    .join();
}
