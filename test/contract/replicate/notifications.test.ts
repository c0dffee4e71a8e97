/** The S3 API configures a bucket of the twin to send its events to `ferry serve`, which replicates them. */
import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Twin } from '../../../lib/twin/start.ts';
import { startTwin } from '../../../lib/twin/start.ts';
import type { Service } from '../api/support.ts';
import { openService, token } from '../api/support.ts';

const rules = [
  { name: 'all', source: { bucket: 'photos', prefix: 'in/' }, destination: { bucket: 'backup' } },
  {
    name: 'clean',
    source: { bucket: 'photos' },
    destination: { bucket: 'clean' },
    filters: { tags: { scan: 'clean' } },
  },
];
const webhooks: Record<string, string> = {};
let twin: Twin;
let service: Service;
let s3: S3Client;
beforeAll(async () => {
  twin = await startTwin({ buckets: ['photos', 'backup', 'clean'].map((name) => ({ name })), webhooks });
  service = await openService({ scheme: 's3', twin, config: { rules } });
  webhooks['ferry'] = `${service.url}/events/${token}`;
  webhooks['eventbridge'] = `${service.url}/events/${token}`;
  const credentials = { accessKeyId: twin.accessKeyId, secretAccessKey: twin.secretAccessKey };
  s3 = new S3Client({ endpoint: twin.url, region: 'us-east-1', credentials, forcePathStyle: true });
});
afterAll(async () => {
  s3.destroy();
  await service.close();
  await twin.close();
});
beforeEach(async () => {
  for (const bucket of ['photos', 'backup', 'clean'])
    for (const key of twin.store.keys(bucket)) twin.store.delete(bucket, key);
});

const arn = (kind: string): string => `arn:aws:${kind}:us-east-1:000000000000:ferry`;
const events = ['s3:ObjectCreated:*', 's3:ObjectTagging:Put'] as const;
const Events = [...events];
const configure = (NotificationConfiguration: object) =>
  s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: 'photos', NotificationConfiguration }));

it.each<[string, object]>([
  ['a topic', { TopicConfigurations: [{ Id: 'f', TopicArn: arn('sns'), Events }] }],
  ['a queue', { QueueConfigurations: [{ Id: 'f', QueueArn: arn('sqs'), Events }] }],
  ['a function', { LambdaFunctionConfigurations: [{ Id: 'f', LambdaFunctionArn: arn('lambda'), Events }] }],
  ['EventBridge', { EventBridgeConfiguration: {} }],
])('replicates what %s tells, and what a scanner tags after the upload', async (_name, configuration) => {
  await configure(configuration);
  const got = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket: 'photos' }));
  expect(got).toMatchObject(configuration);
  await s3.send(new PutObjectCommand({ Bucket: 'photos', Key: 'in/a b+c', Body: 'hello' }));
  await service.settled();
  expect([twin.store.keys('backup'), twin.store.keys('clean')]).toEqual([['in/a b+c'], []]);
  const Tagging = { TagSet: [{ Key: 'scan', Value: 'clean' }] };
  await s3.send(new PutObjectTaggingCommand({ Bucket: 'photos', Key: 'in/a b+c', Tagging }));
  await service.settled();
  expect(twin.store.keys('clean')).toEqual(['in/a b+c']);
  expect(String(await twin.store.bytes('clean', 'in/a b+c'))).toBe('hello');
});

it('sends only what the filter of a notification lets through', async () => {
  const Filter = { Key: { FilterRules: [{ Name: 'prefix', Value: 'in/x' }] } } as const;
  await configure({ QueueConfigurations: [{ QueueArn: arn('sqs'), Events, Filter }] });
  for (const Key of ['in/x1', 'in/y1']) await s3.send(new PutObjectCommand({ Bucket: 'photos', Key, Body: 'x' }));
  await service.settled();
  expect(twin.store.keys('backup')).toEqual(['in/x1']);
});

it('refuses a target that it does not have, and an event that S3 does not know', async () => {
  const queue = (QueueArn: string, names: string[]) => ({ QueueConfigurations: [{ QueueArn, Events: names }] });
  await expect(configure(queue('arn:aws:sqs:us-east-1:000000000000:other', Events))).rejects.toThrow(/no webhook/);
  await expect(configure(queue(arn('sqs'), ['s3:ObjectMade:*']))).rejects.toThrow(/not supported/);
});

it('stops when the configuration is empty, and begins again by an event rule of the control', async () => {
  await configure({});
  await s3.send(new PutObjectCommand({ Bucket: 'photos', Key: 'in/quiet', Body: 'x' }));
  await service.settled();
  expect(twin.store.keys('backup')).toEqual([]);
  const post = (body: object) => fetch(`${twin.url}/__twin/events`, { method: 'POST', body: JSON.stringify(body) });
  expect((await post({ url: webhooks['ferry'], shape: 'mqtt' })).status).toBe(400);
  expect((await post({ url: webhooks['ferry'], shape: 'oss', bucket: 'photos' })).status).toBe(200);
  await s3.send(new PutObjectCommand({ Bucket: 'photos', Key: 'in/loud', Body: 'x' }));
  await service.settled();
  expect(twin.store.keys('backup')).toEqual(['in/loud']);
  await fetch(`${twin.url}/__twin/events`, { method: 'DELETE' });
});
