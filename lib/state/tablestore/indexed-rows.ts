import { readBatch, readRange } from '../tablestore-client/answers.ts';
import type { TablestoreClient } from '../tablestore-client/client.ts';
import type { Key, Row } from '../tablestore-client/read-rows.ts';
import type { Filter, Range } from '../tablestore-client/requests.ts';
import { batchGetRow, getRange, keyOf } from '../tablestore-client/requests.ts';

export interface IndexRange {
  index: string;
  from: Key;
  to: Key;
  direction: Range['direction'];
  filter?: Filter;
  /** Rows that the caller wants; a page holds no more than this, and at most 50. */
  limit: number;
}

/** Rows of one answer stay far below the 4 MB that it may have. */
const largestPage = 50;

/**
 * Rows of the table by the order of an index, page by page. The index may be behind: it can lack a row, name one that is gone, or
 * name one twice, under an old key and under the new one. So each row is read from the table itself, once, and the caller looks
 * whether it still is what the index said.
 */
export async function* indexedRows(
  client: TablestoreClient,
  table: string,
  { index, limit, ...range }: IndexRange,
): AsyncGenerator<Row[]> {
  const seen = new Set<string>();
  let from: Key | undefined = range.from;
  while (from) {
    const request = getRange(index, { ...range, from, limit: Math.min(limit, largestPage) });
    const page = await client.call(request, readRange, { repeatUnknown: true });
    const ids = [...new Set(page.rows.map(({ id }) => String(id)))].filter((id) => !seen.has(id));
    for (const id of ids) seen.add(id);
    if (ids.length > 0) yield await rowsOf(client, table, ids);
    from = page.next;
  }
}

/** Rows in the order of the ids; those that are gone are left out. */
async function rowsOf(client: TablestoreClient, table: string, ids: readonly string[]): Promise<Row[]> {
  const request = batchGetRow(
    table,
    ids.map((id) => keyOf({ id })),
  );
  const rows = await client.call(request, (answer, subject) => readBatch(answer, subject, ids.length), {
    repeatUnknown: true,
  });
  const byId = new Map(rows.map((row) => [row['id'], row]));
  return ids.map((id) => byId.get(id)).filter((row) => row !== undefined);
}
