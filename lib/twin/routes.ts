/** The operations the twin knows, by method, level and query. Whatever is not here is 501, never taken for something else. */
import type { Dialect } from './dialect.ts';
import { refuse } from './errors.ts';
import type { Target } from './wire/target.ts';

type Level = 'service' | 'bucket' | 'object';

interface Route {
  method: string;
  level: Level;
  /** Query names that make this operation. */
  needs: readonly string[];
  /** Query names it also understands. */
  takes: readonly string[];
  /** With a copy-source header, or without. */
  copy: boolean;
  only?: Dialect['name'];
}

const LISTING = ['prefix', 'delimiter', 'max-keys', 'encoding-type'] as const;

function route(
  method: string,
  level: Level,
  needs = '',
  takes: readonly string[] = [],
  more: Partial<Route> = {},
): Route {
  return { method, level, needs: needs === '' ? [] : needs.split('&'), takes, copy: false, ...more };
}

const ROUTES = {
  ListBuckets: route('GET', 'service', '', ['prefix', 'marker', 'max-keys', 'max-buckets', 'continuation-token']),
  CreateBucket: route('PUT', 'bucket'),
  HeadBucket: route('HEAD', 'bucket'),
  DeleteBucket: route('DELETE', 'bucket'),
  GetBucketLocation: route('GET', 'bucket', 'location'),
  GetBucketInfo: route('GET', 'bucket', 'bucketInfo', [], { only: 'oss' }),
  GetBucketAcl: route('GET', 'bucket', 'acl'),
  PutBucketAcl: route('PUT', 'bucket', 'acl'),
  GetBucketVersioning: route('GET', 'bucket', 'versioning'),
  PutBucketVersioning: route('PUT', 'bucket', 'versioning'),
  GetObjectLockConfiguration: route('GET', 'bucket', 'object-lock', [], { only: 's3' }),
  GetBucketNotificationConfiguration: route('GET', 'bucket', 'notification', [], { only: 's3' }),
  PutBucketNotificationConfiguration: route('PUT', 'bucket', 'notification', [], { only: 's3' }),
  ListObjects: route('GET', 'bucket', '', [...LISTING, 'marker']),
  ListObjectsV2: route('GET', 'bucket', 'list-type', [...LISTING, 'start-after', 'continuation-token', 'fetch-owner']),
  ListObjectVersions: route('GET', 'bucket', 'versions', [...LISTING, 'key-marker', 'version-id-marker']),
  ListMultipartUploads: route('GET', 'bucket', 'uploads', [
    'prefix',
    'delimiter',
    'max-uploads',
    'key-marker',
    'upload-id-marker',
    'encoding-type',
  ]),
  DeleteObjects: route('POST', 'bucket', 'delete', ['encoding-type']),
  PutObject: route('PUT', 'object'),
  CopyObject: route('PUT', 'object', '', [], { copy: true }),
  AppendObject: route('POST', 'object', 'append&position', [], { only: 'oss' }),
  GetObject: route('GET', 'object', '', ['versionId', 'partNumber']),
  HeadObject: route('HEAD', 'object', '', ['versionId', 'partNumber']),
  GetObjectMeta: route('HEAD', 'object', 'objectMeta', ['versionId'], { only: 'oss' }),
  DeleteObject: route('DELETE', 'object', '', ['versionId']),
  InitiateMultipartUpload: route('POST', 'object', 'uploads', ['encoding-type', 'sequential']),
  UploadPart: route('PUT', 'object', 'partNumber&uploadId'),
  UploadPartCopy: route('PUT', 'object', 'partNumber&uploadId', [], { copy: true }),
  CompleteMultipartUpload: route('POST', 'object', 'uploadId', ['encoding-type']),
  AbortMultipartUpload: route('DELETE', 'object', 'uploadId'),
  ListParts: route('GET', 'object', 'uploadId', ['max-parts', 'part-number-marker', 'encoding-type']),
  GetObjectAcl: route('GET', 'object', 'acl', ['versionId']),
  PutObjectAcl: route('PUT', 'object', 'acl', ['versionId']),
  GetObjectTagging: route('GET', 'object', 'tagging', ['versionId']),
  PutObjectTagging: route('PUT', 'object', 'tagging', ['versionId']),
  DeleteObjectTagging: route('DELETE', 'object', 'tagging', ['versionId']),
  ListObjectAnnotations: route(
    'GET',
    'object',
    'annotation',
    ['annotation-prefix', 'max-annotation-results', 'continuation-token', 'versionId'],
    { only: 's3' },
  ),
  GetObjectAnnotation: route('GET', 'object', 'annotation&annotationName', ['versionId'], { only: 's3' }),
  PutObjectAnnotation: route('PUT', 'object', 'annotation&annotationName', ['versionId'], { only: 's3' }),
  DeleteObjectAnnotation: route('DELETE', 'object', 'annotation&annotationName', ['versionId'], { only: 's3' }),
  RestoreObject: route('POST', 'object', 'restore', ['versionId']),
  PutSymlink: route('PUT', 'object', 'symlink', [], { only: 'oss' }),
  GetSymlink: route('GET', 'object', 'symlink', ['versionId'], { only: 'oss' }),
} as const satisfies Record<string, Route>;

/** Named as in the OSS documentation; S3's CreateMultipartUpload is `InitiateMultipartUpload` here. */
export type Operation = keyof typeof ROUTES;

export const OPERATIONS = Object.keys(ROUTES) as Operation[];

/** Signature parameters, what the AWS SDK adds for its logs, and the headers of the answer a GET may ask for. */
const ANYWHERE =
  /^(x-amz-(algorithm|credential|date|expires|signedheaders|signature|security-token|content-sha256|checksum-mode)|x-oss-(signature-version|date|expires|credential|additional-headers|security-token|signature|traffic-limit)|x-id|response-[a-z-]+|ossaccesskeyid|expires|signature|security-token)$/i;

/** True for query names that say nothing about the operation; signatures and tokens are among them. */
export function isCommonParameter(name: string): boolean {
  return ANYWHERE.test(name);
}

/**
 * Query names that make an operation of their own, on either store. One that is not part of a row above stands for
 * something the twin does not do, and must not be taken for a plain read, write or delete.
 */
const SUBRESOURCES = new Set(
  [
    'abac accelerate accessmonitor accesspoint accesspointforobjectprocess accesspointpolicy acl analytics annotation append',
    'annotationname asyncfetch',
    'attributes bucketarchivedirectread bucketinfo callback cloudboxes cname comp cors datalake delete encryption',
    'httpsconfig img intelligent-tiering inventory inventoryid legal-hold lifecycle live location logging',
    'metadataconfiguration metadatainventorytable metadatatable metaquery metrics notification object-lock objectinfo',
    'objectmeta openmetaquery overwriteconfig ownershipcontrols partnumber policy policystatus position post_object_rejected',
    'processconfiguration publicaccessblock qos qosinfo qosrequester referer renameobject replication replicationlocation',
    'replicationprogress requesterqosinfo requestpayment resourcegroup resourcepool resourcepoolinfo responseheader',
    'restore retention rtc seal select select-type session stat style symlink tagging torrent transferacceleration uploadid',
    'uploads userdefinedlogfieldsconfig versioning versions vod website worm wormextend wormid x-oss-ac-source-ip',
  ]
    .join(' ')
    .split(' '),
);

/**
 * What is left is ignored, as both stores do; but not what bears their prefix, for that is an instruction as well
 * (`x-oss-process`, or a header that a presigned URL carries).
 */
function isIgnored(name: string): boolean {
  return !SUBRESOURCES.has(name.toLowerCase()) && !/^x-(oss|amz)-/i.test(name);
}

export function findOperation(method: string, target: Target, isCopy: boolean, dialect: Dialect): Operation {
  const level: Level = target.bucket === undefined ? 'service' : target.key === undefined ? 'bucket' : 'object';
  const names = target.query.pairs.map(([name]) => name).filter((name) => !isCommonParameter(name));
  const found = OPERATIONS.filter((operation) => {
    const row: Route = ROUTES[operation];
    return (
      row.method === method &&
      row.level === level &&
      row.copy === isCopy &&
      (row.only ?? dialect.name) === dialect.name &&
      row.needs.every((name) => names.includes(name)) &&
      names.every((name) => row.needs.includes(name) || row.takes.includes(name) || isIgnored(name))
    );
  });
  const [operation] = found.sort((a, b) => ROUTES[b].needs.length - ROUTES[a].needs.length);
  if (operation) return operation;
  throw refuse('NotImplemented', {
    message: `The twin does not know ${method} of a ${level} with the parameters: ${names.join(', ') || '(none)'}`,
  });
}
