/** Finding the bucket, object or upload a request names, or refusing as the store does. */
import type { Call } from '../call.ts';
import { refuse } from '../errors.ts';
import type { Bucket } from '../model/bucket.ts';
import { ARCHIVED_CLASSES, type StoredObject, type Upload } from '../model/object.ts';

export function bucketOf(call: Call, name = call.bucket): Bucket {
  const bucket = call.world.store.bucket(name);
  if (!bucket) throw refuse('NoSuchBucket', { fields: { BucketName: name } });
  return bucket;
}

/**
 * The bucket the request is addressed to; its endpoint and, where asked for, the signed region must be the bucket's. One port
 * has no host for each region: there the signed region can stand for the host.
 */
export function addressedBucket(call: Call): Bucket {
  const bucket = bucketOf(call);
  const { name, region } = bucket.settings;
  const { checkRegion } = call.world.quirks;
  const asked = call.hostRegion ?? (checkRegion === true ? call.signedRegion : undefined);
  if (asked !== undefined && asked !== region) {
    const endpoint = call.dialect.name === 'oss' ? `oss-${region}.aliyuncs.com` : `s3.${region}.amazonaws.com`;
    const fields = { Bucket: name, Endpoint: endpoint };
    const message = 'The bucket you are attempting to access must be addressed using the specified endpoint.';
    throw call.dialect.name === 'oss'
      ? refuse('AccessDenied', { message, fields, ec: '0003-00001403' })
      : refuse('PermanentRedirect', { message, fields, headers: { 'x-amz-bucket-region': region } });
  }
  if (checkRegion && call.signedRegion !== undefined && call.signedRegion !== region) {
    throw call.dialect.name === 'oss'
      ? refuse('InvalidArgument', { message: `Invalid signing region: the bucket is in ${region}.` })
      : refuse('AuthorizationHeaderMalformed', {
          message: `The region '${call.signedRegion}' is wrong; expecting '${region}'`,
          fields: { Region: region },
          headers: { 'x-amz-bucket-region': region },
        });
  }
  return bucket;
}

/**
 * The version asked for, or the current one.
 * Throws NoSuchKey (also for a current delete marker), NoSuchVersion, and 405 for a named delete marker.
 */
export function objectOf(call: Call, bucket: Bucket, key: string, versionId: string | undefined): StoredObject {
  const { prefix } = call.dialect;
  if (versionId === undefined) {
    const current = bucket.current(key);
    if (current && !current.deleteMarker) return current;
    const headers: Record<string, string> = current
      ? { [`${prefix}delete-marker`]: 'true', [`${prefix}version-id`]: current.versionId }
      : {};
    throw refuse('NoSuchKey', { fields: { Key: key }, headers });
  }
  const version = bucket.version(key, versionId);
  if (!version) throw refuse('NoSuchVersion', { fields: { Key: key, VersionId: versionId } });
  if (version.deleteMarker) {
    throw refuse('MethodNotAllowed', {
      fields: { Method: call.operation.startsWith('Head') ? 'HEAD' : 'GET', ResourceType: 'DeleteMarker' },
      headers: { [`${prefix}delete-marker`]: 'true', [`${prefix}version-id`]: versionId, allow: 'DELETE' },
    });
  }
  return version;
}

export function versionAsked(call: Call): string | undefined {
  const asked = call.query.get('versionId');
  if (asked === '') throw refuse('InvalidArgument', { message: 'The versionId is empty.', ec: '0016-00000305' });
  return asked;
}

export function uploadOf(call: Call): Upload {
  const id = call.query.get('uploadId') ?? '';
  const upload = call.world.store.upload(id);
  if (upload && upload.bucket === call.bucket && upload.key === call.key) return upload;
  throw refuse('NoSuchUpload', { fields: { UploadId: id } });
}

/** Refuses when the bytes of an archived object cannot be read now. */
export function checkReadable(call: Call, bucket: Bucket, object: StoredObject): void {
  if (!ARCHIVED_CLASSES.has(object.storageClass)) return;
  if (object.storageClass === 'GLACIER' && bucket.settings.archiveDirectRead) return;
  const { restore } = object;
  if (restore && restore.readyAt <= call.now && call.now < restore.expiresAt) return;
  throw refuse('InvalidObjectState', { ec: '0016-00000404', fields: { StorageClass: object.storageClass } });
}

/** Key rules: 1,023 bytes and no leading slash on OSS, 1,024 bytes on S3. */
export function checkNewKey(call: Call): void {
  const { dialect, key } = call;
  const bytes = Buffer.byteLength(key);
  if (dialect.name === 'oss' && (/^[/\\]/.test(key) || bytes > dialect.maxKeyBytes)) {
    throw refuse('InvalidObjectName', { fields: { ObjectName: key } });
  }
  if (bytes > dialect.maxKeyBytes) {
    throw refuse('KeyTooLongError', { fields: { Size: String(bytes), MaxSizeAllowed: String(dialect.maxKeyBytes) } });
  }
}
