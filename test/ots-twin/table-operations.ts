/** The operations on tables: enough for the SDK, and for `ferry doctor`, to make a table and to remove it. */
import { invalid, Refusal } from './refusal.ts';
import type { TableShape } from './table.ts';

export interface Catalogue {
  names(): string[];
  shape(name: string): TableShape | undefined;
  create(shape: TableShape): void;
  remove(name: string): void;
}

const keyTypes: Record<number, string> = { 1: 'INTEGER', 2: 'STRING', 3: 'BINARY' };
const columnTypes: Record<number, string> = { 1: 'INTEGER', 2: 'DOUBLE', 3: 'BOOLEAN', 4: 'STRING', 7: 'BLOB' };
const numberOf = (types: Record<number, string>, type: string): number =>
  Number(Object.entries(types).find(([, name]) => name === type)?.[0]);

interface TypedColumn {
  name: string;
  type: number;
}

interface IndexMessage {
  name: string;
  primaryKey: string[];
  definedColumn: string[];
  indexType: number;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Decoded = any;

const mostIndexes = 5;

export const tableOperations: Record<string, (catalogue: Catalogue, message: Decoded) => object> = {
  CreateTable(catalogue, { tableMeta, tableOptions, indexMetas }) {
    const { tableName, primaryKey, definedColumn } = tableMeta as {
      tableName: string;
      primaryKey: TypedColumn[];
      definedColumn: TypedColumn[];
    };
    const indexes = indexMetas as IndexMessage[];
    if (catalogue.shape(tableName)) throw new Refusal(409, 'OTSObjectAlreadyExist', 'Requested table already exists.');
    if (indexes.length > mostIndexes) throw invalid(`The number of indexes exceeds ${mostIndexes}.`);
    // A field that is not in the message reads as false.
    const forbidsUpdates = Object.hasOwn(tableOptions as object, 'allowUpdate') && tableOptions.allowUpdate === false;
    if (indexes.length > 0 && tableOptions.timeToLive !== -1 && !forbidsUpdates)
      throw invalid("Don't support allow update operation on table with index and ttl.");
    if (indexes.length > 0 && tableOptions?.maxVersions !== 1) throw invalid('Index needs max versions 1.');
    const shape: TableShape = {
      name: tableName,
      primaryKey: primaryKey.map(({ name, type }) => ({ name, type: keyTypes[type] ?? '' })),
      definedColumns: definedColumn.map(({ name, type }) => ({ name, type: columnTypes[type] ?? '' })),
      indexes: indexes.map((index) => ({
        name: index.name,
        primaryKey: [
          ...index.primaryKey,
          ...primaryKey.map(({ name }) => name).filter((name) => !index.primaryKey.includes(name)),
        ],
        columns: index.definedColumn,
      })),
    };
    const known = new Set([...shape.primaryKey, ...shape.definedColumns].map(({ name }) => name));
    for (const { name, primaryKey: key, columns } of shape.indexes) {
      for (const column of [...key, ...columns])
        if (!known.has(column)) throw invalid(`Index ${name} names column ${column}, which is not defined.`);
    }
    catalogue.create(shape);
    return {};
  },

  DeleteTable(catalogue, { tableName }) {
    if (!catalogue.shape(tableName as string))
      throw new Refusal(404, 'OTSObjectNotExist', 'Requested table does not exist.');
    catalogue.remove(tableName as string);
    return {};
  },

  ListTable(catalogue) {
    return { tableNames: catalogue.names() };
  },

  DescribeTable(catalogue, { tableName }) {
    const shape = catalogue.shape(tableName as string);
    if (!shape) throw new Refusal(404, 'OTSObjectNotExist', 'Requested table does not exist.');
    return {
      tableMeta: {
        tableName,
        primaryKey: shape.primaryKey.map(({ name, type }) => ({ name, type: numberOf(keyTypes, type) })),
        definedColumn: shape.definedColumns.map(({ name, type }) => ({ name, type: numberOf(columnTypes, type) })),
      },
      reservedThroughputDetails: { capacityUnit: { read: 0, write: 0 }, lastIncreaseTime: 0 },
      tableOptions: { timeToLive: -1, maxVersions: 1 },
      tableStatus: 1,
      indexMetas: shape.indexes.map(({ name, primaryKey, columns }) => ({
        name,
        primaryKey,
        definedColumn: columns,
        indexUpdateMode: 0,
        indexType: 0,
      })),
    };
  },
};
