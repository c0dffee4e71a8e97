import { own, type Call, type Reply } from '../call.ts';
import { plainEtag } from '../dialect.ts';
import { refuse, Refusal } from '../errors.ts';
import type { Bucket } from '../model/bucket.ts';
import type { StoredObject } from '../model/object.ts';
import { checkWriteHeaders } from '../rules/conditions.ts';
import { encoder } from '../rules/listing.ts';
import { addressedBucket, versionAsked } from '../rules/locate.ts';
import { children, parseXml, text } from '../wire/xml.ts';
import { announce } from './write.ts';

const MAX_KEYS = 1000;

interface Deleted {
  /** Version that was removed, or the id of the delete marker that was made. */
  versionId: string | undefined;
  /** A delete marker was made, or removed. */
  marker: boolean;
}

interface Wanted {
  key: string;
  versionId: string | undefined;
  /** S3: delete only this ETag. An object that is not there is no failure. */
  ifMatch: string | undefined;
}

const lockedMessage = 'Access Denied because object protected by object lock.';

/** S3 keeps a version while it is held or retained; who may bypass governance does so by a header. A delete marker is always made. */
function isLocked(call: Call, { lock = {} }: StoredObject): boolean {
  if (lock['object-lock-legal-hold'] === 'ON') return true;
  const isRetained = Date.parse(lock['object-lock-retain-until-date'] ?? '') > call.now;
  const isBypassed = lock['object-lock-mode'] === 'GOVERNANCE' && own(call, 'bypass-governance-retention') === 'true';
  return isRetained && !isBypassed;
}

function deleteOne(call: Call, bucket: Bucket, wanted: Wanted, event: 'DeleteObject' | 'DeleteObjects'): Deleted {
  const { key, versionId, ifMatch } = wanted;
  // An empty id names no version. To take it for none would delete what the client did not mean.
  if (versionId === '') throw refuse('InvalidArgument', { message: 'Version id cannot be the empty string' });
  const target = versionId === undefined ? bucket.current(key) : bucket.version(key, versionId);
  const there = target && !target.deleteMarker ? target : undefined;
  if (ifMatch !== undefined && there && ifMatch !== '*' && plainEtag(ifMatch) !== there.etag.toLowerCase()) {
    throw refuse('PreconditionFailed', { fields: { Condition: 'If-Match' } });
  }
  if (there && bucket.settings.immutable) throw refuse('FileImmutable');
  if (versionId !== undefined) {
    if (there && isLocked(call, there)) throw refuse('AccessDenied', { message: lockedMessage });
    const removed = bucket.removeVersion(key, versionId);
    if (removed && !removed.deleteMarker) announce(call, bucket, key, event, removed);
    return { versionId, marker: removed?.deleteMarker ?? false };
  }
  const marker = call.world.store.deleteCurrent(bucket, key);
  if (marker) announce(call, bucket, key, 'DeleteMarkerCreated', marker);
  else if (there) announce(call, bucket, key, event, there);
  return { versionId: marker?.versionId, marker: marker !== undefined };
}

export async function deleteObject(call: Call): Promise<Reply> {
  const bucket = addressedBucket(call);
  checkWriteHeaders(call);
  const wanted = { key: call.key, versionId: versionAsked(call), ifMatch: call.headers['if-match'] };
  const { versionId, marker } = deleteOne(call, bucket, wanted, 'DeleteObject');
  const { prefix } = call.dialect;
  return {
    status: 204,
    headers: { [`${prefix}version-id`]: versionId, [`${prefix}delete-marker`]: marker ? 'true' : undefined },
  };
}

function checkDigestSent({ headers, dialect }: Call): void {
  const checksum =
    dialect.name === 's3' && Object.keys(headers).some((name) => /^x-amz-(checksum-|trailer$)/.test(name));
  if (headers['content-md5'] !== undefined || checksum) return;
  throw refuse('InvalidRequest', { message: 'Missing required header for this request: Content-MD5' });
}

export async function deleteObjects(call: Call): Promise<Reply> {
  const bucket = addressedBucket(call);
  checkDigestSent(call);
  const document = parseXml(await call.body.document(), 'Delete');
  const objects = children(document, 'Object');
  if (objects.length === 0 || objects.length > MAX_KEYS) throw refuse('MalformedXML');
  const quiet = text(document, 'Quiet') === 'true';
  const encode = encoder(call);
  const Deleted: Record<string, string | boolean | undefined>[] = [];
  const errors: Record<string, string | undefined>[] = [];
  for (const object of objects) {
    const wanted = {
      key: text(object, 'Key') ?? '',
      versionId: text(object, 'VersionId'),
      ifMatch: text(object, 'ETag'),
    };
    const Key = encode(wanted.key);
    try {
      const { versionId, marker } = deleteOne(call, bucket, wanted, 'DeleteObjects');
      Deleted.push({
        Key,
        VersionId: wanted.versionId,
        DeleteMarker: marker ? true : undefined,
        DeleteMarkerVersionId: marker ? versionId : undefined,
      });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      errors.push({ Key, VersionId: wanted.versionId, Code: error.code, Message: error.message });
    }
  }
  // OSS answers a quiet request with nothing at all.
  if (quiet && call.dialect.name === 'oss' && errors.length === 0) return { status: 200 };
  const EncodingType = call.query.get('encoding-type');
  return {
    status: 200,
    xml: { root: 'DeleteResult', value: { EncodingType, Deleted: quiet ? [] : Deleted, Error: errors } },
  };
}
