/** What the retry loop and the error texts need to know of a call. */
export interface Operation {
  /**
   * - `always`: doing it twice is the same as doing it once.
   * - `if-refused`: repeated only after an answer which proves that the call had no effect.
   */
  repeat: 'always' | 'if-refused';
  /** The store moves data before it answers. */
  slow?: boolean;
  /** Names an upload and no other object: a missing key then means a missing upload. */
  onUpload?: boolean;
  /** Reads or writes the bytes of an object, so that a key of the customer for them goes along. */
  takesCustomerKey?: boolean;
  /** What the caller must be allowed to do. */
  actions: { oss: string; s3: string };
}

function operation(oss: string, s3 = oss, rest: Partial<Operation> = {}): Operation {
  return { repeat: 'always', actions: { oss: `oss:${oss}`, s3: `s3:${s3}` }, ...rest };
}

function copying(prefix: string): string {
  return (
    `${prefix}:GetObject on the source and ${prefix}:PutObject on the destination ` +
    `(with tags also ${prefix}:GetObjectTagging and ${prefix}:PutObjectTagging)`
  );
}

const keyed = { takesCustomerKey: true };
const copy: Operation = { repeat: 'always', slow: true, ...keyed, actions: { oss: copying('oss'), s3: copying('s3') } };
const getOnS3 = 'GetObject (and s3:ListBucket, to be told that an object is missing)';
const getOnOss = 'GetObject (and oss:ListObjects, to be told that an object is missing)';

/** Named as the stores' documentation names them. */
export const operations = {
  HeadObject: operation(getOnOss, getOnS3, keyed),
  GetObject: operation(getOnOss, getOnS3, keyed),
  PutObject: operation('PutObject', 'PutObject', { slow: true, ...keyed }),
  CopyObject: copy,
  UploadPartCopy: copy,
  CreateMultipartUpload: operation('PutObject', 'PutObject', { repeat: 'if-refused', ...keyed }),
  // These two want it where the upload keeps checksums, and take it elsewhere.
  CompleteMultipartUpload: operation('PutObject', 'PutObject', {
    ...{ repeat: 'if-refused', slow: true, onUpload: true },
    ...keyed,
  }),
  AbortMultipartUpload: operation('AbortMultipartUpload', 'AbortMultipartUpload', { onUpload: true }),
  ListParts: operation('ListParts', 'ListMultipartUploadParts', { onUpload: true, ...keyed }),
  ListMultipartUploads: operation('ListMultipartUploads', 'ListBucketMultipartUploads'),
  GetObjectTagging: operation('GetObjectTagging'),
  PutObjectTagging: operation('PutObjectTagging'),
  DeleteObjectTagging: operation('DeleteObjectTagging'),
  GetObjectAcl: operation('GetObjectAcl'),
  PutObjectAcl: operation('PutObjectAcl'),
  ListObjectAnnotations: operation('ListObjectAnnotations'),
  GetObjectAnnotation: operation('GetObjectAnnotation'),
  PutObjectAnnotation: operation('PutObjectAnnotation'),
  GetObjectLockConfiguration: operation('GetBucketWorm', 'GetBucketObjectLockConfiguration'),
  RestoreObject: operation('RestoreObject'),
  DeleteObject: operation('DeleteObject'),
  DeleteObjects: operation('DeleteObject'),
  ListObjectsV2: operation('ListObjects', 'ListBucket'),
  ListObjectVersions: operation('ListObjectVersions', 'ListBucketVersions'),
  ListBuckets: operation('ListBuckets', 'ListAllMyBuckets'),
  HeadBucket: operation('GetBucketAcl', 'ListBucket'),
  CreateBucket: operation('PutBucket', 'CreateBucket'),
  DeleteBucket: operation('DeleteBucket', 'DeleteBucket', { repeat: 'if-refused' }),
  GetBucketLocation: operation('GetBucketLocation'),
  GetBucketInfo: operation('GetBucketInfo'),
  GetBucketVersioning: operation('GetBucketVersioning'),
  PutBucketVersioning: operation('PutBucketVersioning'),
} satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;
