/** What every operation that makes an object does at the end: give it a version, keep it, tell the world. */
import type { Call } from '../call.ts';
import type { EventName } from '../events/target.ts';
import type { Bucket } from '../model/bucket.ts';
import type { StoredObject } from '../model/object.ts';
import { ownerOf } from '../rules/acl.ts';

/** Writes `object` under the key of the request and returns it with its version. */
export function writeObject(
  call: Call,
  bucket: Bucket,
  object: Omit<StoredObject, 'versionId' | 'lastModified'>,
  event: EventName,
): StoredObject {
  const { store } = call.world;
  const previous = bucket.current(call.key);
  const stored: StoredObject = {
    ...object,
    lastModified: call.now,
    ...writtenBy(call, bucket),
    versionId: bucket.idFor(() => store.nextId()),
  };
  bucket.write(call.key, stored);
  announce(call, bucket, call.key, event, stored, previous);
  return stored;
}

/** On OSS all objects belong to the owner of their bucket. */
export function writtenBy({ user, dialect }: Call, bucket: Bucket): { owner?: string } {
  return dialect.name === 'oss' || user === ownerOf(bucket.settings) ? {} : { owner: user ?? '' };
}

export function announce(
  call: Call,
  bucket: Bucket,
  key: string,
  name: EventName,
  object?: StoredObject,
  previous?: StoredObject,
): void {
  const size = object?.content.size ?? 0;
  call.world.events.emit({
    name,
    bucket: bucket.settings.name,
    region: bucket.settings.region,
    key,
    size,
    deltaSize: size - (previous && previous.versionId === object?.versionId ? previous.content.size : 0),
    etag: object?.etag ?? '',
    versionId: bucket.settings.versioning && object ? object.versionId : undefined,
    contentType: object?.headers['content-type'],
    sequencer: call.world.store.nextId(),
    requestId: call.requestId,
    at: call.now,
  });
}
