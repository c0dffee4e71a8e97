/** object-ferry deployed on a real store, DynamoDB Local and moto, with everything between them in sight. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetQueueAttributesCommand, SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { StateTable } from '../../../lib/copy/model/ports.ts';
import type { AwsClients } from '../../../lib/runtime/aws/clients.ts';
import { openAws } from '../../../lib/runtime/aws/open.ts';
import type { Runtime } from '../../../lib/runtime/shared/runtime.ts';
import { systemClock } from '../../../lib/runtime/shared/system-clock.ts';
import { DynamoStateTable } from '../../../lib/state/dynamodb/jobs.ts';
import type { StoreClient } from '../../../lib/store/calls/client.ts';
import { openStore } from '../../../lib/store/open.ts';
import { packageStack } from '../../contract/aws/template.ts';
import { unique } from '../../contract/store/target.ts';
import { notify, putTopic } from '../notifications/topics.ts';
import type { Proxy } from '../servers/proxy.ts';
import { startProxy } from '../servers/proxy.ts';
import type { ServerInfo } from '../servers/server.ts';
import type { Deployment, Queue } from './deploy.ts';
import { deploy } from './deploy.ts';
import { startDynamoDBLocal } from './dynamodb-local.ts';

export const apiKey = 'end-to-end-key-0123456789abcdef';

export interface Installation extends Deployment {
  /** Talks to the store directly. */
  store: StoreClient;
  source: string;
  replica: string;
  /** No rule is for this one. */
  aside: string;
  /** Holds the work folder of batches. */
  workBucket: string;
  /** The engine in this process, on the same table, queues and store as the functions. */
  open(): Promise<Runtime>;
  /** Between the functions and the store, and between them and the table. */
  calls: { store: Proxy; table: Proxy };
  jobs: StateTable;
  /** Messages handed to functions, by the queue's URL. */
  deliveries: Map<string, number>;
  /** Lines of the log with the level `error`. */
  errors: string[];
  /** While set, a part of all messages comes twice, the second time some seconds later. */
  duplicates: boolean;
  sqs: SQSClient;
  /** Messages in a queue: waiting, delayed or being worked on. */
  depth(queue: Queue | undefined): Promise<number>;
}

/** Of every function, seconds. */
export const timeout = 15;

/** @param settings further variables of the functions */
export async function install(
  server: ServerInfo,
  moto: ServerInfo<'moto'>,
  settings: Record<string, string> = {},
): Promise<Installation> {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const credentials = { accessKeyId, secretAccessKey };
  const local = await startDynamoDBLocal();
  const sqs = new SQSClient({ endpoint: moto.endpoint, region, credentials });
  const store = openStore({ address: { scheme: 's3', endpoint, region }, credentials: async () => credentials });
  const [source, replica, aside, workBucket] = [unique('source'), unique('replica'), unique('aside'), unique('work')];
  for (const bucket of [source, replica, aside, workBucket]) await store.createBucket(bucket);
  const calls = { store: await startProxy(endpoint), table: await startProxy(local.endpoint) };
  const deliveries = new Map<string, number>();
  const errors: string[] = [];
  const seen = new Set<string | undefined>();

  const variables = {
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_ENDPOINT_URL_S3: calls.store.url,
    AWS_ENDPOINT_URL_DYNAMODB: calls.table.url,
    AWS_ENDPOINT_URL_SQS: moto.endpoint,
    FERRY_PART_RESERVE_MS: '4000',
    FERRY_LEASE_MS: '15000',
    FERRY_STALE_MS: '30000',
    FERRY_ORPHAN_GRACE_MS: '30000',
    FERRY_WORK: `s3://${workBucket}/batches/`,
    ...settings,
  };
  const deployment = await deploy({
    stack: await packageStack('dev'),
    sqs,
    createTable: local.createTable,
    timeout,
    sweepEvery: 5,
    concurrency: { PartsQueue: 10, TasksQueue: 4, EventsQueue: 4 },
    receives: { EventsQueue: 6 },
    // JSON is YAML.
    config: JSON.stringify({
      callers: [
        {
          name: 'end-to-end',
          keys: [apiKey],
          read: [source, replica, aside].map((bucket) => `s3://${bucket}`),
          write: [`s3://${replica}`],
          seesAllJobs: true,
        },
      ],
      defaultStore: 's3',
      rules: [{ name: 'all', source: { bucket: source }, destination: { bucket: replica } }],
    }),
    variables,
    onLine: (_, line) => {
      if (line.includes('"level":"error"')) errors.push(line);
    },
    onDelivery: (queue, message) => {
      deliveries.set(queue.url, (deliveries.get(queue.url) ?? 0) + 1);
      if (!installation.duplicates || seen.has(message.MessageId) || randomInt(8) > 0) return;
      seen.add(message.MessageId);
      const again = { QueueUrl: queue.url, MessageBody: message.Body, DelaySeconds: randomInt(6) };
      void sqs.send(new SendMessageCommand(again));
    },
  });
  const { front, url } = await openBridge(sqs, deployment.queues['EventsQueue'] as Queue);
  await notify(server, source, await putTopic(server, unique('topic'), { 'push-endpoint': url }));

  const installation: Installation = {
    ...deployment,
    store,
    source,
    replica,
    aside,
    workBucket,
    open: () =>
      openAws({ env: { ...variables, ...places(deployment) }, clients: clientsOf(local.client, sqs), write() {} }),
    calls,
    jobs: new DynamoStateTable({ client: local.client, tableName: deployment.table, clock: systemClock }),
    deliveries,
    errors,
    duplicates: false,
    sqs,
    async depth(queue) {
      const asked = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: queue?.url, AttributeNames: ['All'] }));
      const names = ['', 'NotVisible', 'Delayed'].map((name) => `ApproximateNumberOfMessages${name}`);
      return names.reduce((sum, name) => sum + Number((asked.Attributes as Record<string, string>)[name]), 0);
    },
    async close() {
      front.close();
      front.closeAllConnections();
      await deployment.close();
      await Promise.all([calls.store.close(), calls.table.close(), store.close(), local.close()]);
      sqs.destroy();
    },
  };
  return installation;
}

/** As `serverless.ts` sets them. */
function places({ table, queues }: Deployment): Record<string, string> {
  const url = (id: string): string => queues[id]?.url ?? '';
  return {
    FERRY_TABLE: table,
    FERRY_PARTS_QUEUE_URL: url('PartsQueue'),
    FERRY_TASKS_QUEUE_URL: url('TasksQueue'),
    FERRY_EVENTS_QUEUE_URL: url('EventsQueue'),
  };
}

function clientsOf(dynamodb: DynamoDBClient, sqs: SQSClient): AwsClients {
  return { dynamodb: async () => dynamodb, sqs: async () => sqs };
}

/**
 * What S3 does itself and Ceph leaves to others: takes the gateway's notifications by HTTP and sends them to the queue, ten
 * in a call where there are so many. The gateway gets its answer, and the writer of the object his, when the queue has it.
 */
async function openBridge(sqs: SQSClient, queue: Queue) {
  let waiting: { body: string; done: (status: number) => void }[] = [];
  let sending = false;
  const flush = async (): Promise<void> => {
    if (sending) return;
    sending = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, 10);
      waiting = waiting.slice(10);
      const Entries = batch.map(({ body }, i) => ({ Id: String(i), MessageBody: body }));
      const sent = await sqs.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries })).catch(() => undefined);
      const took = new Set(sent?.Successful?.map(({ Id }) => Id));
      batch.forEach(({ done }, i) => done(took.has(String(i)) ? 200 : 500));
    }
    sending = false;
  };
  const front = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      waiting.push({ body, done: (status) => response.writeHead(status).end() });
      void flush();
    });
  }).listen(0, '127.0.0.1');
  await once(front, 'listening');
  return { front, url: `http://127.0.0.1:${(front.address() as AddressInfo).port}/` };
}
