/** The SQS adapter on an SQS endpoint that others wrote, its messages carried as Lambda does. */
import { randomUUID } from 'node:crypto';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { CopyError } from '../../../lib/copy/model/errors.ts';
import { SqsQueue } from '../../../lib/queue/sqs.ts';
import { openAws } from '../../../lib/runtime/aws/open.ts';
import { cloudFunction } from '../../../lib/runtime/middleware/function.ts';
import { eachMessage, settleEach, type BatchAnswer, type Delivery } from '../../../lib/runtime/middleware/messages.ts';
import { readMessage } from '../../../lib/runtime/shared/read-message.ts';
import { systemClock } from '../../../lib/runtime/shared/system-clock.ts';
import type { Handle } from '../../contract/queue/suite.ts';
import { taskQueueContract } from '../../contract/queue/suite.ts';
import { EventSource } from '../../lambda-host/event-source.ts';
import { isSkipped, type ServerInfo } from '../servers/server.ts';

/** Seconds that a message stays hidden when its function failed; the function shortens it for messages that should come again sooner. */
const visibility = 2;
const [moto] = inject('queues');

if (!moto || isSkipped(moto))
  describe.skip(`task queue: SQS (${moto?.why ?? 'none'})`, () => it('needs moto', () => {}));
else onSqs(moto);

function onSqs(server: ServerInfo<'moto'>): void {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const client = new SQSClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  afterAll(() => client.destroy());

  const createQueue = async (attributes: Record<string, string> = {}) => {
    const made = await client.send(
      new CreateQueueCommand({
        QueueName: `queue-${randomUUID()}`,
        Attributes: { VisibilityTimeout: String(visibility), ...attributes },
      }),
    );
    const url = made.QueueUrl ?? '';
    const asked = await client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }));
    return { url, arn: asked.Attributes?.QueueArn ?? '' };
  };

  const open = async (handle: Handle) => {
    const [tasks, dead] = [await createQueue(), await createQueue()];
    // All kinds in one queue: which goes where is serverless.ts's business.
    const urls = {
      FERRY_PARTS_QUEUE_URL: tasks.url,
      FERRY_TASKS_QUEUE_URL: tasks.url,
      FERRY_EVENTS_QUEUE_URL: dead.url,
    };
    const clients = { sqs: async () => client, dynamodb: () => Promise.reject(new Error('no table here')) };
    const runtime = await openAws({ env: { FERRY_TABLE: 'none', ...urls }, clients, random: () => 0, write: () => {} });
    const carry = cloudFunction<Delivery[], unknown, BatchAnswer>(
      async () => runtime,
      [eachMessage()],
      async (deliveries, { invocation }) =>
        await settleEach(deliveries, async ({ input, attempt }) => {
          const message = readMessage(input);
          try {
            if ('task' in message) await handle(message.task, { ...invocation, attempt });
          } catch (error) {
            // What the `work` function does with a task that is over.
            if (!(error instanceof CopyError) || error.decision === 'retry') throw error;
          }
        }),
    );
    const invoke = async (event: unknown) => ({
      answer: await carry(event, { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => 30_000 }),
    });
    const source = new EventSource({
      ...{ client, url: tasks.url, arn: tasks.arn, batchSize: 1, maximumConcurrency: 8, reportsFailures: true },
      invoke,
    });
    return { queue: runtime.world.queue, close: () => source.close() };
  };

  taskQueueContract('SQS', open, { patienceMs: (visibility + 1) * 1000 });

  const receive = async (url: string, WaitTimeSeconds: number) =>
    (await client.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds, MaxNumberOfMessages: 10 })))
      .Messages ?? [];
  const queueFor = (url: string) => {
    const urls = { copy: url, parts: url, finish: url, read: url, page: url, check: url, total: url };
    return new SqsQueue({ client, urls, clock: systemClock, random: () => 0 });
  };

  describe('queue: SQS', () => {
    it('hands a waiting receiver what is sent, and hides it until its time is over', async () => {
      const { url } = await createQueue();
      const waiting = receive(url, 10);
      await queueFor(url).send([{ kind: 'finish', jobId: 'a' }]);
      const [first] = await waiting;
      expect(first?.Body).toBe('{"kind":"finish","jobId":"a"}');
      expect(await receive(url, 0)).toEqual([]);
      const [again] = await receive(url, 10);
      expect(again?.MessageId).toBe(first?.MessageId);
    });

    it('puts what came too often with the dead letters', async () => {
      const dead = await createQueue();
      const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 2 });
      const { url } = await createQueue({ VisibilityTimeout: '1', RedrivePolicy });
      await queueFor(url).send([{ kind: 'finish', jobId: 'a' }]);
      for (let i = 0; i < 2; i += 1) expect(await receive(url, 10)).toHaveLength(1);
      expect(await receive(url, 2)).toEqual([]);
      expect((await receive(dead.url, 1)).map(({ Body }) => Body)).toEqual(['{"kind":"finish","jobId":"a"}']);
    });

    it('takes ten messages in a call, and refuses one of them without the others', async () => {
      const { url } = await createQueue();
      const Entries = Array.from({ length: 10 }, (_, i) => ({
        Id: String(i),
        MessageBody: `body ${i}`,
        DelaySeconds: i === 3 ? 901 : 0,
      }));
      const { Successful = [], Failed = [] } = await client.send(
        new SendMessageBatchCommand({ QueueUrl: url, Entries }),
      );
      expect(Successful).toHaveLength(9);
      expect(Failed.map(({ Id }) => Id)).toEqual(['3']);
    });
  });
}
