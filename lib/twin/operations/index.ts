/** Which function answers which operation. */
import type { Call, Reply } from '../call.ts';
import type { Operation } from '../routes.ts';
import { getBucketAcl, getObjectAcl, putBucketAcl, putObjectAcl } from './acl.ts';
import {
  createBucket,
  deleteBucket,
  getBucketInfo,
  getBucketLocation,
  getBucketVersioning,
  getObjectLockConfiguration,
  headBucket,
  listBuckets,
  putBucketVersioning,
} from './buckets.ts';
import {
  deleteObjectAnnotation,
  getObjectAnnotation,
  listObjectAnnotations,
  putObjectAnnotation,
} from './annotations.ts';
import { completeMultipartUpload } from '../uploads/complete.ts';
import { copyObject } from './copy-object.ts';
import { deleteObject, deleteObjects } from './delete-objects.ts';
import { getObject, getObjectMeta, headObject } from './get-object.ts';
import { initiateMultipartUpload } from '../uploads/initiate.ts';
import { listObjects, listObjectsV2, listObjectVersions } from './list-objects.ts';
import { getNotifications, putNotifications } from './notifications.ts';
import { putObject } from './put-object.ts';
import { appendObject, getSymlink, putSymlink, restoreObject } from './special.ts';
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from './tagging.ts';
import { uploadPart, uploadPartCopy } from '../uploads/part.ts';
import { abortMultipartUpload, listMultipartUploads, listParts } from '../uploads/list-and-abort.ts';

export const HANDLERS: Readonly<Record<Operation, (call: Call) => Promise<Reply>>> = {
  AbortMultipartUpload: abortMultipartUpload,
  AppendObject: appendObject,
  CompleteMultipartUpload: completeMultipartUpload,
  CopyObject: copyObject,
  CreateBucket: createBucket,
  DeleteBucket: deleteBucket,
  DeleteObject: deleteObject,
  DeleteObjectAnnotation: deleteObjectAnnotation,
  DeleteObjects: deleteObjects,
  DeleteObjectTagging: deleteObjectTagging,
  GetBucketAcl: getBucketAcl,
  GetBucketInfo: getBucketInfo,
  GetBucketLocation: getBucketLocation,
  GetBucketNotificationConfiguration: getNotifications,
  GetBucketVersioning: getBucketVersioning,
  GetObject: getObject,
  GetObjectAcl: getObjectAcl,
  GetObjectAnnotation: getObjectAnnotation,
  GetObjectLockConfiguration: getObjectLockConfiguration,
  GetObjectMeta: getObjectMeta,
  GetObjectTagging: getObjectTagging,
  GetSymlink: getSymlink,
  HeadBucket: headBucket,
  HeadObject: headObject,
  InitiateMultipartUpload: initiateMultipartUpload,
  ListBuckets: listBuckets,
  ListMultipartUploads: listMultipartUploads,
  ListObjectAnnotations: listObjectAnnotations,
  ListObjects: listObjects,
  ListObjectsV2: listObjectsV2,
  ListObjectVersions: listObjectVersions,
  ListParts: listParts,
  PutBucketAcl: putBucketAcl,
  PutBucketNotificationConfiguration: putNotifications,
  PutBucketVersioning: putBucketVersioning,
  PutObject: putObject,
  PutObjectAcl: putObjectAcl,
  PutObjectAnnotation: putObjectAnnotation,
  PutObjectTagging: putObjectTagging,
  PutSymlink: putSymlink,
  RestoreObject: restoreObject,
  UploadPart: uploadPart,
  UploadPartCopy: uploadPartCopy,
};
