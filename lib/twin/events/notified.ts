/** Targets of events that buckets were configured with, as S3's PutBucketNotificationConfiguration does. */
import type { Notification } from '../model/bucket.ts';
import type { Store } from '../model/store.ts';
import type { EventShape, EventTarget } from './target.ts';

const SHAPE_OF: Readonly<Record<Notification['kind'], EventShape>> = {
  Topic: 's3-sns',
  Queue: 's3',
  CloudFunction: 's3',
  EventBridge: 's3-eventbridge',
};

type Webhooks = Readonly<Record<string, string>>;

/** The name of the webhook that an ARN means: its last piece. */
export function webhookName(arn: string): string {
  return arn.slice(arn.lastIndexOf(':') + 1);
}

/** Undefined when there is no such webhook. */
export function targetOf(bucket: string, notification: Notification, webhooks: Webhooks): EventTarget | undefined {
  const { kind, arn, events, prefix, suffix } = notification;
  const name = webhookName(arn);
  const url = Object.hasOwn(webhooks, name) ? webhooks[name] : undefined;
  return url === undefined ? undefined : { url, shape: SHAPE_OF[kind], bucket, prefix, suffix, events };
}

export function notified(store: Store, webhooks: Webhooks): EventTarget[] {
  return store
    .buckets()
    .flatMap(({ settings: { name, notifications = [] } }) =>
      notifications.flatMap((one) => targetOf(name, one, webhooks) ?? []),
    );
}
