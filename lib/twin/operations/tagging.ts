/** Object tags. Changing them changes neither ETag nor Last-Modified. */
import type { Call, Reply } from '../call.ts';
import type { Bucket } from '../model/bucket.ts';
import type { StoredObject } from '../model/object.ts';
import { versionHeader } from '../rules/describe.ts';
import { addressedBucket, objectOf, versionAsked } from '../rules/locate.ts';
import { parseTagging, renderTags } from '../rules/tags.ts';
import { parseXml } from '../wire/xml.ts';
import { announce } from './write.ts';

function found(call: Call): { bucket: Bucket; object: StoredObject } {
  const bucket = addressedBucket(call);
  return { bucket, object: objectOf(call, bucket, call.key, versionAsked(call)) };
}

export async function getObjectTagging(call: Call): Promise<Reply> {
  const { bucket, object } = found(call);
  return {
    status: 200,
    headers: versionHeader(call, bucket, object),
    xml: { root: 'Tagging', value: renderTags(object.tags) },
  };
}

export async function putObjectTagging(call: Call): Promise<Reply> {
  const tags = parseTagging(parseXml(await call.body.document(), 'Tagging'));
  const { bucket, object } = found(call);
  bucket.update(call.key, { ...object, tags });
  announce(call, bucket, call.key, 'PutObjectTagging', object);
  return { status: 200, headers: versionHeader(call, bucket, object) };
}

export async function deleteObjectTagging(call: Call): Promise<Reply> {
  const { bucket, object } = found(call);
  bucket.update(call.key, { ...object, tags: {} });
  announce(call, bucket, call.key, 'DeleteObjectTagging', object);
  return { status: 204, headers: versionHeader(call, bucket, object) };
}
