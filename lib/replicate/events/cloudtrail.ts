/** Calls of S3's API as AWS CloudTrail records them, through Amazon EventBridge (`AWS API Call via CloudTrail`). */
import { GiveUp } from '../../copy/model/errors.ts';
import { shortText } from './bounds.ts';
import type { DropReason, ObjectEvent } from './event.ts';
import { textAt, timeAt } from './json.ts';
import { readKey } from './keys.ts';
import type { NameKind } from './names.ts';
import { stepOf } from './names.ts';

/** By the name of the API call; all others change no object. */
const calls = new Map<string, NameKind>([
  ['PutObject', 'created'],
  ['PostObject', 'created'],
  ['CopyObject', 'created'],
  ['CompleteMultipartUpload', 'created'],
  ['DeleteObject', 'removed'],
  ['PutObjectTagging', 'tags'],
  ['DeleteObjectTagging', 'tags'],
  ['PutObjectAcl', 'acl'],
  ['CreateMultipartUpload', 'part'],
  ['InitiateMultipartUpload', 'part'],
  ['UploadPart', 'part'],
  ['UploadPartCopy', 'part'],
  ['AbortMultipartUpload', 'part'],
]);

export function isCloudTrail(body: unknown): boolean {
  return textAt(body, 'detail-type') === 'AWS API Call via CloudTrail' && textAt(body, 'source') === 'aws.s3';
}

/**
 * A call that failed changed nothing, and is dropped.
 *
 * @throws GiveUp BadRequest when it names no bucket or key: a DeleteObjects never does, for its keys would not fit
 *   (S3 User Guide, "Logging options for Amazon S3").
 */
export function readCloudTrail(body: unknown): ObjectEvent | DropReason {
  const call = textAt(body, 'detail', 'eventName') ?? '';
  if (textAt(body, 'detail', 'errorCode') !== undefined) return 'other';
  const bucket = textAt(body, 'detail', 'requestParameters', 'bucketName');
  if (call === 'DeleteObjects') {
    const where = bucket === undefined ? 'its bucket' : `the bucket ${shortText(bucket, 64)}`;
    const hint = "Send S3's own events, which name each key, or run `ferry reconcile --fix` with the rules";
    throw new GiveUp(
      'BadRequest',
      `CloudTrail does not say which objects a DeleteObjects removed. ${hint} of ${where}.`,
    );
  }
  const isMarker =
    call === 'DeleteObject' && textAt(body, 'detail', 'responseElements', 'x-amz-delete-marker') === 'true';
  const step = stepOf(isMarker ? 'marker' : (calls.get(call) ?? 'other'));
  if (typeof step === 'string') return step;
  const key = textAt(body, 'detail', 'requestParameters', 'key');
  if (!bucket || !key)
    throw new GiveUp('BadRequest', `unknown trigger: a CloudTrail ${shortText(call, 64)} without bucketName or key`);
  return {
    ...step,
    scheme: 's3',
    region: textAt(body, 'detail', 'awsRegion') ?? textAt(body, 'region'),
    bucket,
    ...readKey(key, 'unsaid'),
    versionId:
      textAt(body, 'detail', 'requestParameters', 'versionId') ??
      textAt(body, 'detail', 'responseElements', 'x-amz-version-id'),
    at: timeAt(body, 'detail', 'eventTime') || timeAt(body, 'time'),
    source: 'aws:cloudtrail',
    id: textAt(body, 'detail', 'eventID') ?? textAt(body, 'id') ?? `${bucket}/${key}`,
  };
}
