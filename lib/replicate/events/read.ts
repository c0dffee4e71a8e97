import { GiveUp } from '../../copy/model/errors.ts';
import { bounded, shortText } from './bounds.ts';
import type { Dropped, DropReason, ObjectEvent } from './event.ts';
import { isCloudTrail, readCloudTrail } from './cloudtrail.ts';
import { isS3EventBridge, readS3EventBridge } from './eventbridge.ts';
import { at, firstOf, isObject, parsed, textAt } from './json.ts';
import { isMnsNotification, isMnsQueueEvent, parsedMns } from './mns.ts';
import { isOssCloudEvent, isOssTrigger, readOssCloudEvent, readOssRecord } from './oss.ts';
import { isS3Records, readS3Record } from './s3.ts';
import { refuseSubscriptionMessage, subscriptionMessage } from './sns.ts';

/** One shape of input: an envelope whose records hold further input, or a notification whose records are events. */
type Source = {
  recognise(body: unknown): boolean;
  records(body: unknown): unknown[];
} & ({ unwrap(record: unknown): unknown } | { read(record: unknown): ObjectEvent | DropReason });

const itself = (body: unknown): unknown[] => [body];
const listed = (name: string) => (body: unknown) => at(body, name) as unknown[];
const firstRecord = (body: unknown) => (isObject(body) ? firstOf(body['Records']) : undefined);

const sources: Record<string, Source> = {
  'aws:sqs': {
    recognise: (body) => textAt(firstRecord(body), 'eventSource') === 'aws:sqs',
    records: listed('Records'),
    unwrap: (record) => at(record, 'body'),
  },
  // EventBridge Pipes hand on a bare array of these.
  'aws:sqs message': {
    recognise: (body) => textAt(body, 'eventSource') === 'aws:sqs' && textAt(body, 'body') !== undefined,
    records: itself,
    unwrap: (body) => at(body, 'body'),
  },
  'aws:sns': {
    recognise: (body) => textAt(firstRecord(body), 'EventSource') === 'aws:sns',
    records: listed('Records'),
    unwrap: (record) => at(record, 'Sns', 'Message'),
  },
  'aws:sns message': {
    recognise: (body) => textAt(body, 'Type') === 'Notification' && textAt(body, 'TopicArn') !== undefined,
    records: itself,
    unwrap: (body) => at(body, 'Message'),
  },
  'aws:sns subscription': {
    recognise: (body) => subscriptionMessage(body) !== undefined,
    records: itself,
    read: refuseSubscriptionMessage,
  },
  's3 test': {
    recognise: (body) => textAt(body, 'Event') === 's3:TestEvent',
    records: itself,
    read: () => 'test',
  },
  s3: { recognise: isS3Records, records: listed('Records'), read: readS3Record },
  'aws:cloudtrail': { recognise: isCloudTrail, records: itself, read: readCloudTrail },
  'aws:eventbridge': { recognise: isS3EventBridge, records: itself, read: readS3EventBridge },
  oss: { recognise: isOssTrigger, records: listed('events'), read: readOssRecord },
  'oss cloudevent': { recognise: isOssCloudEvent, records: itself, read: readOssCloudEvent },
  'acs:mns': { recognise: isMnsNotification, records: itself, unwrap: (body) => at(body, 'Message') },
  'acs:mns queue': { recognise: isMnsQueueEvent, records: itself, unwrap: (body) => at(body, 'data', 'messageBody') },
  // EventBridge of both clouds delivers batches as a bare array.
  batch: {
    recognise: (body) => Array.isArray(body) && body.length > 0,
    records: (body) => body as unknown[],
    unwrap: (record) => record,
  },
};

/** SNS in SQS is two envelopes, a batch of those three; what nests deeper was not sent by a vendor. */
const deepest = 4;

export interface Reading {
  events: ObjectEvent[];
  dropped: Dropped;
  /** Of records that no store can have sent, among others that are good: those are done all the same, then it fails with this. */
  refused?: GiveUp;
}

/**
 * Reads whatever a trigger delivered: bytes, text or an object.
 *
 * @throws GiveUp BadRequest `unknown trigger ...` for anything not in the table, and for an event that no store can have sent,
 *   so that it ends in a dead letter; nothing is thrown while any of its records is good (`refused`).
 */
export function readEvents(input: unknown): Reading {
  const reading: Reading = { events: [], dropped: { part: 0, test: 0, other: 0 } };
  collect(input, reading, 0);
  const isEmpty = reading.events.length === 0 && Object.values(reading.dropped).every((count) => count === 0);
  if (reading.refused && isEmpty) throw reading.refused;
  return reading;
}

function collect(input: unknown, reading: Reading, depth: number): void {
  const body = parsed(input) ?? parsedMns(input);
  const source = depth <= deepest ? Object.values(sources).find((candidate) => candidate.recognise(body)) : undefined;
  if (!source) throw new GiveUp('BadRequest', `unknown trigger: ${outline(body)}`);
  for (const record of source.records(body)) {
    try {
      if ('unwrap' in source) collect(source.unwrap(record), reading, depth + 1);
      else take(source.read(record), reading);
    } catch (error) {
      if (!(error instanceof GiveUp)) throw error;
      reading.refused ??= error;
    }
  }
}

function take(event: ObjectEvent | DropReason, { events, dropped }: Reading): void {
  if (typeof event === 'string') dropped[event] += 1;
  else events.push(bounded(event));
}

/** Names of properties only: values may hold anything. */
function outline(body: unknown): string {
  if (Array.isArray(body)) return 'an empty list';
  if (!isObject(body)) return body === undefined ? 'not JSON' : `a ${body === null ? 'null' : typeof body}`;
  return `an object with ${
    shortText(
      Object.keys(body)
        .slice(0, 8)
        .map((name) => shortText(name, 64))
        .join(', '),
      200,
    ) || 'no properties'
  }`;
}
