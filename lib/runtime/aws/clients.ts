/** The SDK clients, loaded when first used: a small object is replicated without either of them. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { Clock, SharedRecords, StateTable } from '../../copy/model/ports.ts';
import type { SqsQueueOptions } from '../../queue/sqs.ts';
import { once } from '../shared/once.ts';

export interface AwsClients {
  dynamodb(): Promise<DynamoDBClient>;
  sqs(): Promise<SQSClient>;
}

/** Both services answer within milliseconds; what takes seconds is a lost connection, and is repeated on another. */
const common = {
  maxAttempts: 5,
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
};

export function awsClients(): AwsClients {
  return {
    dynamodb: once(async () => {
      const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb');
      return new DynamoDBClient(common);
    }),
    sqs: once(async () => {
      const { SQSClient } = await import('@aws-sdk/client-sqs');
      return new SQSClient(common);
    }),
  };
}

export function dynamoState(clients: AwsClients, tableName: string, clock: Clock): StateTable {
  const table = once(async () => {
    const { DynamoStateTable } = await import('../../state/dynamodb/jobs.ts');
    return new DynamoStateTable({ client: await clients.dynamodb(), tableName, clock });
  });
  return {
    create: async (job) => (await table()).create(job),
    get: async (id) => (await table()).get(id),
    move: async (job, change) => (await table()).move(job, change),
    count: async (id, parts, attentionAt) => (await table()).count(id, parts, attentionAt),
    due: async (before, limit) => (await table()).due(before, limit),
    list: async (query) => (await table()).list(query),
  };
}

export function dynamoShared(clients: AwsClients, tableName: string, clock: Clock): SharedRecords {
  const records = once(async () => {
    const { DynamoSharedRecords } = await import('../../state/dynamodb/shared.ts');
    return new DynamoSharedRecords({ client: await clients.dynamodb(), tableName, clock });
  });
  return {
    get: async (id) => (await records()).get(id),
    compareAndSet: async (id, found, value, expiresAt) => (await records()).compareAndSet(id, found, value, expiresAt),
  };
}

/** A queue of messages that their `kind` leads to an SQS queue. */
export function sqsQueue<Message extends { kind: string }>(
  clients: AwsClients,
  options: Omit<SqsQueueOptions<Message>, 'client'>,
): { send(messages: Message[], options?: { delayMs?: number }): Promise<void> } {
  const queue = once(async () => {
    const { SqsQueue } = await import('../../queue/sqs.ts');
    return new SqsQueue<Message>({ client: await clients.sqs(), ...options });
  });
  return {
    send: async (messages, sendOptions) => {
      // As they are now: opening the queue takes a moment, and the caller may go on with its objects meanwhile.
      const asSent = structuredClone(messages);
      await (await queue()).send(asSent, sendOptions);
    },
  };
}
