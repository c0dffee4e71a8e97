import { parquetWriteBuffer } from 'hyparquet-writer';

/** One row of an inventory, as S3 has it in Parquet. */
export interface InventoryRow {
  bucket?: string;
  key: string | Uint8Array;
  version_id?: string;
  is_latest?: boolean;
  is_delete_marker?: boolean;
  /** Bytes. */
  size?: number;
  /** Epoch milliseconds. */
  last_modified_date?: number;
  e_tag?: string;
  storage_class?: string;
}

type Options = Omit<Parameters<typeof parquetWriteBuffer>[0], 'columnData'> & {
  /** Whether the file has an index of its pages; without, columns are read as a whole. */
  offsetIndex?: boolean;
};

/** What stands in `fileSchema` of the manifest. */
export const parquetSchemaText =
  'message s3.inventory {  required binary bucket (STRING);  required binary key (STRING);  ' +
  'optional binary version_id (STRING);  optional boolean is_latest;  optional boolean is_delete_marker;  ' +
  'optional int64 size;  optional int64 last_modified_date (TIMESTAMP(MILLIS,true));  ' +
  'optional binary e_tag (STRING);  optional binary storage_class (STRING);}';

/** A Parquet file, packed by Snappy if nothing else is asked for. */
export function inventoryParquet(
  rows: InventoryRow[],
  { offsetIndex = true, ...options }: Options = {},
): Uint8Array<ArrayBuffer> {
  const text = (name: keyof InventoryRow, nullable: boolean) => {
    const data = rows.map((row) => row[name] ?? null);
    // The writer takes bytes only where no text is promised.
    const type = data.some((value) => value instanceof Uint8Array) ? ('BYTE_ARRAY' as const) : ('STRING' as const);
    return { name, data, type, nullable, offsetIndex };
  };
  const flag = (name: 'is_latest' | 'is_delete_marker') => ({
    ...{ name, data: rows.map((row) => row[name] ?? null), nullable: true, offsetIndex },
    type: 'BOOLEAN' as const,
  });
  const columnData = [
    { ...text('bucket', false), data: rows.map(({ bucket = 'photos' }) => bucket) },
    text('key', false),
    text('version_id', true),
    flag('is_latest'),
    flag('is_delete_marker'),
    {
      ...{ name: 'size', nullable: true, offsetIndex, type: 'INT64' as const },
      data: rows.map(({ size }) => (size === undefined ? null : BigInt(size))),
    },
    {
      ...{ name: 'last_modified_date', nullable: true, offsetIndex, type: 'TIMESTAMP' as const },
      data: rows.map(({ last_modified_date: time }) => (time === undefined ? null : new Date(time))),
    },
    text('e_tag', true),
    text('storage_class', true),
  ];
  return new Uint8Array(parquetWriteBuffer({ columnData, ...options }));
}
