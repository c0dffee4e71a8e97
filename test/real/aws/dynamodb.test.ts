import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { DynamoStateTable } from '../../../lib/state/dynamodb/jobs.ts';
import { stateTableContract } from '../../contract/state/suite.ts';
import type { DynamoDBLocal } from './dynamodb-local.ts';
import { startDynamoDBLocal } from './dynamodb-local.ts';

let local: DynamoDBLocal;
beforeAll(async () => {
  local = await startDynamoDBLocal();
});
afterAll(async () => {
  await local.close();
});

const clock = { now: Date.now, sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)) };

stateTableContract('DynamoDB', async () => {
  const tableName = `jobs-${randomUUID()}`;
  await local.createTable(tableName);
  const open = (): DynamoStateTable => new DynamoStateTable({ client: local.client, tableName, clock });
  return { table: open(), reopen: async () => open() };
});
