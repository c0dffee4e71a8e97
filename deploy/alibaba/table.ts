import { tableDefinition } from '../../lib/state/tablestore/schema.ts';
import type { NamedStage, Resources } from './stage.ts';
import { get, tableName } from './stage.ts';

/** The table of jobs, batches and shared records. Without it work that is under way has to be done again. */
export function table({ instance, keepTable }: NamedStage): Resources {
  const { primaryKey, definedColumns, indexes, timeToLive, maxVersions } = tableDefinition(tableName);
  const named = ({ name, type }: { name: string; type: string }) => ({ Name: name, Type: type });
  const DeletionPolicy = keepTable ? 'Retain' : 'Delete';
  return {
    Instance: {
      Type: 'ALIYUN::OTS::Instance',
      Properties: { InstanceName: instance, ClusterType: 'SSD', Network: 'NORMAL' },
      DeletionPolicy,
    },
    Table: {
      Type: 'ALIYUN::OTS::Table',
      Properties: {
        InstanceName: get('Instance', 'InstanceName'),
        TableName: tableName,
        PrimaryKey: primaryKey.map(named),
        Columns: definedColumns.map(named),
        SecondaryIndices: indexes.map((index) => ({
          IndexName: index.name,
          IndexType: 'Global',
          PrimaryKeys: [...index.primaryKey],
          Columns: [...index.columns],
        })),
        // The documentation gives two defaults; one of them would delete rows after a second.
        TimeToLive: timeToLive,
        MaxVersions: maxVersions,
        // Paid by request: nothing is reserved.
        ReservedThroughput: { Read: 0, Write: 0 },
      },
      DeletionPolicy,
    },
  };
}
