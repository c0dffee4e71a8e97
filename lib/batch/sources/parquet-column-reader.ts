/** One column of one row group of a Parquet file, decoded page by page: a page of some ten thousand values is all it holds. */
import type { AsyncBuffer, ColumnMetaData, SchemaTree } from 'hyparquet';
import { parquetHeader, readPage } from 'hyparquet/src/column.js';
import { convert, DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { compressors, parsers } from './parquet-values.ts';

type Header = ReturnType<typeof parquetHeader>;

/** Bytes per request; many pages are as long, most columns of an inventory shorter. */
const stretchBytes = 1024 * 1024;

/** No header of a page is longer, but for those that carry long texts as statistics. */
const headerBytes = 64 * 1024;

export class ColumnReader {
  readonly #file: AsyncBuffer;
  readonly #decoder: Parameters<typeof readPage>[2];
  /** What was read and is not decoded yet. */
  #reader = { view: new DataView(new ArrayBuffer(0)), offset: 0 };
  /** Of the file: what is not read yet. */
  #at: number;
  readonly #end: number;
  #dictionary: ArrayLike<unknown> | undefined;
  /** The decoded page: its values, and their rows. */
  #values: ArrayLike<unknown> = [];
  #first: number;
  #behind: number;

  /** @param row the first one of the row group, counted in the file from 0. */
  constructor(file: AsyncBuffer, schema: SchemaTree, column: SchemaTree, meta: ColumnMetaData, row: number) {
    this.#file = file;
    this.#decoder = {
      ...meta,
      pathInSchema: meta.path_in_schema,
      element: column.element,
      schemaPath: [schema, column],
      parsers: { ...DEFAULT_PARSERS, ...parsers },
      compressors,
    };
    this.#at = Number(meta.dictionary_page_offset || meta.data_page_offset);
    this.#end = this.#at + Number(meta.total_compressed_size);
    this.#first = this.#behind = row;
  }

  /** The first row behind those that are decoded. */
  get behind(): number {
    return this.#behind;
  }

  /** Of a row that is decoded; undefined or null for none. */
  valueAt(row: number): unknown {
    return this.#values[row - this.#first];
  }

  /** Decodes the page that has the row; those before are passed over. */
  async goTo(row: number): Promise<void> {
    while (this.#behind <= row) {
      const header = await this.#header();
      const size = header.compressed_page_size;
      const rows = header.data_page_header?.num_values ?? header.data_page_header_v2?.num_rows ?? 0;
      if (header.type === 'DICTIONARY_PAGE') {
        this.#dictionary = convert(await this.#decode(header), this.#decoder);
      } else if (rows === 0 || this.#behind + rows <= row) {
        this.#passOver(size);
        this.#behind += rows;
      } else {
        const values = await this.#decode(header);
        if (values.length !== rows) throw new Error(`a page has ${values.length} values of ${rows}`);
        this.#values = values;
        this.#first = this.#behind;
        this.#behind += rows;
      }
    }
  }

  async #header(): Promise<Header> {
    for (let wanted = headerBytes; ; wanted *= 4) {
      await this.#have(wanted);
      const { view, offset } = this.#reader;
      if (offset >= view.byteLength)
        throw new Error(`the column ${this.#decoder.element.name} ends before its last row`);
      try {
        const header = parquetHeader(this.#reader);
        if (header.compressed_page_size >= 0) return header;
        throw new Error('a page is shorter than nothing');
      } catch (error) {
        // It may go on in what is not read yet.
        if (this.#at >= this.#end) throw error;
        this.#reader.offset = offset;
      }
    }
  }

  async #decode(header: Header): Promise<DecodedValues> {
    await this.#have(header.compressed_page_size);
    const { data } = readPage(this.#reader, header, this.#decoder, this.#dictionary as DecodedValues, undefined, 0);
    if (!data) throw new Error('a page has no values');
    return data;
  }

  /** Reads on, so that at least so many bytes are there, or all that the column has. */
  async #have(bytes: number): Promise<void> {
    const { view, offset } = this.#reader;
    const left = view.byteLength - offset;
    if (left >= bytes || this.#at >= this.#end) return;
    const until = Math.min(this.#end, this.#at + Math.max(stretchBytes, bytes - left));
    const read = new Uint8Array(await this.#file.slice(this.#at, until));
    const joined = new Uint8Array(left + read.length);
    joined.set(new Uint8Array(view.buffer, offset, left));
    joined.set(read, left);
    this.#reader = { view: new DataView(joined.buffer), offset: 0 };
    this.#at = until;
  }

  /** Bytes that were not read need not be. */
  #passOver(bytes: number): void {
    const { view, offset } = this.#reader;
    const left = view.byteLength - offset;
    this.#reader.offset += Math.min(left, bytes);
    this.#at += Math.max(0, bytes - left);
  }
}

type DecodedValues = NonNullable<ReturnType<typeof readPage>['data']>;
