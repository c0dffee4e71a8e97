/** Reads the rows of one Parquet file of an inventory, some mebibytes at a time, so that memory is flat in the file's size. */
import { isUtf8 } from 'node:buffer';
import type { ParquetScan } from 'hyparquet';
import { parquetScan } from 'hyparquet';
import * as z from 'zod';
import type { Row, Rows } from './file-reader.ts';
import type { KeyEncoding } from './keys.ts';
import { decodeKey, keyFault } from './keys.ts';
import type { ParquetColumn, ParquetColumns } from './parquet-columns.ts';
import { columnsIn, compressors } from './parquet-columns.ts';
import type { ParquetFile } from './parquet-file.ts';
import { asParquet, openParquetFile } from './parquet-file.ts';
import type { RowGroup } from './parquet-groups.ts';
import { rowGroupsOf } from './parquet-groups.ts';
import type { Verdict } from './row.ts';
import type { Cursor, Entry, FileRef, ReadOptions, SourcePorts } from './source.ts';

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
  // What is current is copied, be it another version by then: as `RowRules` has it.
  if (format.versions === 'latest' && columns.isLatest !== undefined) delete columns.versionId;
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
  readonly #groups: RowGroup[];
  /** The next one, from 0. */
  #row: number;
  /** Rows `start` to `end` are decoded. */
  #values: Values = {};
  #start = 0;
  #end = 0;
  #group: RowGroup | undefined;

  constructor(file: ParquetFile, scan: ParquetScan, columns: ParquetColumns, format: ParquetFormat, row: number) {
    this.name = file.name;
    this.#file = file;
    this.#scan = scan;
    this.#columns = columns;
    this.#format = format;
    this.#row = row;
    this.#groups = rowGroupsOf(file.metadata, Object.values(columns));
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
    const group = this.#groups.find(({ end }) => row < end);
    if (!group) return false;
    if (group !== this.#group) this.#file.buffer.keep(group.shared);
    this.#group = group;
    const end = Math.min(group.end, row + group.rowsAtOnce);
    this.#values = await asParquet(this.name, () => this.#decode(row, end));
    [this.#start, this.#end] = [row, end];
    return true;
  }

  hasMore(): Promise<boolean> {
    return Promise.resolve(this.#row < (this.#groups.at(-1)?.end ?? 0));
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
  if (typeof versionId === 'string' && versionId !== '') entry.versionId = versionId;
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
