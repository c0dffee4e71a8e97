/** S3's own events through Amazon EventBridge: one event an envelope, its own words for what happened. */
import { GiveUp } from '../../copy/model/errors.ts';
import type { DropReason, ObjectEvent } from './event.ts';
import type { NameKind } from './names.ts';
import { stepOf } from './names.ts';
import { countAt, textAt, timeAt } from './json.ts';
import { readKey } from './keys.ts';

const kinds = new Map<string, NameKind>([
  ['Object Created', 'created'],
  ['Object Restore Completed', 'created'],
  ['Object Deleted', 'removed'],
  ['Object Tags Added', 'tags'],
  ['Object Tags Deleted', 'tags'],
  ['Object ACL Updated', 'acl'],
  ['Object Storage Class Changed', 'class'],
  ['Object Access Tier Changed', 'class'],
]);

export function isS3EventBridge(body: unknown): boolean {
  return textAt(body, 'source') === 'aws.s3' && textAt(body, 'detail-type') !== undefined;
}

/** @throws GiveUp BadRequest when the event names no bucket or key. */
export function readS3EventBridge(body: unknown): ObjectEvent | DropReason {
  const isMarker = textAt(body, 'detail', 'deletion-type') === 'Delete Marker Created';
  const step = stepOf(isMarker ? 'marker' : (kinds.get(textAt(body, 'detail-type') ?? '') ?? 'other'));
  if (typeof step === 'string') return step;
  const bucket = textAt(body, 'detail', 'bucket', 'name');
  const key = textAt(body, 'detail', 'object', 'key');
  if (!bucket || !key)
    throw new GiveUp('BadRequest', 'unknown trigger: an EventBridge event of S3 without bucket or key');
  return {
    ...step,
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
