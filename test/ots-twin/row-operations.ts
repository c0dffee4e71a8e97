/** The operations on rows. Messages are decoded and encoded by the SDK's classes. */
import { passes } from './filters.ts';
import type { Cell, PlainRow, Value } from './plain-buffer.ts';
import { parseRows, serializeRows } from './plain-buffer.ts';
import { conditionFailed, invalid, Refusal } from './refusal.ts';
import { messageClass } from './sdk.ts';
import type { Columns, Table } from './table.ts';
import { compareKeys } from './table.ts';

/** Tables by name, and by the names of their indexes. */
export interface Tables {
  table(name: string): Table;
  /** What a range is read from. */
  rows(name: string): { key: Cell[]; columns: Columns }[];
}

interface ConditionMessage {
  rowExistence: number;
  columnCondition?: Buffer;
}

const consumed = { capacityUnit: { read: 1, write: 0 } };
const wrote = { capacityUnit: { read: 0, write: 1 } };
/** Most rows, and most bytes, of one page of a range. */
const mostRows = 5_000;
const mostBytes = 4 * 1024 * 1024;

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Decoded = any;

export const rowOperations: Record<string, (tables: Tables, message: Decoded) => object> = {
  PutRow(tables, { tableName, row, condition }) {
    const table = tables.table(tableName as string);
    const { key, cells } = oneRow(row as Buffer);
    const id = table.keyOf(key);
    check(condition as ConditionMessage, table.row(id));
    table.write(id, new Map(cells.map(({ name, value }) => [name, value as Value])));
    return { consumed: wrote };
  },

  UpdateRow(tables, { tableName, rowChange, condition, returnContent }) {
    const table = tables.table(tableName as string);
    const { key, cells } = oneRow(rowChange as Buffer);
    const id = table.keyOf(key);
    const before = table.row(id);
    check(condition as ConditionMessage, before);
    const after = updated(before, cells);
    table.write(id, after);
    if (returnContent?.returnType !== 2) return { consumed: wrote };
    // Of columns that the request does not name, the documentation says nothing: the twin keeps them back.
    const written = new Set(cells.map(({ name }) => name));
    const asked = (returnContent.returnColumnNames as string[]).filter((name) => written.has(name) && after.has(name));
    const back = asked.map((name) => [name, after.get(name) as Value] as const);
    return { consumed: wrote, row: serializeRows([{ key, cells: cellsOf(new Map(back)) }]) };
  },

  DeleteRow(tables, { tableName, primaryKey, condition }) {
    const table = tables.table(tableName as string);
    const { key, deleted } = oneRow(primaryKey as Buffer);
    if (!deleted) throw invalid('DeleteRow without a delete marker.');
    const id = table.keyOf(key);
    check(condition as ConditionMessage, table.row(id));
    table.write(id, undefined);
    return { consumed: wrote };
  },

  GetRow(tables, { tableName, primaryKey }) {
    return { consumed, row: found(tables.table(tableName as string), primaryKey as Buffer) };
  },

  BatchGetRow(tables, { tables: asked }) {
    const parts = asked as { tableName: string; primaryKey: Buffer[] }[];
    const count = parts.reduce((sum, { primaryKey }) => sum + primaryKey.length, 0);
    if (count > 100) throw invalid('Rows count exceeds the upper limit: 100.');
    return {
      tables: parts.map(({ tableName, primaryKey }) => ({
        tableName,
        rows: primaryKey.map((key) => ({ isOk: true, consumed, row: found(tables.table(tableName), key) })),
      })),
    };
  },

  GetRange(tables, { tableName, direction, limit, filter, inclusiveStartPrimaryKey, exclusiveEndPrimaryKey }) {
    const backward = direction === 1;
    const from = oneRow(inclusiveStartPrimaryKey as Buffer).key;
    const to = oneRow(exclusiveEndPrimaryKey as Buffer).key;
    const order = (a: readonly Cell[], b: readonly Cell[]) => (backward ? -1 : 1) * compareKeys(a, b);
    if (order(from, to) > 0) throw invalid('Begin key must be before end key.');
    const rows = tables.rows(tableName as string);
    if (backward) rows.reverse();
    const inside = rows.filter(({ key }) => order(key, from) >= 0 && order(key, to) < 0);
    const most = Math.min((limit as number) || mostRows, mostRows);
    const page: { key: Cell[]; cells: Cell[] }[] = [];
    let [at, size] = [0, 0];
    // `limit` counts the rows that were looked at, so that a filter may leave a page empty.
    for (; at < inside.length && at < most && size < mostBytes; at += 1) {
      const { key, columns } = inside[at] as (typeof inside)[number];
      if ((filter as Buffer).length > 0 && !passes(filter as Buffer, columns)) continue;
      page.push({ key, cells: cellsOf(columns) });
      size += sizeOf(columns);
    }
    const next = inside[at];
    return {
      consumed,
      rows: serializeRows(page),
      ...(next && { nextStartPrimaryKey: serializeRows([{ key: next.key }]) }),
    };
  },
};

/** The class of an operation's request is `NAMERequest`, that of its answer `NAMEResponse`. */
export function encodeAnswer(operation: string, fields: object): Buffer {
  return Buffer.from(messageClass(`${operation}Response`).encode(fields).finish());
}

function oneRow(bytes: Buffer): PlainRow {
  const [row, ...others] = parseRows(bytes);
  if (!row || others.length > 0) throw invalid('The request must hold exactly one row.');
  return row;
}

function found(table: Table, primaryKey: Buffer): Buffer {
  const { key } = oneRow(primaryKey);
  const columns = table.row(table.keyOf(key));
  return columns ? serializeRows([{ key, cells: cellsOf(columns) }]) : Buffer.alloc(0);
}

function check({ rowExistence, columnCondition }: ConditionMessage, row: Columns | undefined): void {
  if (rowExistence === 1 && !row) throw conditionFailed();
  if (rowExistence === 2 && row) throw conditionFailed();
  if (!columnCondition || columnCondition.length === 0) return;
  if (rowExistence === 2) throw invalid('A column condition needs a row.');
  if (!row || !passes(columnCondition, row)) throw conditionFailed();
}

function updated(before: Columns | undefined, cells: readonly Cell[]): Map<string, Value> {
  if (cells.length === 0) throw invalid('No column is updated.');
  const after = new Map(before);
  const named = new Set<string>();
  for (const { name, value, type } of cells) {
    if (named.has(name)) throw invalid(`Column ${name} is changed twice.`);
    named.add(name);
    if (type === 1) after.delete(name);
    else if (type === 4) {
      const was = after.get(name) ?? 0n;
      if (typeof was !== 'bigint' || typeof value !== 'bigint')
        throw invalid(`Column ${name} is no INTEGER to be incremented.`);
      after.set(name, was + value);
    } else if (type === undefined) after.set(name, value as Value);
    else throw new Refusal(400, 'OTSUnsupportOperation', `The twin does not know change ${type} of a cell.`);
  }
  return after;
}

function cellsOf(columns: Columns): Cell[] {
  return [...columns].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => ({ name, value, timestamp: 1n }));
}

function sizeOf(columns: Columns): number {
  let size = 64;
  for (const [name, value] of columns) size += name.length + Buffer.byteLength(String(value));
  return size;
}
