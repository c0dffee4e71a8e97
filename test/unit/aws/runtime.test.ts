import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, describe, expect, it } from 'vitest';
import { objectCreatedHandler } from '../../../functions/object-created.ts';
import { workHandler } from '../../../functions/work.ts';
import { RetryLater } from '../../../lib/copy/model/errors.ts';
import { openAws } from '../../../lib/runtime/aws/open.ts';
import { cloudFunction } from '../../../lib/runtime/middleware/function.ts';
import { eachMessage, settleEach, type Delivery } from '../../../lib/runtime/middleware/messages.ts';
import type { Runtime } from '../../../lib/runtime/shared/runtime.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferry-aws-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const queueUrl = (name: string) => `https://sqs.eu-central-1.amazonaws.com/111122223333/${name}`;
const env = {
  AWS_REGION: 'eu-central-1',
  AWS_LAMBDA_FUNCTION_NAME: 'ferry-test',
  FERRY_TABLE: 'jobs',
  FERRY_PARTS_QUEUE_URL: queueUrl('parts'),
  FERRY_TASKS_QUEUE_URL: queueUrl('tasks'),
  FERRY_EVENTS_QUEUE_URL: queueUrl('events'),
};

const file = `
callers:
  - { name: media, keys: [env:MEDIA_KEY], read: ['s3://photos'], write: ['s3://photos'] }
defaultStore: s3
rules:
  - { name: backup, source: { bucket: photos }, destination: { bucket: backup } }
`;

async function rig(text?: string, more: Record<string, string> = {}) {
  const asked: string[] = [];
  const sent: Record<string, unknown>[] = [];
  const lines: string[] = [];
  const sqs = { send: async ({ input }: { input: Record<string, unknown> }) => (sent.push(input), {}) };
  const clients = {
    dynamodb: async () => (asked.push('dynamodb'), {} as DynamoDBClient),
    sqs: async () => (asked.push('sqs'), sqs as unknown as SQSClient),
  };
  const named = join(folder, 'ferry.yaml');
  if (text !== undefined) writeFileSync(named, text);
  const runtime = await openAws({
    env: { ...env, ...(text !== undefined && { FERRY_CONFIG: named }), ...more },
    clients,
    random: () => 0.5,
    write: (line) => void lines.push(line),
  });
  return { runtime, asked, sent, lines };
}

const message = (body: string, queue: string, received = '1') => ({
  messageId: 'm1',
  receiptHandle: 'receipt',
  body,
  attributes: { ApproximateReceiveCount: received },
  eventSource: 'aws:sqs',
  eventSourceARN: `arn:aws:sqs:eu-central-1:111122223333:${queue}`,
});

const context = { awsRequestId: 'r1', getRemainingTimeInMillis: () => 60_000 };

describe('openAws', () => {
  it('has no API and no rules without a file, and asks for no client', async () => {
    const { runtime, asked } = await rig();
    expect(runtime.api).toBeUndefined();
    expect(runtime.rules.routes).toEqual([]);
    expect(asked).toEqual([]);
  });

  it('reads callers and rules from the file, secrets from the environment, and stores at the own region', async () => {
    const { runtime } = await rig(file, { MEDIA_KEY: 'media-key-0123456789abcdef' });
    expect(runtime.api?.callers.map(({ name }) => name)).toEqual(['media']);
    expect(runtime.api?.stores['s3']).toEqual({ scheme: 's3', region: 'eu-central-1' });
    expect(runtime.rules.routes.map(({ id }) => id)).toEqual(['backup']);
  });

  it('keeps batches where the stack says', async () => {
    const { runtime } = await rig(undefined, { FERRY_WORK: 's3://work/batches/' });
    const store = { scheme: 's3', region: 'eu-central-1' };
    expect(runtime.batches?.workPlace).toEqual({ kind: 'bucket', store, bucket: 'work', prefix: 'batches/' });
    expect((await rig()).runtime.batches?.workPlace).toBeUndefined();
    for (const place of ['work/batches/', 's3://work/batches', 's3:///batches/']) {
      await expect(rig(undefined, { FERRY_WORK: place }), place).rejects.toThrow(/FERRY_WORK/);
    }
  });

  it('says which variable is missing', async () => {
    await expect(rig(file)).rejects.toThrow(/MEDIA_KEY/);
    await expect(rig(undefined, { FERRY_TABLE: '' })).rejects.toThrow(/FERRY_TABLE/);
    await expect(rig(undefined, { FERRY_CONFIG: join(folder, 'none.yaml') })).rejects.toThrow(/none\.yaml/);
    await expect(rig(undefined, { FERRY_CONCURENCY: '3' })).rejects.toThrow(/FERRY_CONCURENCY/);
  });

  it('sends tasks and messages to their queues', async () => {
    const { runtime, sent } = await rig(file, { MEDIA_KEY: 'media-key-0123456789abcdef' });
    await runtime.world.queue.send([{ kind: 'parts', jobId: 'j', uploadId: 'u', from: 1, count: 2 }]);
    await runtime.api?.messages.send([{ kind: 'rename-prefix', jobId: 'p' }], { delayMs: 2_000 });
    expect(sent).toMatchObject([
      { QueueUrl: queueUrl('parts') },
      { QueueUrl: queueUrl('tasks'), Entries: [{ DelaySeconds: 2 }] },
    ]);
  });

  it('logs lines of JSON that name the function', async () => {
    const { runtime, lines } = await rig();
    runtime.world.log.info('hello');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ message: 'hello', function: 'ferry-test' });
  });
});

describe('figures of rules', () => {
  const filtered = file.replace('destination: { bucket: backup }', '$&, filters: { maxSize: 1 }');
  const record = {
    ...{ eventVersion: '2.1', eventSource: 'aws:s3', awsRegion: 'eu-central-1', eventName: 'ObjectCreated:Put' },
    eventTime: '2026-01-02T03:04:05.000Z',
    s3: { bucket: { name: 'photos' }, object: { key: 'a', size: 2, eTag: 'e', sequencer: '01' } },
  };
  const figuresOf = async (more: Record<string, string>) => {
    const { runtime, lines } = await rig(filtered, { MEDIA_KEY: 'media-key-0123456789abcdef', ...more });
    const body = JSON.stringify({ Records: [record] });
    await objectCreatedHandler(async () => runtime)({ Records: [message(body, 'events')] }, context);
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => '_aws' in line);
  };

  it('are lines that CloudWatch makes metrics of, one dimension each, where the stage asks for them', async () => {
    const found = await figuresOf({ FERRY_RULE_METRICS: 'object-ferry/dev/rules' });
    expect(found).toMatchObject([
      { Rule: 'backup', Events: 1 },
      { Rule: 'backup', Skipped: 1, why: 'filtered' },
    ]);
    const { _aws } = found[1] as { _aws: object };
    expect(_aws).toEqual({
      Timestamp: expect.any(Number),
      CloudWatchMetrics: [
        {
          Namespace: 'object-ferry/dev/rules',
          Dimensions: [['Rule']],
          Metrics: [{ Name: 'Skipped', Unit: 'Count' }],
        },
      ],
    });
  });

  it('are not written by default', async () => {
    expect(await figuresOf({})).toEqual([]);
  });
});

describe('a message that comes again', () => {
  /** Hands one message to a function whose work ends in that error. */
  const failing = async (runtime: Runtime, record: object, error: Error): Promise<unknown> => {
    const fail = async (deliveries: Delivery[]) => await settleEach(deliveries, () => Promise.reject(error));
    return await cloudFunction(async () => runtime, [eachMessage()], fail)({ Records: [record] }, context);
  };

  it.each([
    ['parts', '1', 90_000, 90],
    ['events', '1', 0, 1],
    ['tasks', '20', 0, 15],
  ])('from %s, received %s times, is hidden for as long as it should', async (queue, received, delayMs, seconds) => {
    const { runtime, sent } = await rig();
    const error = new RetryLater('slow down', { delayMs });
    const answer = await failing(runtime, message('{}', queue, received), error);
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
    expect(sent).toEqual([{ QueueUrl: queueUrl(queue), ReceiptHandle: 'receipt', VisibilityTimeout: seconds }]);
  });

  it('is left to the queue when it is of another, or when the failure is not one that passes', async () => {
    const { runtime, sent } = await rig();
    await failing(runtime, message('{}', 'strange'), new RetryLater('slow down'));
    await failing(runtime, message('{}', 'tasks'), new Error('broken'));
    expect(sent).toEqual([]);
  });
});

describe('functions', () => {
  it('need neither table nor queue for an event that no rule is for', async () => {
    const { runtime, asked } = await rig();
    const event = { eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', eventTime: '2026-01-01T00:00:00.000Z' };
    const record = { ...event, awsRegion: 'x', s3: { bucket: { name: 'b' }, object: { key: 'k', size: 1 } } };
    const body = JSON.stringify({ Records: [record] });
    const handle = objectCreatedHandler(async () => runtime);
    expect(await handle({ Records: [message(body, 'events')] }, context)).toEqual({ batchItemFailures: [] });
    expect(asked).toEqual([]);
  });

  it('report a message that is no task, for the dead letters', async () => {
    const { runtime } = await rig();
    const handle = workHandler(async () => runtime);
    expect(await handle({ Records: [message('nonsense', 'tasks')] }, context)).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm1' }],
    });
  });
});
