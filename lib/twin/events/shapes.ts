/** One event in each cloud's native shape. Undefined where that cloud has no such event. */
import { S3 } from '../dialect.ts';
import { OWNER } from '../users.ts';
import type { EventName, EventShape, StoreEvent } from './target.ts';

const ACCOUNT = OWNER;
const SOURCE_ADDRESS = '127.0.0.1';

/** Fired by the OSS wildcard only: Initiate, every part, Abort. */
const PART_EVENTS: ReadonlySet<EventName> = new Set([
  'InitiateMultipartUpload',
  'UploadPart',
  'UploadPartCopy',
  'AbortMultipartUpload',
]);

export function isPartEvent(name: EventName): boolean {
  return PART_EVENTS.has(name);
}

const TAG_EVENTS: ReadonlySet<EventName> = new Set(['PutObjectTagging', 'DeleteObjectTagging']);

export function isTagEvent(name: EventName): boolean {
  return TAG_EVENTS.has(name);
}

/** OSS tells nothing of a delete that only made a delete marker, nor of tags. */
function ossName(name: EventName): string | undefined {
  if (name === 'DeleteMarkerCreated' || isTagEvent(name)) return undefined;
  const removed = name === 'DeleteObject' || name === 'DeleteObjects' || name === 'AbortMultipartUpload';
  return `${removed ? 'ObjectRemoved' : 'ObjectCreated'}:${name}`;
}

const S3_NAMES: Partial<Record<EventName, string>> = {
  PutObject: 'ObjectCreated:Put',
  CopyObject: 'ObjectCreated:Copy',
  CompleteMultipartUpload: 'ObjectCreated:CompleteMultipartUpload',
  DeleteObject: 'ObjectRemoved:Delete',
  DeleteObjects: 'ObjectRemoved:Delete',
  DeleteMarkerCreated: 'ObjectRemoved:DeleteMarkerCreated',
  PutObjectTagging: 'ObjectTagging:Put',
  DeleteObjectTagging: 'ObjectTagging:Delete',
};

/** `s3:ObjectCreated:Put`; undefined where S3 has no such event. */
export function s3Name(name: EventName): string | undefined {
  const found = S3_NAMES[name];
  return found === undefined ? undefined : `s3:${found}`;
}

const isoTime = (at: number): string => new Date(at).toISOString();

function ossRecord(event: StoreEvent, eventName: string): object {
  return {
    eventName,
    eventSource: 'acs:oss',
    eventTime: isoTime(event.at),
    eventVersion: '1.0',
    region: event.region,
    oss: {
      ossSchemaVersion: '1.0',
      ruleId: 'twin',
      bucket: {
        name: event.bucket,
        arn: `acs:oss:${event.region}:${ACCOUNT}:${event.bucket}`,
        ownerIdentity: ACCOUNT,
        virtualBucket: '',
      },
      object: {
        key: event.key,
        size: event.size,
        deltaSize: event.deltaSize,
        eTag: event.etag.toUpperCase(),
        ...(event.contentType !== undefined && { objectMeta: { mimeType: event.contentType } }),
      },
    },
    requestParameters: { sourceIPAddress: SOURCE_ADDRESS },
    responseElements: { requestId: event.requestId },
    userIdentity: { principalId: ACCOUNT },
  };
}

function ossNative(event: StoreEvent): object | undefined {
  const name = ossName(event.name);
  return name === undefined ? undefined : { events: [ossRecord(event, name)] };
}

function ossEventBridge(event: StoreEvent): object | undefined {
  const name = ossName(event.name);
  if (name === undefined) return undefined;
  return {
    id: event.requestId,
    source: 'acs.oss',
    specversion: '1.0',
    type: `oss:${name}`,
    datacontenttype: 'application/json;charset=utf-8',
    subject: `acs:oss:${event.region}:${ACCOUNT}:${event.bucket}/${event.key}`,
    time: isoTime(event.at),
    aliyunaccountid: ACCOUNT,
    aliyunoriginalaccountid: ACCOUNT,
    aliyunpublishtime: isoTime(event.at),
    aliyuneventbusname: 'default',
    aliyunregionid: event.region,
    data: ossRecord(event, name),
  };
}

function s3Notification(event: StoreEvent): object | undefined {
  const eventName = S3_NAMES[event.name];
  if (eventName === undefined) return undefined;
  const created = !eventName.startsWith('ObjectRemoved');
  const record = {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: event.region,
    eventTime: isoTime(event.at),
    eventName,
    userIdentity: { principalId: ACCOUNT },
    requestParameters: { sourceIPAddress: SOURCE_ADDRESS },
    responseElements: { 'x-amz-request-id': event.requestId, 'x-amz-id-2': event.requestId },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: 'twin',
      bucket: { name: event.bucket, ownerIdentity: { principalId: ACCOUNT }, arn: `arn:aws:s3:::${event.bucket}` },
      object: {
        key: S3.encode(event.key),
        ...(created && { eTag: event.etag.toLowerCase() }),
        ...(created && !isTagEvent(event.name) && { size: event.size }),
        ...(event.versionId !== undefined && { versionId: event.versionId }),
        sequencer: event.sequencer,
      },
    },
  };
  return { Records: [record] };
}

function s3Sns(event: StoreEvent): object | undefined {
  const notification = s3Notification(event);
  return notification && inSnsMessage(notification, event);
}

/** What a topic posts around a message. */
export function inSnsMessage(
  message: object,
  { requestId, at, region }: Pick<StoreEvent, 'requestId' | 'at' | 'region'>,
): object {
  return {
    Type: 'Notification',
    MessageId: requestId,
    TopicArn: `arn:aws:sns:${region}:000000000000:twin`,
    Subject: 'Amazon S3 Notification',
    Message: JSON.stringify(message),
    Timestamp: isoTime(at),
    SignatureVersion: '1',
  };
}

const DETAIL_TYPES: Partial<Record<EventName, string>> = {
  PutObjectTagging: 'Object Tags Added',
  DeleteObjectTagging: 'Object Tags Deleted',
};

function s3EventBridge(event: StoreEvent): object | undefined {
  const eventName = S3_NAMES[event.name];
  if (eventName === undefined) return undefined;
  const created = !eventName.startsWith('ObjectRemoved');
  const marker = event.name === 'DeleteMarkerCreated';
  return {
    version: '0',
    id: event.requestId,
    'detail-type': DETAIL_TYPES[event.name] ?? (created ? 'Object Created' : 'Object Deleted'),
    source: 'aws.s3',
    account: ACCOUNT,
    time: isoTime(event.at),
    region: event.region,
    resources: [`arn:aws:s3:::${event.bucket}`],
    detail: {
      version: '0',
      bucket: { name: event.bucket },
      object: {
        // Not encoded here, unlike in the notification.
        key: event.key,
        ...(created && { etag: event.etag.toLowerCase() }),
        ...(created && !isTagEvent(event.name) && { size: event.size }),
        ...(event.versionId !== undefined && { 'version-id': event.versionId }),
        sequencer: event.sequencer,
      },
      'request-id': event.requestId,
      requester: ACCOUNT,
      'source-ip-address': SOURCE_ADDRESS,
      reason: created ? event.name : 'DeleteObject',
      ...(!created && { 'deletion-type': marker ? 'Delete Marker Created' : 'Permanently Deleted' }),
    },
  };
}

export const SHAPES: Readonly<Record<EventShape, (event: StoreEvent) => object | undefined>> = {
  oss: ossNative,
  'oss-eventbridge': ossEventBridge,
  s3: s3Notification,
  's3-eventbridge': s3EventBridge,
  's3-sns': s3Sns,
};
