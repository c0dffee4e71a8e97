/** Reads the rows of one Parquet file of an inventory, some thousand at a time, so that memory is flat in the file's size. */
import { isUtf8 } from 'node:buffer';
import type { ParquetScan, RowGroup } from 'hyparquet';
import { parquetScan } from 'hyparquet';
import * as z from 'zod';
import type { Row, Rows } from './file-reader.ts';
import type { KeyEncoding } from './keys.ts';
import { decodeKey, keyFault } from './keys.ts';
import type { ParquetColumn, ParquetColumns } from './parquet-columns.ts';
import { columnsIn, compressors } from './parquet-columns.ts';
import type { ByteRange, ParquetFile } from './parquet-file.ts';
import { asParquet, openParquetFile } from './parquet-file.ts';
import type { Verdict } from './row.ts';
import type { Cursor, Entry, FileRef, ReadOptions, SourcePorts } from './source.ts';

/** Rows decoded at once: some pages of every column. */
const rowsAtOnce = 32_768;

const placeSchema = z.object({ row: z.int().min(0) });

export interface ParquetFormat {
  encoding: KeyEncoding;
  versions: 'latest' | 'all';
  /** Bytes, as the manifest has it. */
  size?: number | undefined;
  md5?: string | undefined;
}

/** Stands for a text that is none. */
const notText = Symbol('not valid UTF-8');

const parsers = {
  stringFromBytes(bytes: Uint8Array): string | typeof notText {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
    return text.includes('\uFFFD') && !isUtf8(bytes) ? notText : text;
  },
  timestampFromMilliseconds: Number,
  timestampFromMicroseconds: (time: bigint) => Number(time / 1000n),
  timestampFromNanoseconds: (time: bigint) => Number(time / 1_000_000n),
};

/** @throws GiveUp BadRequest for a file that cannot be read, or has no keys; what `openParquetFile` throws. */
export async function openParquetRows(
  ports: SourcePorts,
  ref: FileRef,
  format: ParquetFormat,
  cursor: Cursor | undefined,
  { deadline }: ReadOptions,
): Promise<Rows> {
  const { row } = cursor === undefined ? { row: 0 } : placeSchema.parse(cursor);
  const { size, md5 } = format;
  const known = { ...(size !== undefined && { size }), ...(md5 !== undefined && { md5 }) };
  const file = await openParquetFile(ports, ref, known, deadline === undefined ? {} : { deadline });
  const columns = columnsIn(file);
  const { name, buffer, metadata } = file;
  const scan = await asParquet(name, () =>
    parquetScan({ file: buffer, metadata, columns: Object.values(columns), parsers, compressors, geoparquet: false }),
  );
  return new ParquetRows(file, scan, columns, format, row);
}

/** Values by row; undefined or null for none. */
type Values = Partial<Record<ParquetColumn, ArrayLike<unknown>>>;

class ParquetRows implements Rows {
  readonly name: string;
  readonly #file: ParquetFile;
  readonly #scan: ParquetScan;
  readonly #columns: ParquetColumns;
  readonly #format: ParquetFormat;
  readonly #total: number;
  /** The next one, from 0. */
  #row: number;
  /** Rows `start` to `end` are decoded. */
  #values: Values = {};
  #start = 0;
  #end = 0;
  #group: unknown;

  constructor(file: ParquetFile, scan: ParquetScan, columns: ParquetColumns, format: ParquetFormat, row: number) {
    this.name = file.name;
    this.#file = file;
    this.#scan = scan;
    this.#columns = columns;
    this.#format = format;
    this.#row = row;
    this.#total = scan.ranges.at(-1)?.rowEnd ?? 0;
  }

  next(): Row | undefined {
    if (this.#row >= this.#end) return undefined;
    const [values, at] = [this.#values, this.#row - this.#start];
    this.#row += 1;
    const line = this.#row;
    return { verdict: entryAt(values, at, line, this.#format), line, text: () => textAt(values, at) };
  }

  async more(): Promise<boolean> {
    const row = this.#row;
    const group = this.#scan.ranges.find(({ rowEnd }) => row < rowEnd);
    if (!group) return false;
    if (group !== this.#group) this.#file.buffer.keep(this.#rangesOf(group));
    this.#group = group;
    const end = Math.min(group.rowEnd, row + rowsAtOnce);
    this.#values = await asParquet(this.name, () => this.#decode(row, end));
    [this.#start, this.#end] = [row, end];
    return true;
  }

  hasMore(): Promise<boolean> {
    return Promise.resolve(this.#row < this.#total);
  }

  cursor(): Cursor {
    return { row: this.#row };
  }

  close(): Promise<void> {
    this.#values = {};
    this.#file.buffer.keep([]);
    return Promise.resolve();
  }

  async #decode(rowStart: number, rowEnd: number): Promise<Values> {
    const columns = Object.entries(this.#columns);
    const read = columns.map(([, column]) => this.#scan.readColumn({ column, rowStart, rowEnd }));
    const decoded = await Promise.all(read);
    for (const [n, values] of decoded.entries()) {
      if (values.length !== rowEnd - rowStart)
        throw new Error(`the column ${columns[n]?.[1]} has less than the ${rowEnd} rows it should have`);
    }
    return Object.fromEntries(decoded.map((values, n) => [columns[n]?.[0], values]));
  }

  /** Of the row group, what is read as a whole for any of its rows. */
  #rangesOf({ rowStart, rowEnd }: { rowStart: number; rowEnd: number }): ByteRange[] {
    if (rowEnd - rowStart <= rowsAtOnce) return [];
    return chunksOf(groupAt(this.#file.metadata.row_groups, rowStart), Object.values(this.#columns));
  }
}

function groupAt(groups: RowGroup[], row: number): RowGroup | undefined {
  let before = 0;
  return groups.find(({ num_rows }) => {
    before += Number(num_rows);
    return row < before;
  });
}

function chunksOf(group: RowGroup | undefined, names: string[]): ByteRange[] {
  return (group?.columns ?? []).flatMap(({ meta_data, offset_index_offset, offset_index_length }): ByteRange[] => {
    if (!meta_data || !names.includes(meta_data.path_in_schema[0] ?? '')) return [];
    if (offset_index_offset !== undefined && offset_index_length !== undefined) {
      const start = Number(offset_index_offset);
      return [{ start, end: start + offset_index_length }];
    }
    const start = Number(meta_data.dictionary_page_offset || meta_data.data_page_offset);
    return [{ start, end: start + Number(meta_data.total_compressed_size) }];
  });
}

/** As `entryOf` does for rows of text. */
function entryAt(values: Values, at: number, line: number, { encoding, versions }: ParquetFormat): Verdict {
  if (values.isDeleteMarker?.[at] === true) return 'delete-marker';
  if (versions === 'latest' && values.isLatest?.[at] === false) return 'not-latest';

  const [bucket, written] = [values.bucket?.[at], values.key?.[at]];
  if (bucket === notText || written === notText) return { why: 'not valid UTF-8' };
  if (typeof bucket !== 'string' || bucket === '') return { why: 'no bucket' };
  if (typeof written !== 'string') return { why: 'no key' };
  const key = decodeKey(written, encoding);
  if (key === undefined) return { why: 'the key is not URL-encoded' };
  const fault = keyFault(key);
  if (fault) return { why: fault };

  const entry: Entry = { bucket, key, line };
  const versionId = values.versionId?.[at];
  const isVersion = typeof versionId === 'string' && versionId !== '';
  if (isVersion && (values.isLatest === undefined || versions === 'all')) entry.versionId = versionId;
  const etag = values.etag?.[at];
  if (typeof etag === 'string' && etag !== '') entry.etag = etag.startsWith('"') ? etag.replaceAll('"', '') : etag;
  const size = values.size?.[at] ?? undefined;
  if (size !== undefined) {
    const bytes = Number(size);
    if (!Number.isSafeInteger(bytes) || bytes < 0) return { why: `the size is no number of bytes: ${bytes}` };
    entry.size = bytes;
  }
  const lastModified = values.lastModified?.[at];
  if (typeof lastModified === 'number') entry.lastModified = lastModified;
  const storageClass = values.storageClass?.[at];
  if (typeof storageClass === 'string' && storageClass !== '') entry.storageClass = storageClass;
  return entry;
}

/** For reports. */
function textAt(values: Values, at: number): string {
  return Object.values(values)
    .map((column) => column[at] ?? '')
    .map(String)
    .join();
}
