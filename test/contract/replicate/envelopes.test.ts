/**
 * Each published shape of an event leads to a replica, to a skip that is counted, or to a dead letter that says what to do:
 * through `ferry serve`, and through the built Lambda function.
 */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Twin } from '../../../lib/twin/start.ts';
import { startTwin } from '../../../lib/twin/start.ts';
import { LambdaFunction } from '../../lambda-host/function.ts';
import { fixture } from '../../unit/replicate/fixtures.ts';
import type { Service } from '../api/support.ts';
import { openService, token } from '../api/support.ts';

const key = 'in/a b.jpg';
const rules = [
  { name: 'all', source: { bucket: 'photos' }, destination: { bucket: 'backup' } },
  {
    name: 'clean',
    source: { bucket: 'photos' },
    destination: { bucket: 'clean' },
    filters: { tags: { scan: 'clean' } },
  },
];

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64');
const oss = fixture('oss-put-plain');
const smq = {
  TopicOwner: '1',
  TopicName: 'photos',
  Subscriber: '1',
  SubscriptionName: 's',
  MessageId: '1',
  MessageMD5: 'X',
};
const xml = `<?xml version="1.0" encoding="utf-8"?><Notification xmlns="http://mns.aliyuncs.com/doc/v1/">
  <TopicOwner>1</TopicOwner><TopicName>photos</TopicName><Message>${base64(oss)}</Message></Notification>`;

/** Where the object is afterwards; `skip`: nowhere, and counted; else the text of the dead letter. */
type Outcome = 'backup and clean' | 'clean' | 'nowhere' | 'skip' | RegExp;

const envelopes: [name: string, event: unknown, outcome: Outcome][] = [
  ['an S3 notification', fixture('s3-put-plain'), 'backup and clean'],
  ['an S3 record of an unknown sender', fixture('s3-unknown-sender'), 'backup and clean'],
  ['an EventBridge pipe', fixture('pipes-sqs'), 'backup and clean'],
  ['SNS by HTTP', fixture('sns-http'), 'backup and clean'],
  ['CloudTrail: PutObject', fixture('cloudtrail-put'), 'backup and clean'],
  ['CloudTrail: CopyObject', fixture('cloudtrail-copy'), 'backup and clean'],
  ['CloudTrail: CompleteMultipartUpload', fixture('cloudtrail-complete'), 'backup and clean'],
  ['CloudTrail: DeleteObject of what is there again', fixture('cloudtrail-delete'), 'nowhere'],
  ['CloudTrail: DeleteObjects', fixture('cloudtrail-delete-objects'), /does not say which objects.*ferry reconcile/],
  ['an OSS trigger', oss, 'backup and clean'],
  ['OSS through SMQ as JSON', { ...smq, Message: base64(oss) }, 'backup and clean'],
  ['OSS through SMQ as JSON, not encoded', { ...smq, Message: JSON.stringify(oss) }, 'backup and clean'],
  ['OSS through SMQ, simplified', base64(oss), 'backup and clean'],
  ['OSS through SMQ as XML', xml, 'backup and clean'],
  [
    'OSS through a queue of SMQ',
    {
      specversion: '1.0',
      source: 'acs:mns',
      type: 'mns:Queue:SendMessage',
      data: { messageId: '1', messageBody: oss },
    },
    'backup and clean',
  ],
  ['a tag that a scanner set', fixture('s3-tagging'), 'clean'],
  ['an ACL', fixture('s3-acl'), 'nowhere'],
  ['a transition', fixture('s3-transition'), 'nowhere'],
  ['a restore that begins', fixture('s3-restore-begun'), 'skip'],
  ['the confirmation of a topic that is not listed', fixture('sns-confirmation'), /Open the SubscribeURL.*snsTopics/],
  ['a shape that no vendor sends', { hello: 'world' }, /unknown trigger: an object with hello/],
];

let twin: Twin;
beforeAll(async () => {
  twin = await startTwin({ buckets: ['photos', 'backup', 'clean'].map((name) => ({ name })) });
});
afterAll(() => twin.close());

beforeEach(async () => {
  await twin.store.put('photos', key, { body: 'hello', tags: { scan: 'clean' } });
  for (const bucket of ['backup', 'clean']) for (const one of twin.store.keys(bucket)) twin.store.delete(bucket, one);
});

const where = (): string =>
  ['backup', 'clean'].filter((bucket) => twin.store.keys(bucket).includes(key)).join(' and ') || 'nowhere';

describe('ferry serve', () => {
  let service: Service;
  beforeAll(async () => {
    service = await openService({ scheme: 's3', twin, config: { rules } });
  });
  afterAll(() => service.close());

  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${service.url}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  };

  it.each(envelopes)('takes %s', async (_name, event, outcome) => {
    const dead = await metric('ferry_events_dead');
    const skipped = await metric('ferry_events_skipped_total\\{why="other"\\}');
    const body = typeof event === 'string' ? event : JSON.stringify(event);
    const answer = await fetch(`${service.url}/events/${token}`, { method: 'POST', body });
    const text = await answer.text();
    await service.settled();
    if (outcome instanceof RegExp) {
      expect([answer.status, text]).toEqual([422, expect.stringMatching(outcome)]);
      expect(await metric('ferry_events_dead')).toBe(dead + 1);
      expect(where()).toBe('nowhere');
    } else {
      expect([answer.status, where()]).toEqual([202, outcome === 'skip' ? 'nowhere' : outcome]);
      expect(await metric('ferry_events_dead')).toBe(dead);
      const count = outcome === 'skip' ? 1 : 0;
      expect(await metric('ferry_events_skipped_total\\{why="other"\\}')).toBe(skipped + count);
      if (outcome === 'skip') expect(JSON.parse(text)).toEqual({ accepted: 0, skipped: { other: 1 } });
    }
  });

  it('says of a change that no rule goes by that it is skipped', async () => {
    await fetch(`${service.url}/events/${token}`, { method: 'POST', body: JSON.stringify(fixture('s3-acl')) });
    await service.settled();
    expect(service.logs.filter((line) => line.includes('"why":"change-not-used"')).length).toBeGreaterThanOrEqual(2);
  });
});

describe('the built Lambda function', () => {
  let folder = '';
  let lambda: LambdaFunction;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ferry-envelopes-'));
    await cp('dist/functions', folder, { recursive: true });
    const stores = { s3: { scheme: 's3', endpoint: twin.url, region: 'us-east-1' } };
    // JSON is YAML.
    await writeFile(join(folder, 'ferry.yaml'), JSON.stringify({ stores, defaultStore: 's3', rules }));
    const nowhere = 'http://127.0.0.1:9';
    const variables = {
      AWS_LAMBDA_FUNCTION_NAME: 'ferry',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: twin.accessKeyId,
      AWS_SECRET_ACCESS_KEY: twin.secretAccessKey,
      FERRY_CONFIG: join(folder, 'ferry.yaml'),
      FERRY_TABLE: 'jobs',
      FERRY_PARTS_QUEUE_URL: `${nowhere}/1/parts`,
      FERRY_TASKS_QUEUE_URL: `${nowhere}/1/tasks`,
      FERRY_EVENTS_QUEUE_URL: `${nowhere}/1/events`,
    };
    const handler = 'object-created.handler';
    lambda = new LambdaFunction({ root: folder, handler, variables, arn: 'arn', name: 'events', timeoutMs: 50_000 });
  });
  afterAll(async () => {
    await lambda.close();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(envelopes)('takes %s', async (_name, event, outcome) => {
    const answer = await lambda.invoke(event);
    if (outcome instanceof RegExp) {
      // Lambda keeps what failed for good in the function's dead-letter queue.
      expect(answer).toEqual({ failed: 'error', message: expect.stringMatching(outcome) as string });
      expect(where()).toBe('nowhere');
    } else {
      expect(answer).not.toHaveProperty('failed');
      expect(where()).toBe(outcome === 'skip' ? 'nowhere' : outcome);
    }
  });

  it.each(['1', '2'])('copies the object of a task of S3 Batch Operations, schema %s.0', async (version) => {
    const event = fixture(`batch-operations-${version}`) as { tasks: object[]; invocationId: string };
    const [task] = event.tasks;
    const others = [
      { ...task, taskId: 'gone', s3Key: 'gone' },
      { ...task, taskId: 'elsewhere', s3BucketArn: 'arn:aws:s3:::others', s3Bucket: 'others' },
    ];
    const { invocationId } = event;
    expect(await lambda.invoke({ ...event, tasks: [task, ...others] })).toEqual({
      answer: {
        ...{ invocationSchemaVersion: `${version}.0`, treatMissingKeysAs: 'TemporaryFailure', invocationId },
        results: [
          {
            taskId: 'dGFza2lkZ29lc2hlcmUK',
            resultCode: 'Succeeded',
            resultString: expect.stringContaining('copied') as string,
          },
          { taskId: 'gone', resultCode: 'PermanentFailure', resultString: expect.stringMatching(/NotFound/) as string },
          {
            taskId: 'elsewhere',
            resultCode: 'PermanentFailure',
            resultString: expect.stringMatching(/No rule/) as string,
          },
        ],
      },
    });
    expect(where()).toBe('backup and clean');
  });

  it('tells S3 Batch Operations that a store which is in trouble may be asked again', async () => {
    twin.faults.add({
      match: { operation: ['CopyObject', 'HeadObject'] },
      effect: { kind: 'error', status: 503, code: 'SlowDown', delayMs: 600_000 },
    });
    try {
      const answer = await lambda.invoke(fixture('batch-operations-2'));
      expect(answer).toMatchObject({ answer: { results: [{ resultCode: 'TemporaryFailure' }] } });
    } finally {
      twin.faults.clear();
    }
  });
});
