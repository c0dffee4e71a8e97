/** The Tablestore table, as data: for the adapter, for the deployment template, and for tests that create it. */

export type ColumnType = 'INTEGER' | 'STRING';

export interface Column {
  name: string;
  type: ColumnType;
}

export interface IndexDefinition {
  /** Unique in the instance, as every name of an index has to be. */
  name: string;
  /** All key columns in their order, the table's own key as the last. */
  primaryKey: readonly string[];
  /** Further columns that the index holds. */
  columns: readonly string[];
}

export interface TableDefinition {
  name: string;
  primaryKey: readonly Column[];
  /** Columns that an index names; rows hold more. */
  definedColumns: readonly Column[];
  /** Global: the service brings them up to date some milliseconds after the write. A row without a key column is not in the index. */
  indexes: readonly IndexDefinition[];
  /** -1: never. A table with a time to live cannot have indexes and updates, so the sweep deletes (`purge`). */
  timeToLive: -1;
  /** Indexes allow no other number. */
  maxVersions: 1;
}

/**
 * Names of the indexes of a table: what is due, what is newest, what has expired. Their keys begin with a time, which makes the
 * newest end of each one warm; a partition takes thousands of writes a second, and only large objects have rows.
 */
export function indexNames(table: string): { due: string; newest: string; expired: string } {
  return { due: `${table}_due`, newest: `${table}_newest`, expired: `${table}_expired` };
}

/** @param table letters, digits and `_`, at most 200 characters */
export function tableDefinition(table: string): TableDefinition {
  const names = indexNames(table);
  return {
    name: table,
    primaryKey: [{ name: 'id', type: 'STRING' }],
    definedColumns: [
      { name: 'attentionAt', type: 'INTEGER' },
      { name: 'createdAt', type: 'INTEGER' },
      { name: 'expiresAt', type: 'INTEGER' },
      { name: 'state', type: 'STRING' },
    ],
    indexes: [
      { name: names.due, primaryKey: ['attentionAt', 'id'], columns: [] },
      { name: names.newest, primaryKey: ['createdAt', 'id'], columns: ['state'] },
      { name: names.expired, primaryKey: ['expiresAt', 'id'], columns: [] },
    ],
    timeToLive: -1,
    maxVersions: 1,
  };
}
