/** S3 events through Amazon EventBridge: one event an envelope, its own words for what happened. */
import { GiveUp } from '../../copy/model/errors.ts';
import type { DropReason, ObjectEvent } from './event.ts';
import { countAt, textAt, timeAt } from './json.ts';
import { readKey } from './keys.ts';

const kinds = new Map<string, ObjectEvent['kind']>([
  ['Object Created', 'created'],
  ['Object Restore Completed', 'created'],
  ['Object Deleted', 'removed'],
]);

export function isS3EventBridge(body: unknown): boolean {
  return textAt(body, 'source') === 'aws.s3' && textAt(body, 'detail-type') !== undefined;
}

/** @throws GiveUp BadRequest when the event names no bucket or key. */
export function readS3EventBridge(body: unknown): ObjectEvent | DropReason {
  const kind = kinds.get(textAt(body, 'detail-type') ?? '');
  if (!kind) return 'other';
  const bucket = textAt(body, 'detail', 'bucket', 'name');
  const key = textAt(body, 'detail', 'object', 'key');
  if (!bucket || !key)
    throw new GiveUp('BadRequest', 'unknown trigger: an EventBridge event of S3 without bucket or key');
  return {
    kind,
    ...(textAt(body, 'detail', 'deletion-type') === 'Delete Marker Created' && { marker: true }),
    scheme: 's3',
    region: textAt(body, 'region'),
    bucket,
    ...readKey(key, 'unsaid'),
    size: countAt(body, 'detail', 'object', 'size'),
    etag: textAt(body, 'detail', 'object', 'etag')?.replaceAll('"', ''),
    versionId: textAt(body, 'detail', 'object', 'version-id'),
    sequencer: textAt(body, 'detail', 'object', 'sequencer'),
    at: timeAt(body, 'time'),
    source: 'aws:eventbridge',
    id: textAt(body, 'id') ?? `${bucket}/${key}`,
  };
}
