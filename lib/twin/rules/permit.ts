/** Whether a user may do what it asks for, by the ACLs of bucket and object. Policies are not imitated. */
import type { Call } from '../call.ts';
import { refuse } from '../errors.ts';
import type { Bucket } from '../model/bucket.ts';
import type { StoredObject } from '../model/object.ts';
import type { Operation } from '../routes.ts';
import { ALL_USERS, AUTHENTICATED_USERS, bucketAcl, effectiveAcl, grantsOf, objectOwner, ownerOf } from './acl.ts';

type Permission = 'READ' | 'WRITE' | 'READ_ACP' | 'WRITE_ACP';

/** What an operation needs on the bucket, or on the object. What is in neither table only the owner of the bucket may do. */
const ON_BUCKET: Partial<Record<Operation, Permission>> = {
  HeadBucket: 'READ',
  ListObjects: 'READ',
  ListObjectsV2: 'READ',
  ListObjectVersions: 'READ',
  ListMultipartUploads: 'READ',
  GetBucketAcl: 'READ_ACP',
  PutBucketAcl: 'WRITE_ACP',
  PutObject: 'WRITE',
  CopyObject: 'WRITE',
  AppendObject: 'WRITE',
  PutSymlink: 'WRITE',
  DeleteObject: 'WRITE',
  DeleteObjects: 'WRITE',
  InitiateMultipartUpload: 'WRITE',
  UploadPart: 'WRITE',
  UploadPartCopy: 'WRITE',
  CompleteMultipartUpload: 'WRITE',
  AbortMultipartUpload: 'WRITE',
  ListParts: 'WRITE',
};
const ON_OBJECT: Partial<Record<Operation, Permission>> = {
  GetObject: 'READ',
  HeadObject: 'READ',
  GetObjectMeta: 'READ',
  GetSymlink: 'READ',
  GetObjectAcl: 'READ_ACP',
  PutObjectAcl: 'WRITE_ACP',
};

function mayOnBucket(user: string | undefined, bucket: Bucket, permission: Permission): boolean {
  const owner = ownerOf(bucket.settings);
  return user === owner || granted(user, permission, grantsOf(bucketAcl(bucket.settings), owner));
}

function mayOnObject(user: string | undefined, bucket: Bucket, object: StoredObject, permission: Permission): boolean {
  const owner = objectOwner(bucket, object);
  const list = grantsOf(effectiveAcl(bucket, object), owner, ownerOf(bucket.settings));
  return (user ?? '') === owner || granted(user, permission, list);
}

function granted(user: string | undefined, wanted: Permission, grants: ReturnType<typeof grantsOf>): boolean {
  return grants.some(({ grantee, permission }) => {
    if (permission !== wanted && permission !== 'FULL_CONTROL') return false;
    return grantee === ALL_USERS || (user !== undefined && (grantee === user || grantee === AUTHENTICATED_USERS));
  });
}

const denied = (): Error => refuse('AccessDenied', { ec: '0003-00000001' });

/**
 * Throws AccessDenied. What is not there is refused by the operation itself, as NoSuchBucket or NoSuchKey, but only a
 * user who may list the bucket learns that a key is missing.
 */
export function checkPermitted(call: Call): void {
  const { user, operation, world } = call;
  if (call.bucket === '' || operation === 'CreateBucket') {
    if (user === undefined) throw denied();
    return;
  }
  const bucket = world.store.bucket(call.bucket);
  if (!bucket) return;
  const onBucket = ON_BUCKET[operation];
  if (onBucket) {
    if (!mayOnBucket(user, bucket, onBucket)) throw denied();
    return;
  }
  const onObject = ON_OBJECT[operation];
  if (onObject) checkObjectPermitted(user, bucket, call.key, call.query.get('versionId'), onObject);
  else if (user !== ownerOf(bucket.settings)) throw denied();
}

/** The object of the request, or the source of a copy. */
export function checkObjectPermitted(
  user: string | undefined,
  bucket: Bucket,
  key: string,
  versionId: string | undefined,
  permission: Permission,
): void {
  const object = versionId === undefined ? bucket.current(key) : bucket.version(key, versionId);
  const there = object && !object.deleteMarker ? object : undefined;
  const may = there ? mayOnObject(user, bucket, there, permission) : mayOnBucket(user, bucket, 'READ');
  if (!may) throw denied();
}

/** `x-amz-expected-bucket-owner`, and its like for the source of a copy: a bucket of another account is refused. */
export function checkExpectedOwner(call: Call, bucket: Bucket | undefined, header: string): void {
  const expected = call.dialect.name === 's3' ? call.headers[header] : undefined;
  if (!expected || !bucket || expected === ownerOf(bucket.settings)) return;
  throw refuse('AccessDenied', { message: `The bucket is not owned by the account that ${header} names.` });
}
