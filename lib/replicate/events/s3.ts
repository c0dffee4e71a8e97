/** S3 bucket notifications, and those of the stores that send the same records (MinIO, Ceph RGW). */
import { GiveUp } from '../../copy/model/errors.ts';
import { shortText } from './bounds.ts';
import type { DropReason, ObjectEvent } from './event.ts';
import { countAt, firstOf, isObject, textAt, timeAt } from './json.ts';
import { readKey, type KeySpelling } from './keys.ts';
import { kindOfName } from './names.ts';

/** By `eventSource`. */
const spellings = new Map<string, KeySpelling>([
  ['aws:s3', 'form'],
  ['minio:s3', 'form'],
  ['ceph:s3', 'raw'],
]);

export function isS3Records(body: unknown): boolean {
  const first = isObject(body) ? firstOf(body['Records']) : undefined;
  return spellings.has(textAt(first, 'eventSource') ?? '');
}

/** @throws GiveUp BadRequest when the record names no bucket or key, or a sender we do not know. */
export function readS3Record(record: unknown): ObjectEvent | DropReason {
  const kind = kindOfName(textAt(record, 'eventName') ?? '');
  if (kind === 'part' || kind === 'test' || kind === 'other') return kind;
  const sender = textAt(record, 'eventSource') ?? '';
  const spelling = spellings.get(sender);
  const bucket = textAt(record, 's3', 'bucket', 'name');
  const key = textAt(record, 's3', 'object', 'key');
  if (!spelling) throw new GiveUp('BadRequest', `unknown trigger: an S3 record from '${shortText(sender)}'`);
  if (!bucket || !key) throw new GiveUp('BadRequest', `unknown trigger: a record of ${sender} without bucket or key`);
  const sequencer = textAt(record, 's3', 'object', 'sequencer');
  const etag = textAt(record, 's3', 'object', 'eTag')?.replaceAll('"', '');
  const request = textAt(record, 'responseElements', 'x-amz-request-id');
  return {
    kind: kind === 'created' ? 'created' : 'removed',
    ...(kind === 'marker' && { marker: true }),
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
