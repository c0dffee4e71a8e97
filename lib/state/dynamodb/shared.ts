import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Clock, SharedRecord, SharedRecords } from '../../copy/model/ports.ts';
import { documentsOf } from './documents.ts';
import { sharedKey, ttlAttribute } from './schema.ts';

export interface DynamoSharedOptions {
  tableName: string;
  client: DynamoDBClient;
  clock: Clock;
}

/** An item besides its key and its expiry in seconds. The value is JSON: DynamoDB's own types have no numbers like 1e300. */
interface SharedItem {
  revision: number;
  value: string;
  /** Epoch milliseconds. DynamoDB deletes an item up to days after its time, so readers look at this. */
  expiresAt: number;
}

/**
 * Shared records as items of the job table that no index holds. A read is one strongly consistent GetItem, a write one
 * conditional PutItem. The SDK repeats a PutItem whose answer was lost, and the repeat may meet the write itself: `false`.
 */
export class DynamoSharedRecords implements SharedRecords {
  readonly #documents: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #clock: Clock;

  constructor({ client, tableName, clock }: DynamoSharedOptions) {
    this.#documents = documentsOf(client);
    this.#table = tableName;
    this.#clock = clock;
  }

  async get(id: string): Promise<SharedRecord | undefined> {
    const { Item } = await this.#documents.send(
      new GetCommand({ TableName: this.#table, Key: { id: sharedKey(id) }, ConsistentRead: true }),
    );
    const item = Item as SharedItem | undefined;
    if (!item || item.expiresAt <= this.#clock.now()) return undefined;
    return { revision: item.revision, value: JSON.parse(item.value) as object };
  }

  async compareAndSet(id: string, found: SharedRecord | undefined, value: object, expiresAt: number): Promise<boolean> {
    const now = this.#clock.now();
    // The first revision is the time in microseconds: a record that expired had smaller ones, so that what was decided on
    // that record cannot land on this one.
    const revision = found === undefined ? 1_000 * now : found.revision + 1;
    const item: SharedItem = { revision, value: JSON.stringify(value), expiresAt };
    try {
      await this.#documents.send(
        new PutCommand({
          TableName: this.#table,
          Item: { id: sharedKey(id), ...item, [ttlAttribute]: Math.ceil(expiresAt / 1000) },
          ...conditionOn(found, now),
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }
}

function conditionOn(found: SharedRecord | undefined, now: number) {
  if (found === undefined)
    return {
      ConditionExpression: 'attribute_not_exists(id) OR expiresAt <= :now',
      ExpressionAttributeValues: { ':now': now },
    };
  return {
    ConditionExpression: 'revision = :revision AND expiresAt > :now',
    ExpressionAttributeValues: { ':revision': found.revision, ':now': now },
  };
}
