/**
 * One column of one row group of a Parquet file, decoded page by page: its dictionary and a page of some ten thousand values are all it
 * holds.
 */
import type { AsyncBuffer, ColumnMetaData, SchemaTree } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { CopyError } from '../../copy/model/errors.ts';
import type { Decoder, Header } from './page.ts';
import { checkHeader, decodeData, decodeDictionary, rowsOf } from './page.ts';
import { structEnd, Unfinished } from './thrift.ts';
import { compressors, parsers } from './values.ts';

/** Bytes per request; many pages are as long, most columns of an inventory shorter. */
const stretchBytes = 1024 * 1024;

/** Most page headers are shorter; long statistics make some longer. */
const headerBytes = 64 * 1024;
const mostHeaderBytes = 16 * 1024 * 1024;

export class ColumnReader {
  readonly #file: AsyncBuffer;
  readonly #decoder: Decoder;
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
  readonly #groupStart: number;
  readonly #groupEnd: number;
  /** In the row group, from 1. */
  #page = 0;

  /** @param rows of the row group, counted in the file from 0; the last is `end` - 1. */
  constructor(
    file: AsyncBuffer,
    schema: SchemaTree,
    column: SchemaTree,
    meta: ColumnMetaData,
    { start, end }: { start: number; end: number },
  ) {
    if (meta.type !== column.element.type) throw new Error(`the column ${column.element.name} is of two types`);
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
    this.#first = this.#behind = start;
    this.#groupStart = start;
    this.#groupEnd = end;
  }

  /** The first row behind those that are decoded. */
  get behind(): number {
    return this.#behind;
  }

  /** Of a row that is decoded; undefined or null for none. */
  valueAt(row: number): unknown {
    return this.#values[row - this.#first];
  }

  /** Decodes the page that has the row; those before are passed over. @throws Error that names the page. */
  async goTo(row: number): Promise<void> {
    while (this.#behind <= row) {
      this.#page += 1;
      try {
        await this.#takePage(row);
      } catch (error) {
        if (error instanceof CopyError) throw error;
        const why = error instanceof Error ? error.message : String(error);
        const group = `rows ${this.#groupStart + 1} to ${this.#groupEnd}`;
        const page = `page ${this.#page} of the column ${this.#decoder.element.name} (row group of ${group})`;
        throw new Error(`${page}: ${why}`, { cause: error });
      }
    }
  }

  async #takePage(row: number): Promise<void> {
    const header = await this.#header();
    checkHeader(header, this.#groupEnd - this.#behind);
    const rows = rowsOf(header);
    if (header.type === 'DICTIONARY_PAGE') {
      if (this.#dictionary) throw new Error('it is a second dictionary');
      this.#dictionary = decodeDictionary(await this.#bytes(header), header, this.#decoder);
    } else if (rows === 0 || this.#behind + rows <= row) {
      this.#passOver(header.compressed_page_size);
      this.#behind += rows;
    } else {
      this.#values = decodeData(await this.#bytes(header), header, this.#decoder, this.#dictionary);
      this.#first = this.#behind;
      this.#behind += rows;
    }
  }

  async #header(): Promise<Header> {
    for (let wanted = headerBytes; ; wanted *= 4) {
      await this.#have(wanted);
      const { view, offset } = this.#reader;
      if (offset >= view.byteLength) throw new Error('the column ends before its last row');
      try {
        structEnd(new Uint8Array(view.buffer), offset);
        return parquetHeader(this.#reader);
      } catch (error) {
        // It may go on in what is not read yet.
        if (!(error instanceof Unfinished) || this.#at >= this.#end) throw error;
        if (wanted >= mostHeaderBytes)
          throw new Error(`its header is longer than ${mostHeaderBytes} bytes`, { cause: error });
      }
    }
  }

  /** Of the page behind its header. */
  async #bytes({ compressed_page_size: length }: Header): Promise<Uint8Array> {
    await this.#have(length);
    const { view, offset } = this.#reader;
    if (view.byteLength - offset < length) throw new Error('the column ends within it');
    this.#reader.offset += length;
    return new Uint8Array(view.buffer, offset, length);
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
