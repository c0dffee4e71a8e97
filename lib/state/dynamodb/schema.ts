/** The shape of the DynamoDB table, shared by the adapter, `serverless.ts` and the tests that create it. */
import { createHash } from 'node:crypto';
import type { Job } from '../../copy/model/job.ts';

export const dueIndex = 'due';
export const listIndex = 'newest';

/** Index partitions: enough that no index key is hot at thousands of jobs a second, few enough to ask all of them. */
const shardCount = 8;

export const shards: readonly string[] = Array.from({ length: shardCount }, (_, i) => `s${i}`);

export function shardOf(id: string): string {
  const [first = 0] = createHash('sha256').update(id).digest();
  return `s${first % shardCount}`;
}

/** Sorts by creation time, then id; epoch milliseconds have 13 digits until the year 2286. */
export function listKey(job: Pick<Job, 'id' | 'createdAt'>): string {
  return `${String(job.createdAt).padStart(15, '0')}#${job.id}`;
}

export function isListKey(text: string): boolean {
  return /^\d{15}#./.test(text);
}

/** As CloudFormation and CreateTable spell it. */
export const tableShape = {
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [
    { AttributeName: 'id', AttributeType: 'S' },
    { AttributeName: 'dueShard', AttributeType: 'S' },
    { AttributeName: 'attentionAt', AttributeType: 'N' },
    { AttributeName: 'listShard', AttributeType: 'S' },
    { AttributeName: 'listKey', AttributeType: 'S' },
  ],
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  GlobalSecondaryIndexes: [
    {
      IndexName: dueIndex,
      KeySchema: [
        { AttributeName: 'dueShard', KeyType: 'HASH' },
        { AttributeName: 'attentionAt', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'ALL' },
    },
    {
      IndexName: listIndex,
      KeySchema: [
        { AttributeName: 'listShard', KeyType: 'HASH' },
        { AttributeName: 'listKey', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'ALL' },
    },
  ],
} as const;

/** Key of a shared record, which lies among the jobs; no id of a job has a slash. */
export function sharedKey(id: string): string {
  return `shared/${id}`;
}

/** Attribute that DynamoDB's time to live reads, epoch seconds. */
export const ttlAttribute = 'ttl';
