import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { DynamoSharedRecords } from '../../../lib/state/dynamodb/shared.ts';
import { sharedRecordsContract } from '../../contract/state/shared-suite.ts';
import type { DynamoDBLocal } from './dynamodb-local.ts';
import { startDynamoDBLocal } from './dynamodb-local.ts';

let local: DynamoDBLocal;
beforeAll(async () => {
  local = await startDynamoDBLocal();
});
afterAll(async () => {
  await local.close();
});

sharedRecordsContract('DynamoDB', async (clock) => {
  const tableName = `jobs-${randomUUID()}`;
  await local.createTable(tableName);
  const open = (): DynamoSharedRecords => new DynamoSharedRecords({ client: local.client, tableName, clock });
  return { records: open(), reopen: async () => open() };
});
