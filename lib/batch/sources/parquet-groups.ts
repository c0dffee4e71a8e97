/** The row groups of a Parquet file, and how much of each is decoded at once. */
import type { ColumnChunk, FileMetaData } from 'hyparquet';
import type { ByteRange } from './parquet-file.ts';

/** Of what is decoded at once, in the file's encoding but unpacked. As objects it becomes a few times as much. */
const bytesAtOnce = 8 * 1024 * 1024;

/** However short: a text that stands in a dictionary takes no bytes in the rows. */
const rowsAtMost = 65_536;

export interface RowGroup {
  /** Rows of the file, from 0; `end` is the first one behind. */
  start: number;
  end: number;
  rowsAtOnce: number;
  /** What is read as a whole for any of its rows, when they are not decoded all at once. */
  shared: ByteRange[];
}

/** @param names of the columns that are read. */
export function rowGroupsOf({ row_groups }: FileMetaData, names: string[]): RowGroup[] {
  let rows = 0;
  return row_groups.map(({ columns, num_rows }) => {
    const [start, end] = [rows, rows + Number(num_rows)];
    rows = end;
    const used = columns.filter(({ meta_data }) => names.includes(meta_data?.path_in_schema[0] ?? ''));
    const bytes = used.reduce((sum, { meta_data }) => sum + Number(meta_data?.total_uncompressed_size ?? 0), 0);
    const share = Math.floor(((end - start) * bytesAtOnce) / Math.max(1, bytes));
    const rowsAtOnce = Math.min(rowsAtMost, Math.max(1, share));
    return { start, end, rowsAtOnce, shared: end - start > rowsAtOnce ? used.flatMap(sharedOf) : [] };
  });
}

/** The index of the pages; without one, no page is found but from the beginning of the column. */
function sharedOf({ meta_data, offset_index_offset, offset_index_length }: ColumnChunk): ByteRange[] {
  if (!meta_data) return [];
  if (offset_index_offset !== undefined && offset_index_length !== undefined) {
    const start = Number(offset_index_offset);
    return [{ start, end: start + offset_index_length }];
  }
  const start = Number(meta_data.dictionary_page_offset || meta_data.data_page_offset);
  return [{ start, end: start + Number(meta_data.total_compressed_size) }];
}
