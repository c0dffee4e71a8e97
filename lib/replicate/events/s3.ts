/** S3 bucket notifications, and those of all stores that send the same records, whatever they call themselves. */
import { GiveUp } from '../../copy/model/errors.ts';
import { shortText } from './bounds.ts';
import type { DropReason, ObjectEvent } from './event.ts';
import { at, countAt, firstOf, isObject, textAt, timeAt } from './json.ts';
import { readKey, type KeySpelling } from './keys.ts';
import { kindOfName, stepOf } from './names.ts';

/** By `eventSource`, where it is known. */
const spellings = new Map<string, KeySpelling>([
  ['aws:s3', 'form'],
  ['minio:s3', 'form'],
  ['ceph:s3', 'raw'],
]);

export function isS3Records(body: unknown): boolean {
  const first = isObject(body) ? firstOf(body['Records']) : undefined;
  if (spellings.has(textAt(first, 'eventSource') ?? '')) return true;
  return textAt(first, 'eventName') !== undefined && isObject(at(first, 's3'));
}

/** @throws GiveUp BadRequest when the record names no bucket or key. */
export function readS3Record(record: unknown): ObjectEvent | DropReason {
  const step = stepOf(kindOfName(textAt(record, 'eventName') ?? ''));
  if (typeof step === 'string') return step;
  const sender = shortText(textAt(record, 'eventSource') ?? 'a sender without a name', 64);
  const spelling = spellings.get(sender) ?? 'perhaps-form';
  const bucket = textAt(record, 's3', 'bucket', 'name');
  const key = textAt(record, 's3', 'object', 'key');
  if (!bucket || !key) throw new GiveUp('BadRequest', `unknown trigger: a record of ${sender} without bucket or key`);
  const sequencer = textAt(record, 's3', 'object', 'sequencer');
  const etag = textAt(record, 's3', 'object', 'eTag')?.replaceAll('"', '');
  const request = textAt(record, 'responseElements', 'x-amz-request-id');
  return {
    ...step,
    scheme: 's3',
    region: textAt(record, 'awsRegion'),
    bucket,
    ...readKey(key, spelling),
    size: countAt(record, 's3', 'object', 'size'),
    etag,
    versionId: textAt(record, 's3', 'object', 'versionId'),
    sequencer,
    at: timeAt(record, 'eventTime'),
    source: sender,
    id: [request ?? bucket, sequencer ?? etag ?? key].join('/'),
  };
}
