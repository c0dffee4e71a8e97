/** Which columns of a Parquet file say what, and whether they can be read. */
import type { SchemaElement } from 'hyparquet';
import { GiveUp } from '../../copy/model/errors.ts';
import { columnsOf } from '../shared/columns.ts';
import type { ParquetFile } from './file.ts';
import { columnElements } from './file.ts';
import { codecs } from './values.ts';

/** What a column has to be for what it says. */
const kinds = {
  bucket: 'text',
  key: 'text',
  versionId: 'text',
  etag: 'text',
  storageClass: 'text',
  size: 'number',
  lastModified: 'time',
  isLatest: 'boolean',
  isDeleteMarker: 'boolean',
} as const;
export type ParquetColumn = keyof typeof kinds;

/** Names in the file. */
export type ParquetColumns = Partial<Record<ParquetColumn, string>>;

const fits: Record<(typeof kinds)[ParquetColumn], (element: SchemaElement) => boolean> = {
  text: (element) => element.type === 'BYTE_ARRAY' && isText(element),
  number: (element) => (element.type === 'INT64' || element.type === 'INT32') && !isTime(element),
  time: (element) => element.type === 'INT96' || (element.type === 'INT64' && isTime(element)),
  boolean: ({ type }) => type === 'BOOLEAN',
};

/** Others are read as JSON, shapes or decimals by what decodes them. */
function isText({ converted_type, logical_type }: SchemaElement): boolean {
  return (
    [undefined, 'UTF8', 'ENUM'].includes(converted_type) && [undefined, 'STRING', 'ENUM'].includes(logical_type?.type)
  );
}

function isTime({ converted_type, logical_type }: SchemaElement): boolean {
  return converted_type?.startsWith('TIMESTAMP') === true || logical_type?.type === 'TIMESTAMP';
}

/**
 * The columns that are used, by what they say.
 * @throws GiveUp BadRequest without a key, for a column of another type than inventories have, or of another codec.
 */
export function columnsIn({ name, metadata }: ParquetFile): ParquetColumns {
  const elements = columnElements(metadata);
  const names = [...elements.keys()];
  const columns: ParquetColumns = {};
  const inOrder = Object.entries(columnsOf(names, name)).sort(([, a], [, b]) => a - b);
  for (const [column, at] of inOrder) {
    if (!Object.hasOwn(kinds, column)) continue;
    const [says, called] = [column as ParquetColumn, names[at] ?? ''];
    const element = elements.get(called);
    if (!element || element.repetition_type === 'REPEATED' || !fits[kinds[says]](element))
      throw new GiveUp('BadRequest', `${name}: its column ${called} is not of the type that inventories have.`);
    columns[says] = called;
  }
  for (const { columns: chunks } of metadata.row_groups) {
    for (const { meta_data } of chunks) {
      const [called = ''] = meta_data?.path_in_schema ?? [];
      if (!meta_data || codecs.includes(meta_data.codec) || !Object.values(columns).includes(called)) continue;
      const codec = meta_data.codec ?? 'what is unknown here';
      throw new GiveUp(
        'BadRequest',
        `${name}: its column ${called} is packed by ${codec}; only Snappy and gzip are read here.`,
      );
    }
  }
  return columns;
}
