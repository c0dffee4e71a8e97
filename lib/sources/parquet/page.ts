/** Decodes one page of a column without nesting, after it was checked that what comes of it fits into memory. */
import type { DecodedArray, SchemaElement } from 'hyparquet';
import type { parquetHeader } from 'hyparquet/src/column.js';
import { convert } from 'hyparquet/src/convert.js';
import { decompressPage } from 'hyparquet/src/datapage.js';
import { readPlain } from 'hyparquet/src/plain.js';
import type { PageReader } from './runs.ts';
import { decodeDifferences, decodeRuns } from './runs.ts';

export type Header = ReturnType<typeof parquetHeader>;
export type Decoder = Parameters<typeof convert>[1];

/** Writers begin another page after 1 MiB or so. */
const mostBytes = 64 * 1024 * 1024;
const mostRows = 4_000_000;
/** Each is a string of its own, unlike those that a page takes from the dictionary: five such columns fit into 400 MB. */
const mostTexts = 500_000;
const mostTextBytes = 16 * 1024 * 1024;

/** Values of a data page, none and nulls included; 0 for other pages. */
export function rowsOf(header: Header): number {
  if (header.type === 'DATA_PAGE') return header.data_page_header?.num_values ?? 0;
  if (header.type === 'DATA_PAGE_V2') return header.data_page_header_v2?.num_values ?? 0;
  return 0;
}

/** @throws Error for a page that is too large, or has more rows than are left of the row group. */
export function checkHeader(header: Header, rowsLeft: number): void {
  const { compressed_page_size: packed, uncompressed_page_size: unpacked } = header;
  for (const size of [packed, unpacked]) within('bytes', size, mostBytes);
  const rows = rowsOf(header);
  within('rows', rows, mostRows);
  if (rows > rowsLeft) throw new Error(`it has ${rows} rows where ${rowsLeft} are left of the row group`);
  const v2 = header.data_page_header_v2;
  if (!v2) return;
  if (v2.num_rows !== v2.num_values) throw new Error(`it has ${v2.num_values} values in ${v2.num_rows} rows`);
  const { repetition_levels_byte_length: repetitions, definition_levels_byte_length: definitions } = v2;
  for (const size of [repetitions, definitions]) within('bytes', size, packed);
  within('bytes', repetitions + definitions, Math.min(packed, unpacked));
}

function within(what: string, value: unknown, most: number): void {
  if (!(typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most))
    throw new Error(`it has ${String(value)} ${what}; at most ${most} are read here`);
}

/** @param bytes of the page, as they are stored; their header was checked. */
export function decodeDictionary(bytes: Uint8Array, header: Header, decoder: Decoder): DecodedArray {
  const { element, type, codec, compressors } = decoder;
  const page = decompressPage(bytes, header.uncompressed_page_size, codec, compressors);
  const count = header.dictionary_page_header?.num_values ?? 0;
  checkTexts(count, page.length);
  return convert(readPlain(readerOf(page), type, count, element.type_length), decoder);
}

/** One value a row, null for none. As `decodeDictionary`. */
export function decodeData(
  bytes: Uint8Array,
  header: Header,
  decoder: Decoder,
  dictionary: ArrayLike<unknown> | undefined,
): ArrayLike<unknown> {
  const { reader, levels, encoding } = opened(bytes, header, decoder);
  const rows = rowsOf(header);
  const count = levels ? ones(levels) : rows;
  const values = valuesIn(reader, encoding, count, decoder, dictionary);
  if (values.length !== count) throw new Error(`it has ${values.length} values of ${count}`);
  if (!levels || count === rows) return values;
  const all: unknown[] = new Array(rows);
  let next = 0;
  for (let row = 0; row < rows; row += 1) all[row] = levels[row] === 1 ? values[next++] : null;
  return all;
}

function ones(levels: Uint32Array): number {
  let count = 0;
  for (const level of levels) count += level;
  return count;
}

function checkTexts(count: number, bytes: number): void {
  within('values of their own', count, mostTexts);
  within('bytes of text', bytes, mostTextBytes);
}

interface Opened {
  reader: PageReader;
  /** 1 for a value, 0 for none; undefined where there is always one. */
  levels: Uint32Array | undefined;
  encoding: string;
}

/** The page behind its levels. */
function opened(bytes: Uint8Array, header: Header, { element, codec, compressors }: Decoder): Opened {
  const isOptional = element.repetition_type !== 'REQUIRED';
  const [rows, unpacked] = [rowsOf(header), header.uncompressed_page_size];
  const v2 = header.type === 'DATA_PAGE_V2' ? header.data_page_header_v2 : undefined;
  if (v2) {
    const { repetition_levels_byte_length: from, definition_levels_byte_length: length } = v2;
    const levels = isOptional ? levelsIn(readerOf(bytes.subarray(from, from + length)), rows) : undefined;
    const rest = bytes.subarray(from + length);
    const page = v2.is_compressed ? decompressPage(rest, unpacked - from - length, codec, compressors) : rest;
    return { reader: readerOf(page), levels, encoding: v2.encoding };
  }
  if (!header.data_page_header) throw new Error('it has no header of values');
  const reader = readerOf(decompressPage(bytes, unpacked, codec, compressors));
  const { encoding } = header.data_page_header;
  if (!isOptional) return { reader, levels: undefined, encoding };
  const behind = 4 + reader.view.getUint32(0, true);
  reader.offset = 4;
  const levels = levelsIn(reader, rows);
  reader.offset = behind;
  return { reader, levels, encoding };
}

function levelsIn(reader: PageReader, rows: number): Uint32Array {
  const levels = decodeRuns(reader, 1, rows);
  if (levels.some((level) => level > 1)) throw new Error('its levels are those of a nested column');
  return levels;
}

function valuesIn(
  reader: PageReader,
  encoding: string,
  count: number,
  decoder: Decoder,
  dictionary: ArrayLike<unknown> | undefined,
): ArrayLike<unknown> {
  const { element, type } = decoder;
  if (count === 0) return [];
  if (encoding === 'PLAIN_DICTIONARY' || encoding === 'RLE_DICTIONARY') {
    if (!dictionary) throw new Error('it needs a dictionary, and there is none');
    const width = reader.view.getUint8(reader.offset);
    reader.offset += 1;
    const places = decodeRuns(reader, width, count);
    const values: unknown[] = new Array(count);
    for (let n = 0; n < count; n += 1) values[n] = dictionary[places[n] ?? 0];
    return values;
  }
  if (encoding === 'RLE' && type === 'BOOLEAN') {
    reader.offset += 4;
    return Array.from(decodeRuns(reader, 1, count), (bit) => bit === 1);
  }
  if (type === 'BYTE_ARRAY') checkTexts(count, reader.view.byteLength);
  return convert(decodedAs(encoding, reader, count, type, element), decoder);
}

function decodedAs(
  encoding: string,
  reader: PageReader,
  count: number,
  type: Decoder['type'],
  element: SchemaElement,
): DecodedArray {
  if (encoding === 'PLAIN') return readPlain(reader, type, count, element.type_length);
  if (encoding === 'DELTA_BINARY_PACKED' && type === 'INT32') return decodeDifferences(reader, new Int32Array(count));
  if (encoding === 'DELTA_BINARY_PACKED' && type === 'INT64')
    return decodeDifferences(reader, new BigInt64Array(count));
  if (encoding === 'DELTA_LENGTH_BYTE_ARRAY' && type === 'BYTE_ARRAY') {
    const lengths = decodeDifferences(reader, new Int32Array(count));
    return Array.from(lengths, (length) => take(reader, length));
  }
  if (encoding === 'DELTA_BYTE_ARRAY' && type === 'BYTE_ARRAY') return decodePrefixed(reader, count);
  throw new Error(`it is encoded by ${encoding} in a column of ${type}, which is not read here`);
}

/** Texts that begin like the one before. */
function decodePrefixed(reader: PageReader, count: number): Uint8Array[] {
  const prefixes = decodeDifferences(reader, new Int32Array(count));
  const suffixes = decodeDifferences(reader, new Int32Array(count));
  const texts: Uint8Array[] = [];
  let [last, bytes] = [new Uint8Array(0), 0];
  for (let n = 0; n < count; n += 1) {
    const [prefix = 0, suffix = 0] = [prefixes[n], suffixes[n]];
    if (prefix < 0 || prefix > last.length)
      throw new Error(`it has a text that shares ${prefix} bytes of ${last.length}`);
    bytes += prefix + suffix;
    within('bytes of text', bytes, mostTextBytes);
    const text = new Uint8Array(prefix + suffix);
    text.set(last.subarray(0, prefix));
    text.set(take(reader, suffix), prefix);
    texts.push(text);
    last = text;
  }
  return texts;
}

function take(reader: PageReader, length: number): Uint8Array {
  const { view } = reader;
  if (length < 0 || length > view.byteLength - reader.offset)
    throw new Error(`it ends within a text of ${length} bytes`);
  const bytes = new Uint8Array(view.buffer, view.byteOffset + reader.offset, length);
  reader.offset += length;
  return bytes;
}

function readerOf(bytes: Uint8Array): PageReader {
  return { view: new DataView(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
}
