/** The requests that the state table sends, as bytes. `test/unit/state/tablestore-bytes.test.ts` compares them with the SDK's. */
import type { Cell, KeyValue, Value } from './cells.ts';
import { valueBytes } from './cells.ts';
import { writeMessage } from './protobuf.ts';
import type { Key } from './read-rows.ts';
import { writeRow } from './write-row.ts';

export type Operation = 'PutRow' | 'UpdateRow' | 'DeleteRow' | 'GetRow' | 'BatchGetRow' | 'GetRange';

export interface Request {
  operation: Operation;
  body: Buffer;
}

const comparators = { '=': 1, '!=': 2, '>': 3, '>=': 4, '<': 5, '<=': 6 } as const;
const combinators = { and: 2, or: 3 } as const;

/** A condition on columns, already as bytes. */
export type Filter = Buffer;

/** Holds where the column has such a value; a row without the column does not pass. */
export function compare(column: string, comparator: keyof typeof comparators, value: Value): Filter {
  const body = writeMessage([
    [1, comparators[comparator]],
    [2, column],
    [3, valueBytes(value)],
    // filter_if_missing, latest_version_only
    [4, true],
    [5, true],
  ]);
  return writeMessage([
    [1, 1],
    [2, body],
  ]);
}

/** One to 10 filters, a limit of the service. */
export function combine(how: keyof typeof combinators, filters: readonly Filter[]): Filter {
  const [first, ...others] = filters;
  if (first && others.length === 0) return first;
  const body = writeMessage([
    [1, combinators[how]],
    [2, filters],
  ]);
  return writeMessage([
    [1, 2],
    [2, body],
  ]);
}

export interface Condition {
  /** Whether the row must be there, or must not be. */
  row: 'exists' | 'absent';
  filter?: Filter;
}

export function putRow(table: string, key: Key, columns: Record<string, Value>, condition: Condition): Request {
  return {
    operation: 'PutRow',
    body: writeMessage([
      [1, table],
      [2, writeRow({ key, cells: cellsOf(columns) })],
      [3, conditionBytes(condition)],
    ]),
  };
}

export interface RowChange {
  set?: Record<string, Value>;
  remove?: readonly string[];
  /** Adds to INTEGER columns; a missing one counts as 0. */
  add?: Record<string, number>;
}

/** @param giveBack columns of which the answer holds the new values */
export function updateRow(
  table: string,
  key: Key,
  { set = {}, remove = [], add = {} }: RowChange,
  condition: Condition,
  giveBack?: readonly string[],
): Request {
  const cells: Cell[] = [
    ...cellsOf(set),
    ...remove.map((name) => ({ name, change: 'remove' }) as const),
    ...cellsOf(add).map((cell) => ({ ...cell, change: 'increment' }) as const),
  ];
  const returnContent =
    giveBack &&
    writeMessage([
      // RT_AFTER_MODIFY
      [1, 2],
      [2, giveBack],
    ]);
  return {
    operation: 'UpdateRow',
    body: writeMessage([
      [1, table],
      [2, writeRow({ key, cells })],
      [3, conditionBytes(condition)],
      [4, returnContent],
    ]),
  };
}

export function deleteRow(table: string, key: Key, condition: Condition): Request {
  return {
    operation: 'DeleteRow',
    body: writeMessage([
      [1, table],
      [2, writeRow({ key, delete: true })],
      [3, conditionBytes(condition)],
    ]),
  };
}

export function getRow(table: string, key: Key): Request {
  return {
    operation: 'GetRow',
    body: writeMessage([
      [1, table],
      [2, writeRow({ key })],
      // max_versions
      [5, 1],
    ]),
  };
}

/** At most 100 keys, a limit of the service. */
export function batchGetRow(table: string, keys: readonly Key[]): Request {
  const one = writeMessage([
    [1, table],
    [2, keys.map((key) => writeRow({ key }))],
    [6, 1],
  ]);
  return { operation: 'BatchGetRow', body: writeMessage([[1, one]]) };
}

export interface Range {
  /** The first key. */
  from: Key;
  /** The key behind the last one. */
  to: Key;
  direction: 'forward' | 'backward';
  limit: number;
  filter?: Filter;
}

/** @param table its name, or the name of an index */
export function getRange(table: string, { from, to, direction, limit, filter }: Range): Request {
  return {
    operation: 'GetRange',
    body: writeMessage([
      [1, table],
      [2, direction === 'backward' ? 1 : 0],
      [5, 1],
      [6, limit],
      [7, writeRow({ key: from })],
      [8, writeRow({ key: to })],
      [10, filter],
    ]),
  };
}

/** A key from its columns, in the order in which the table or index has them. */
export function keyOf(columns: Record<string, KeyValue>): Key {
  return Object.entries(columns).map(([name, value]) => ({ name, value }));
}

function cellsOf(columns: Record<string, Value>): { name: string; value: Value }[] {
  return Object.entries(columns).map(([name, value]) => ({ name, value }));
}

function conditionBytes({ row, filter }: Condition): Buffer {
  return writeMessage([
    [1, row === 'exists' ? 1 : 2],
    [2, filter],
  ]);
}
