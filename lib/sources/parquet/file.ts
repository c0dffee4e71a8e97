/** A Parquet file behind the port: its length and checksum, and reads of the stretches that the reader asks for. */
import type { AsyncBuffer, FileMetaData, SchemaElement } from 'hyparquet';
import { parquetMetadata, parquetSchema } from 'hyparquet';
import { CopyError, GiveUp } from '../../copy/model/errors.ts';
import type { CallOptions } from '../../copy/model/ports.ts';
import { nameOf, openBytes, readingError } from '../shared/bytes.ts';
import type { FileRef, SourcePorts } from '../shared/source.ts';
import { structEnd } from './thrift.ts';

export interface ParquetFile {
  name: string;
  buffer: AsyncBuffer;
  metadata: FileMetaData;
}

/**
 * Reads the footer, after a reading of all bytes where an MD5 is given, or no size.
 * @throws GiveUp VerificationFailed for another MD5; GiveUp BadRequest for what is no Parquet file; RetryLater.
 */
export async function openParquetFile(
  ports: SourcePorts,
  file: FileRef,
  { size, md5 }: { size?: number; md5?: string },
  options: CallOptions,
): Promise<ParquetFile> {
  const name = nameOf(file);
  const isMeasured = md5 !== undefined || size === undefined;
  const byteLength = isMeasured ? await measure(ports, file, md5, options) : size;
  if (size !== undefined && byteLength !== size)
    throw new GiveUp('BadRequest', `${name} has ${byteLength} bytes, the inventory's manifest says ${size}.`);
  const buffer: AsyncBuffer = {
    byteLength,
    slice: async (start, end = byteLength) => {
      if (!(start >= 0 && start < end && end <= byteLength))
        throw new Error(`it has ${byteLength} bytes, and ${start} to ${end} are asked for`);
      return await readStretch(ports, file, start, end, options);
    },
  };
  return { name, buffer, metadata: await asParquet(name, () => readFooter(buffer)) };
}

/** Read at once: most footers are shorter. */
const tailBytes = 512 * 1024;

/** A file of some thousand row groups has as much. */
const mostFooterBytes = 16 * 1024 * 1024;
const mostColumns = 1000;

async function readFooter(buffer: AsyncBuffer): Promise<FileMetaData> {
  const { byteLength } = buffer;
  if (byteLength < 12) throw new Error(`it has ${byteLength} bytes`);
  let tail = Buffer.from(await buffer.slice(Math.max(0, byteLength - tailBytes), byteLength));
  if (tail.toString('latin1', tail.length - 4) !== 'PAR1') throw new Error('it does not end with PAR1');
  const length = tail.readUInt32LE(tail.length - 8);
  if (length > Math.min(mostFooterBytes, byteLength - 8))
    throw new Error(`its footer has ${length} bytes of ${byteLength}; at most ${mostFooterBytes} are read here`);
  if (length + 8 > tail.length) tail = Buffer.from(await buffer.slice(byteLength - length - 8, byteLength));
  const footer = tail.subarray(tail.length - 8 - length);
  structEnd(footer.subarray(0, length), 0);
  const metadata = parquetMetadata(footer, { geoparquet: false });
  if (metadata.schema.length > mostColumns) throw new Error(`it has more than ${mostColumns} columns`);
  let rows = 0n;
  for (const { num_rows } of metadata.row_groups) {
    if (num_rows < 0n) throw new Error(`it has a row group of ${num_rows} rows`);
    rows += num_rows;
  }
  if (rows !== metadata.num_rows || rows > Number.MAX_SAFE_INTEGER)
    throw new Error(`it has ${rows} rows of ${metadata.num_rows}`);
  return metadata;
}

/** Columns by name. Those that are groups of others have no type. */
export function columnElements(metadata: FileMetaData): Map<string, SchemaElement> {
  return new Map(parquetSchema(metadata).children.map(({ element }) => [element.name, element]));
}

/** Whatever the reader stumbles over is the file's fault, unless the reading itself failed. */
export async function asParquet<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof CopyError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new GiveUp('BadRequest', `${name} cannot be read as a Parquet file: ${why}.`, { cause: error });
  }
}

/** Bytes of the whole file. */
async function measure(
  ports: SourcePorts,
  file: FileRef,
  md5: string | undefined,
  options: CallOptions,
): Promise<number> {
  const checked = md5 === undefined ? {} : { md5 };
  const { bytes } = await openBytes(ports, file, { ...options, from: 0, gzip: false, ...checked });
  let length = 0;
  for await (const chunk of bytes) length += chunk.length;
  return length;
}

async function readStretch(
  ports: SourcePorts,
  file: FileRef,
  start: number,
  end: number,
  options: CallOptions,
): Promise<ArrayBuffer> {
  const name = nameOf(file);
  const whole = new Uint8Array(end - start);
  let length = 0;
  try {
    for await (const chunk of await ports.stream(file, { ...options, from: start, to: end })) {
      whole.set(chunk.subarray(0, whole.length - length), length);
      length += chunk.length;
    }
  } catch (error) {
    throw readingError(error, name);
  }
  if (length !== whole.length)
    throw new GiveUp('BadRequest', `${name} ends within bytes ${start} to ${end - 1}, which belong to it.`);
  return whole.buffer;
}
