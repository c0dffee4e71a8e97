/** Notifications of a bucket (S3). Topics, queues and functions are all webhooks of the twin, by the last piece of their ARN. */
import type { Call, Reply } from '../call.ts';
import { refuse } from '../errors.ts';
import { targetOf } from '../events/notified.ts';
import type { Notification } from '../model/bucket.ts';
import { addressedBucket } from '../rules/locate.ts';
import { child, children, parseXml, text, type Parsed, type XmlNode } from '../wire/xml.ts';

const KINDS = ['Topic', 'Queue', 'CloudFunction'] as const;
const EVENT =
  /^s3:(ObjectCreated|ObjectRemoved|ObjectRestore|ObjectTagging|ObjectAcl|LifecycleExpiration|LifecycleTransition|Replication|IntelligentTiering|ReducedRedundancyLostObject)(:(\*|[A-Za-z]+))?$/;
/** EventBridge gets everything. */
const EVERY = ['s3:ObjectCreated:*', 's3:ObjectRemoved:*', 's3:ObjectTagging:*'];

export async function getNotifications(call: Call): Promise<Reply> {
  const { notifications = [] } = addressedBucket(call).settings;
  const of = (kind: (typeof KINDS)[number]): XmlNode[] =>
    notifications.filter((one) => one.kind === kind).map((one) => describe(one));
  return {
    status: 200,
    xml: {
      root: 'NotificationConfiguration',
      value: {
        ...Object.fromEntries(KINDS.map((kind) => [`${kind}Configuration`, of(kind)])),
        ...(notifications.some(({ kind }) => kind === 'EventBridge') && { EventBridgeConfiguration: '' }),
      },
    },
  };
}

/** Replaces the configuration, and sends a test event to each target, as S3 does. */
export async function putNotifications(call: Call): Promise<Reply> {
  const document = parseXml(await call.body.document(), 'NotificationConfiguration');
  const bucket = addressedBucket(call);
  const { name } = bucket.settings;
  const notifications = KINDS.flatMap((kind) =>
    children(document, `${kind}Configuration`).map((node, n) => read(kind, node, `${kind}-${n + 1}`)),
  );
  if (child(document, 'EventBridgeConfiguration') !== undefined) {
    const every = { events: EVERY, prefix: '', suffix: '' };
    notifications.push({ kind: 'EventBridge', id: 'eventbridge', arn: 'eventbridge', ...every });
  }
  const targets = notifications.map((one) => {
    const target = targetOf(name, one, call.world.webhooks);
    if (target) return target;
    const known = Object.keys(call.world.webhooks).join(', ') || 'none';
    throw refuse('InvalidArgument', {
      message: `Unable to validate the following destination configurations: the twin has no webhook for it (--webhook); it has: ${known}`,
      fields: { ArgumentName1: one.arn, ArgumentValue1: 'not authorized or does not exist' },
    });
  });
  bucket.settings.notifications = notifications;
  call.world.store.bucketUpdated(bucket);
  for (const [n, target] of targets.entries()) {
    if (notifications[n]?.kind !== 'EventBridge') call.world.events.test(target, name, call.requestId);
  }
  return { status: 200 };
}

function read(kind: (typeof KINDS)[number], node: Parsed, id: string): Notification {
  const events = children(node, 'Event').map(String);
  const arn = text(node, kind);
  if (arn === undefined || events.length === 0) throw refuse('MalformedXML');
  if (!events.every((event) => EVENT.test(event))) {
    throw refuse('InvalidArgument', { message: 'A specified event is not supported for notifications.' });
  }
  const filters = new Map(
    children(child(child(node, 'Filter'), 'S3Key'), 'FilterRule').map((rule) => [
      text(rule, 'Name')?.toLowerCase() ?? '',
      text(rule, 'Value') ?? '',
    ]),
  );
  if ([...filters.keys()].some((filter) => filter !== 'prefix' && filter !== 'suffix')) {
    throw refuse('InvalidArgument', { message: 'filter rule name must be either prefix or suffix' });
  }
  const [prefix, suffix] = [filters.get('prefix') ?? '', filters.get('suffix') ?? ''];
  return { kind, id: text(node, 'Id') || id, arn, events, prefix, suffix };
}

function describe({ kind, id, arn, events, prefix, suffix }: Notification): XmlNode {
  const rules = Object.entries({ Prefix: prefix, Suffix: suffix }).filter(([, value]) => value !== '');
  const FilterRule = rules.map(([Name, Value]) => ({ Name, Value }));
  return { Id: id, [kind]: arn, Event: events, ...(rules.length > 0 && { Filter: { S3Key: { FilterRule } } }) };
}
