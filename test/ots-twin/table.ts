import type { Bound, Cell, Value } from './plain-buffer.ts';
import { compareBounds } from './plain-buffer.ts';
import { invalid, Refusal } from './refusal.ts';

/** As `lib/state/tablestore/schema.ts` spells it; more is not needed here. */
export interface TableShape {
  name: string;
  primaryKey: readonly { name: string; type: string }[];
  definedColumns: readonly { name: string; type: string }[];
  indexes: readonly { name: string; primaryKey: readonly string[]; columns: readonly string[] }[];
}

export type Columns = ReadonlyMap<string, Value>;

/** A row between two writes. An index shows it from `from` plus its lag to `to` plus its lag. */
interface Version {
  columns: Columns;
  from: number;
  to: number;
}

export interface IndexLag {
  /** How long a new entry of an index takes to appear, milliseconds. */
  additionsMs: number;
  /** How long an old entry takes to go. */
  removalsMs: number;
}

const jsType: Record<string, string> = { INTEGER: 'bigint', STRING: 'string', BOOLEAN: 'boolean', DOUBLE: 'number' };
const longestKey = 1_024;
const longestValue = 2 * 1024 * 1024;

/** One table with its global indexes, which follow it later. */
export class Table {
  readonly shape: TableShape;
  /** By the JSON of the key; the last version is the row as it is, if its `to` is infinite. */
  readonly #rows = new Map<string, { key: Value[]; versions: Version[] }>();
  readonly #now: () => number;
  readonly #lag: IndexLag;

  constructor(shape: TableShape, now: () => number, lag: IndexLag) {
    this.shape = shape;
    this.#now = now;
    this.#lag = lag;
  }

  /** The values of a key that names one row. @throws Refusal OTSInvalidPK. */
  keyOf(cells: readonly Cell[]): Value[] {
    const values = cells.map(({ name, value }, n) => {
      const column = this.shape.primaryKey[n];
      const isRight = column?.name === name && typeof value === jsType[column.type];
      if (!isRight) throw new Refusal(400, 'OTSInvalidPK', `Primary key schema mismatch at column ${name}.`);
      if (Buffer.byteLength(String(value)) > longestKey)
        throw invalid(`The length of primary key column ${name} is too large.`);
      return value as Value;
    });
    if (values.length !== this.shape.primaryKey.length)
      throw new Refusal(400, 'OTSInvalidPK', 'The number of primary key columns is wrong.');
    return values;
  }

  row(key: readonly Value[]): Columns | undefined {
    const last = this.#rows.get(text(key))?.versions.at(-1);
    return last?.to === Infinity ? last.columns : undefined;
  }

  /** Writes or, with `undefined`, deletes a row. @throws Refusal when a column may not hold its value. */
  write(key: Value[], columns: Columns | undefined): void {
    for (const [name, value] of columns ?? []) this.#check(name, value);
    const now = this.#now();
    const entry = this.#rows.get(text(key)) ?? { key, versions: [] };
    const last = entry.versions.at(-1);
    if (last?.to === Infinity) last.to = now;
    if (columns) entry.versions.push({ columns, from: now, to: Infinity });
    entry.versions = entry.versions.filter(({ to }) => to + this.#lag.removalsMs > now);
    if (entry.versions.length > 0) this.#rows.set(text(key), entry);
    else this.#rows.delete(text(key));
  }

  #check(name: string, value: Value): void {
    if (!/^[A-Za-z_]\w*$/.test(name)) throw invalid(`Invalid column name: '${name}'.`);
    const type = this.shape.definedColumns.find((column) => column.name === name)?.type;
    if (type !== undefined && typeof value !== jsType[type]) throw invalid(`Column ${name} must be of type ${type}.`);
    if (typeof value === 'string' && Buffer.byteLength(value) > longestValue)
      throw invalid(`The length of column ${name} is too large.`);
  }

  /** All rows in the order of their keys. */
  all(): { key: Cell[]; columns: Columns }[] {
    const rows = [...this.#rows.values()].flatMap(({ key }) => {
      const columns = this.row(key);
      return columns ? [{ key: this.#keyCells(key), columns }] : [];
    });
    return rows.sort((a, b) => compareKeys(a.key, b.key));
  }

  /** What an index shows now. A row without one of its key columns is not in it. */
  indexed(name: string): { key: Cell[]; columns: Columns }[] {
    const index = this.shape.indexes.find((one) => one.name === name);
    if (!index) throw new Refusal(404, 'OTSObjectNotExist', 'Requested table does not exist.');
    const now = this.#now();
    const entries = new Map<string, { key: Cell[]; columns: Columns }>();
    for (const { key, versions } of this.#rows.values()) {
      for (const { columns, from, to } of versions) {
        if (from + this.#lag.additionsMs > now || to + this.#lag.removalsMs <= now) continue;
        const all = new Map<string, Value>([
          ...columns,
          ...this.#keyCells(key).map(({ name, value }) => [name, value as Value] as const),
        ]);
        if (index.primaryKey.some((column) => !all.has(column))) continue;
        const indexKey = index.primaryKey.map((column) => ({ name: column, value: all.get(column) }));
        const held = index.columns.flatMap((column) =>
          all.has(column) ? [[column, all.get(column) as Value] as const] : [],
        );
        entries.set(text(indexKey.map(({ value }) => value as Value)), { key: indexKey, columns: new Map(held) });
      }
    }
    return [...entries.values()].sort((a, b) => compareKeys(a.key, b.key));
  }

  #keyCells(key: readonly Value[]): Cell[] {
    return this.shape.primaryKey.map(({ name }, n) => ({ name, value: key[n] }));
  }
}

export function compareKeys(a: readonly Cell[], b: readonly Cell[]): number {
  for (const [n, { value }] of a.entries()) {
    const order = compareBounds(value as Bound, b[n]?.value as Bound);
    if (order !== 0) return order;
  }
  return 0;
}

function text(key: readonly Value[]): string {
  return JSON.stringify(key.map((value) => (typeof value === 'bigint' ? `${value}n` : value)));
}
