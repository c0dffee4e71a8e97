import type { Readable } from 'node:stream';
import type { ContentHeaders, Encryption, ObjectHead, ObjectRef } from '../../copy/model/object.ts';
import type { CallOptions, ObjectStore, WriteResult } from '../../copy/model/ports.ts';
import type { Pressure } from '../http/adaptive.ts';

export interface ListedObject {
  key: string;
  size: number;
  etag: string;
  /** Epoch milliseconds. */
  lastModified: number;
  storageClass?: string;
  /** OSS only: `Normal`, `Multipart`, `Appendable`, `Symlink`. */
  type?: string;
}

export interface ListObjectsQuery {
  prefix?: string;
  delimiter?: string;
  /** Only keys after this one. */
  startAfter?: string;
  /** `next` of the page before. */
  token?: string;
  /** Keys and common prefixes per page, 1 to 1,000 (default). */
  limit?: number;
}

export interface ObjectsPage {
  contents: ListedObject[];
  commonPrefixes: string[];
  /** Absent on the last page. */
  next?: string;
}

/** A version of an object, or a marker that hides those before it. */
export interface ListedVersion extends ListedObject {
  /** `null` for what was written while the bucket kept no versions. */
  versionId: string;
  latest: boolean;
  /** Then `size` is 0 and `etag` empty. */
  deleteMarker: boolean;
}

export interface ListVersionsQuery {
  prefix?: string;
  /** Of the page before. */
  next?: VersionsPage['next'];
  /** Per page, 1 to 1,000 (default). */
  limit?: number;
}

export interface VersionsPage {
  versions: ListedVersion[];
  /** Absent on the last page. */
  next?: { keyMarker: string; versionIdMarker?: string };
}

export interface ListUploadsQuery {
  prefix?: string;
  keyMarker?: string;
  uploadIdMarker?: string;
  limit?: number;
}

export interface UploadsPage {
  uploads: { key: string; uploadId: string; initiated: number; initiator?: string }[];
  /** Absent on the last page. */
  next?: { keyMarker: string; uploadIdMarker?: string };
}

export interface DeleteEntry {
  key: string;
  versionId?: string;
}

/** What could not be deleted; everything else is gone. */
export interface DeleteFailure extends DeleteEntry {
  code: string;
  message?: string;
}

export interface GetQuery {
  /** First byte wanted. */
  first?: number;
  /** Last byte wanted, inclusive. */
  last?: number;
  ifMatch?: string;
}

export interface ObjectStream {
  /** `size` is that of the whole object, also for a range. */
  head: ObjectHead;
  /** Bytes in `body`. */
  length: number;
  /** Must be read to its end or destroyed: it holds a connection. */
  body: Readable;
}

/** The whole object in memory, or a stream that can be opened again when the first attempt fails. */
export type ObjectData = Uint8Array | string | { open: () => Readable; size: number };

export interface PutQuery {
  content?: ContentHeaders;
  userMetadata?: Record<string, string>;
  tags?: Record<string, string>;
  storageClass?: string;
  encryption?: Encryption;
  acl?: string;
  forbidOverwrite?: boolean;
}

export type Versioning = 'off' | 'enabled' | 'suspended';

export interface BucketInfo {
  /** Region without `oss-`. */
  region: string;
  storageClass?: string;
  versioning: Versioning;
  /** Default encryption of new objects. */
  encryption?: Encryption;
  extranetEndpoint?: string;
  intranetEndpoint?: string;
  redundancy?: string;
  hierarchicalNamespace: boolean;
}

export interface BucketEntry {
  name: string;
  /** Region without `oss-`, where the store tells. */
  region?: string;
  /** Epoch milliseconds. */
  created?: number;
}

/** Everything the client can do; the engine sees only `ObjectStore`. Every method throws only the errors of `lib/copy/model/errors.ts`. */
export interface StoreClient extends ObjectStore {
  listObjects(bucket: string, query?: ListObjectsQuery & CallOptions): Promise<ObjectsPage>;
  /** Versions and delete markers, newest of each key first. */
  listVersions(bucket: string, query?: ListVersionsQuery & CallOptions): Promise<VersionsPage>;
  /** At most 1,000 at once. Deleting what is absent is no error. */
  deleteObjects(bucket: string, entries: DeleteEntry[], options?: CallOptions): Promise<DeleteFailure[]>;
  listMultipartUploads(bucket: string, query?: ListUploadsQuery & CallOptions): Promise<UploadsPage>;
  getObject(ref: ObjectRef, query?: GetQuery & CallOptions): Promise<ObjectStream>;
  putObject(ref: ObjectRef, data: ObjectData, query?: PutQuery & CallOptions): Promise<WriteResult>;
  /** A URL that carries its own signature; `expires` in seconds, at most 604,800. */
  presign(method: 'GET' | 'PUT' | 'HEAD' | 'DELETE', ref: ObjectRef, expires: number): Promise<string>;
  /** A bucket that is ours already is no error. */
  createBucket(bucket: string, options?: CallOptions & { acl?: string }): Promise<void>;
  /** @throws GiveUp BadRequest while something is in it: objects, versions, uploads. */
  deleteBucket(bucket: string, options?: CallOptions): Promise<void>;
  /** @throws GiveUp NoSuchBucket, AccessDenied. */
  headBucket(bucket: string, options?: CallOptions): Promise<void>;
  /** Region without `oss-`. */
  bucketRegion(bucket: string, options?: CallOptions): Promise<string>;
  /** @throws GiveUp Unsupported on S3. */
  bucketInfo(bucket: string, options?: CallOptions): Promise<BucketInfo>;
  listBuckets(options?: CallOptions): Promise<BucketEntry[]>;
  versioning(bucket: string, options?: CallOptions): Promise<Versioning>;
  setVersioning(bucket: string, state: 'enabled' | 'suspended', options?: CallOptions): Promise<void>;
  /** How hard the store may be pressed at the moment. */
  readonly pressure: Pressure;
  /** Lets requests under way end, then closes all connections. */
  close(): Promise<void>;
}
