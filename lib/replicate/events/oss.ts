/** OSS: the native Function Compute trigger (`events[]`) and the same record inside an EventBridge CloudEvent. */
import { GiveUp } from '../../copy/model/errors.ts';
import { shortText } from './bounds.ts';
import type { DropReason, ObjectEvent } from './event.ts';
import { at, countAt, firstOf, isObject, parsed, textAt, timeAt } from './json.ts';
import { readKey } from './keys.ts';
import { kindOfName, stepOf } from './names.ts';

export function isOssTrigger(body: unknown): boolean {
  const first = isObject(body) ? firstOf(body['events']) : undefined;
  return textAt(first, 'eventSource') === 'acs:oss';
}

export function isOssCloudEvent(body: unknown): boolean {
  return textAt(body, 'specversion') !== undefined && textAt(body, 'source') === 'acs.oss';
}

/** One element of `events[]`. @throws GiveUp BadRequest when it names no bucket or key. */
export function readOssRecord(record: unknown): ObjectEvent | DropReason {
  return readRecord(record, textAt(record, 'eventName') ?? '', {
    region: textAt(record, 'region'),
    at: timeAt(record, 'eventTime'),
    source: 'acs:oss',
    id: textAt(record, 'responseElements', 'requestId'),
  });
}

/** One CloudEvent; its `data` is one record. @throws GiveUp BadRequest as above. */
export function readOssCloudEvent(body: unknown): ObjectEvent | DropReason {
  const data = parsed(at(body, 'data'));
  return readRecord(data, textAt(body, 'type') ?? textAt(data, 'eventName') ?? '', {
    region: textAt(data, 'region') ?? textAt(body, 'aliyunregionid'),
    at: timeAt(data, 'eventTime') || timeAt(body, 'time'),
    source: 'acs:eventbridge',
    id: textAt(body, 'id'),
  });
}

interface Envelope {
  region?: string;
  at: number;
  source: string;
  id?: string;
}

function readRecord(record: unknown, name: string, { id, ...envelope }: Envelope): ObjectEvent | DropReason {
  const step = stepOf(kindOfName(name));
  if (typeof step === 'string') return step;
  const bucket = textAt(record, 'oss', 'bucket', 'name');
  const key = textAt(record, 'oss', 'object', 'key');
  if (!bucket || !key)
    throw new GiveUp('BadRequest', `unknown trigger: an OSS event ${shortText(name)} without bucket or key`);
  return {
    ...step,
    scheme: 'oss',
    bucket,
    ...readKey(key, 'unsaid'),
    size: countAt(record, 'oss', 'object', 'size'),
    etag: textAt(record, 'oss', 'object', 'eTag')?.replaceAll('"', ''),
    ...envelope,
    id: id ?? `${bucket}/${key}`,
  };
}
