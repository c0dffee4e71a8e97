import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { GiveUp, RetryLater } from '../../copy/model/errors.ts';
import type { Job, JobChange, JobState } from '../../copy/model/job.ts';
import { finalStates } from '../../copy/model/job.ts';
import type { Clock, JobPage, Landed, StateTable } from '../../copy/model/ports.ts';
import { documentsOf } from './documents.ts';
import { dueIndex, isListKey, listIndex, listKey, shardOf, shards } from './schema.ts';

export interface DynamoStateOptions {
  tableName: string;
  client: DynamoDBClient;
  clock: Clock;
}

/** Attributes that only the table knows: index keys, and the expiry in the seconds that DynamoDB's TTL wants. */
const tableAttributes = ['dueShard', 'listShard', 'listKey', 'ttl'] as const;

type Item = Record<string, unknown> & { id: string };

/**
 * The state table on DynamoDB: one item per job, each field an attribute. Every move is one UpdateItem conditional on the
 * revision, and a refused one brings the winning item back in the same answer. Reads of one job are strongly consistent; the
 * two indexes (what is due, what is newest) follow within moments, which sweep and lists can bear. No scans.
 */
export class DynamoStateTable implements StateTable {
  readonly #documents: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #clock: Clock;

  constructor({ client, tableName, clock }: DynamoStateOptions) {
    this.#documents = documentsOf(client);
    this.#table = tableName;
    this.#clock = clock;
  }

  async create(job: Job): Promise<{ landed: boolean; job: Job }> {
    const item = { ...job, ...indexKeys(job), listShard: shardOf(job.id), listKey: listKey(job) };
    const put = await this.#conditional(() =>
      this.#documents.send(
        new PutCommand({
          TableName: this.#table,
          Item: item,
          ConditionExpression: 'attribute_not_exists(id)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      ),
    );
    if ('answer' in put) return { landed: true, job };
    if (put.refusedBy) return { landed: false, job: put.refusedBy };
    throw new RetryLater(`The row of job ${job.id} expired just now.`);
  }

  async get(id: string): Promise<Job | undefined> {
    const { Item } = await this.#documents.send(
      new GetCommand({ TableName: this.#table, Key: { id }, ConsistentRead: true }),
    );
    return Item && toJob(Item as Item);
  }

  async move(job: Job, change: JobChange): Promise<Landed> {
    const fields: Record<string, unknown> = { ...change, updatedAt: this.#clock.now() };
    if ('attentionAt' in change || 'expiresAt' in change) {
      Object.assign(fields, indexKeys({ id: job.id, ...change }));
      // An index key that this change does not speak of stays as it is.
      if (!('attentionAt' in change)) delete fields.dueShard;
      if (!('expiresAt' in change)) delete fields.ttl;
    }
    const update = expressionFor(fields);
    const updated = await this.#conditional(() =>
      this.#documents.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: { id: job.id },
          UpdateExpression: `${update.expression} ADD #revision :one`,
          ConditionExpression: '#revision = :revision',
          ExpressionAttributeNames: { ...update.names, '#revision': 'revision' },
          ExpressionAttributeValues: { ...update.values, ':one': 1, ':revision': job.revision },
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      ),
    );
    if (!('answer' in updated)) return { landed: false, job: updated.refusedBy };
    return { landed: true, job: toJob(updated.answer.Attributes as Item) };
  }

  async count(id: string, parts: number, attentionAt: number): Promise<number | undefined> {
    const finals = Object.fromEntries(finalStates.map((state, i) => [`:final${i}`, state]));
    const counted = await this.#conditional(() =>
      this.#documents.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: { id },
          UpdateExpression: 'SET attentionAt = :at, dueShard = :shard, updatedAt = :now ADD partsDone :parts',
          ConditionExpression: `attribute_exists(id) AND NOT #state IN (${Object.keys(finals).join(', ')})`,
          ExpressionAttributeNames: { '#state': 'state' },
          ExpressionAttributeValues: {
            ...finals,
            ':at': attentionAt,
            ':shard': shardOf(id),
            ':now': this.#clock.now(),
            ':parts': parts,
          },
          ReturnValues: 'UPDATED_NEW',
        }),
      ),
    );
    return 'answer' in counted ? (counted.answer.Attributes?.partsDone as number) : undefined;
  }

  async due(before: number, limit: number): Promise<Job[]> {
    // DynamoDB has no infinite number; this is later than any row.
    const at = Math.min(before, Number.MAX_SAFE_INTEGER);
    const found = await Promise.all(
      shards.map((shard) =>
        this.#query(limit, {
          IndexName: dueIndex,
          KeyConditionExpression: 'dueShard = :shard AND attentionAt <= :at',
          ExpressionAttributeValues: { ':shard': shard, ':at': at },
        }),
      ),
    );
    const jobs = found.flat();
    jobs.sort((a, b) => (a.attentionAt ?? 0) - (b.attentionAt ?? 0) || (a.id < b.id ? -1 : 1));
    return jobs.slice(0, limit);
  }

  async list({ states, limit, cursor }: { states?: JobState[]; limit: number; cursor?: string }): Promise<JobPage> {
    if (cursor !== undefined && !isListKey(cursor)) {
      throw new GiveUp('BadRequest', 'The cursor is not one that this list gave out; start again without it.');
    }
    const names = Object.fromEntries((states ?? []).map((state, i) => [`:state${i}`, state]));
    const filter = states && {
      FilterExpression: `#state IN (${Object.keys(names).join(', ')})`,
      ExpressionAttributeNames: { '#state': 'state' },
    };
    const found = await Promise.all(
      shards.map((shard) =>
        this.#query(limit + 1, {
          IndexName: listIndex,
          ScanIndexForward: false,
          KeyConditionExpression:
            cursor === undefined ? 'listShard = :shard' : 'listShard = :shard AND listKey < :cursor',
          ExpressionAttributeValues: { ':shard': shard, ...(cursor !== undefined && { ':cursor': cursor }), ...names },
          ...filter,
        }),
      ),
    );
    const newestFirst = found.flat().sort((a, b) => (listKey(a) < listKey(b) ? 1 : -1));
    const jobs = newestFirst.slice(0, limit);
    const last = jobs.at(-1);
    return newestFirst.length > limit && last ? { jobs, cursor: listKey(last) } : { jobs };
  }

  /** Pages on until `limit` items or the end: a filter may leave a page empty that is not the last. */
  async #query(limit: number, query: object): Promise<Job[]> {
    const jobs: Job[] = [];
    let ExclusiveStartKey: Record<string, unknown> | undefined;
    do {
      const page = await this.#documents.send(
        new QueryCommand({ TableName: this.#table, Limit: limit, ...query, ExclusiveStartKey }),
      );
      jobs.push(...(page.Items ?? []).map((item) => toJob(item as Item)));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey && jobs.length < limit);
    return jobs.slice(0, limit);
  }

  async #conditional<T extends object>(send: () => Promise<T>): Promise<{ answer: T } | { refusedBy?: Job }> {
    try {
      return { answer: await send() };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { refusedBy: error.Item && toJob(unmarshall(error.Item as Record<string, AttributeValue>) as Item) };
    }
  }
}

/** Keys of the sparse index over what is due, and the expiry; undefined removes them. */
function indexKeys({
  id,
  attentionAt,
  expiresAt,
}: Pick<Job, 'id' | 'attentionAt' | 'expiresAt'>): Record<string, unknown> {
  return {
    dueShard: attentionAt === undefined ? undefined : shardOf(id),
    ttl: expiresAt === undefined ? undefined : Math.ceil(expiresAt / 1000),
  };
}

function expressionFor(fields: Record<string, unknown>): {
  expression: string;
  names: Record<string, string>;
  values: Record<string, unknown>;
} {
  const set: string[] = [];
  const remove: string[] = [];
  const names: Record<string, string> = {};
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    names[`#${name}`] = name;
    if (value === undefined) {
      remove.push(`#${name}`);
    } else {
      set.push(`#${name} = :${name}`);
      values[`:${name}`] = value;
    }
  }
  const clauses = [`SET ${set.join(', ')}`, ...(remove.length > 0 ? [`REMOVE ${remove.join(', ')}`] : [])];
  return { expression: clauses.join(' '), names, values };
}

function toJob(item: Item): Job {
  const job: Record<string, unknown> = { ...item };
  for (const name of tableAttributes) delete job[name];
  return job as unknown as Job;
}
