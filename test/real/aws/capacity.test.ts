/** What the rows of jobs take on DynamoDB, in the units that are charged, as DynamoDB Local counts them. */
import { randomUUID } from 'node:crypto';
import type { ConsumedCapacity } from '@aws-sdk/client-dynamodb';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Job } from '../../../lib/copy/model/job.ts';
import { assumed } from '../../../lib/cost/aws-replication.ts';
import { systemClock } from '../../../lib/runtime/shared/system-clock.ts';
import { DynamoStateTable } from '../../../lib/state/dynamodb/jobs.ts';
import { someJob } from '../../contract/state/suite.ts';
import type { DynamoDBLocal } from './dynamodb-local.ts';
import { startDynamoDBLocal } from './dynamodb-local.ts';

let local: DynamoDBLocal;
let client: DynamoDBClient;
let table: DynamoStateTable;
const units: number[] = [];

beforeAll(async () => {
  local = await startDynamoDBLocal();
  const tableName = `jobs-${randomUUID()}`;
  await local.createTable(tableName);
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  client = new DynamoDBClient({ endpoint: local.endpoint, region: 'us-east-1', credentials });
  client.middlewareStack.add(
    (next) => async (args) => {
      Object.assign(args.input, { ReturnConsumedCapacity: 'TOTAL' });
      const result = await next(args);
      const { ConsumedCapacity: used } = result.output as { ConsumedCapacity?: ConsumedCapacity };
      if (used?.CapacityUnits !== undefined) units.push(used.CapacityUnits);
      return result;
    },
    { step: 'initialize' },
  );
  table = new DynamoStateTable({ client, tableName, clock: systemClock });
});
afterAll(async () => {
  client.destroy();
  await local.close();
});

/** Units of what `call` asks for. */
async function unitsOf(call: () => Promise<unknown>): Promise<number> {
  units.length = 0;
  await call();
  return units.reduce((sum, one) => sum + one, 0);
}

it('a job of 10,000 parts stays below 4 KB, and each of its writes within what ferry cost assumes', async () => {
  const key = `archive/2026/${'a'.repeat(100)}.tar`;
  const job = someJob({
    source: { bucket: 'photos', key },
    destination: { bucket: 'backup', key },
    // The most metadata that S3 takes.
    options: { metadata: { base: 'merge', set: { note: 'x'.repeat(500) } } },
    attentionAt: Date.now(),
  });
  expect(await unitsOf(() => table.create(job))).toBeLessThanOrEqual(assumed.unitsPerWrite);
  const attached: Partial<Job> = {
    state: 'copying',
    uploadId: 'u'.repeat(128),
    pin: { etag: `${'e'.repeat(32)}-10000`, size: 10_000 * 5 * 1024 ** 3, lastModified: Date.now() },
    parts: [
      { size: 5 * 1024 ** 3, count: 9_999 },
      { size: 1, count: 1 },
    ],
    attentionAt: Date.now() + 1,
  };
  const attach = (): Promise<unknown> => table.move(job, attached);
  expect(await unitsOf(attach)).toBeLessThanOrEqual(assumed.unitsPerWrite);
  const counting = await unitsOf(() => table.count(job.id, 100, Date.now() + 2));
  expect(counting).toBeLessThanOrEqual(assumed.unitsPerWrite);
  // A consistent read takes a unit for each 4 KB begun.
  expect(await unitsOf(() => table.get(job.id))).toBe(1);
  console.log('units of counting the parts of a task', counting);
});
