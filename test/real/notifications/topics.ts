/** Bucket notifications of Ceph RGW: topics by its SNS-like API, which takes signed forms, and the buckets that use them. */
import { PutBucketNotificationConfigurationCommand, S3Client } from '@aws-sdk/client-s3';
import { SignatureV4 } from '@smithy/signature-v4';
import { Sha256 } from '../../contract/twin/raw.ts';
import type { ServerInfo } from '../servers/server.ts';

/** Attributes of a topic, as RGW's documentation names them. */
export interface TopicAttributes {
  'push-endpoint': string;
  /** `true`: kept in the store until it was delivered. */
  persistent?: 'true';
  /** Seconds between attempts. Ceph 19 and later. */
  retry_sleep_duration?: string;
}

/** Creates a topic, or changes it. Returns its ARN. */
export async function putTopic(server: ServerInfo, name: string, attributes: TopicAttributes): Promise<string> {
  const { hostname, port, host } = new URL(server.endpoint);
  const signer = new SignatureV4({ credentials: server, region: server.region, service: 's3', sha256: Sha256 });
  const form = new URLSearchParams({ Action: 'CreateTopic', Name: name });
  Object.entries(attributes).forEach(([key, value], i) => {
    form.set(`Attributes.entry.${i + 1}.key`, key);
    form.set(`Attributes.entry.${i + 1}.value`, value);
  });
  const body = form.toString();
  const headers = { host, 'content-type': 'application/x-www-form-urlencoded' };
  const request = {
    method: 'POST',
    protocol: 'http:',
    hostname,
    port: Number(port),
    path: '/',
    query: {},
    headers,
    body,
  };
  const { headers: signed } = await signer.sign(request);
  const answer = await fetch(server.endpoint, { method: 'POST', body, headers: signed });
  const text = await answer.text();
  const [, arn] = /<TopicArn>([^<]+)</.exec(text) ?? [];
  if (!answer.ok || arn === undefined) throw new Error(`CreateTopic: ${answer.status} ${text}`);
  return arn;
}

/** Sends everything that happens to objects of the bucket to the topic. */
export async function notify(server: ServerInfo, bucket: string, topicArn: string): Promise<void> {
  const { endpoint, region } = server;
  const client = new S3Client({ endpoint, region, credentials: server, forcePathStyle: true });
  try {
    const Events = ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'] as const;
    const TopicConfigurations = [{ Id: 'ferry', TopicArn: topicArn, Events: [...Events] }];
    const NotificationConfiguration = { TopicConfigurations };
    await client.send(new PutBucketNotificationConfigurationCommand({ Bucket: bucket, NotificationConfiguration }));
  } finally {
    client.destroy();
  }
}
