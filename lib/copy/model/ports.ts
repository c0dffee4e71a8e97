/** What the engine needs of the world. Adapters implement these; one contract suite per port runs on every adapter. */
import type { Job, JobChange, JobState } from './job.ts';
import type {
  Acl,
  Annotation,
  Checksum,
  ContentHeaders,
  Encryption,
  KeptChecksum,
  ObjectHead,
  ObjectLock,
  ObjectRef,
  StoreAddress,
} from './object.ts';
import type { Restore } from './request.ts';
import type { Settings } from './settings.ts';
import type { StoreFacts } from './store-facts.ts';
import type { Task } from './task.ts';

/** How long one call may take altogether, its retries included. */
export interface CallOptions {
  /** Epoch milliseconds. */
  deadline?: number;
  /** Hears of every request that is sent for the call, retries included, by the name of its operation. */
  onRequest?(operation: string): void;
}

export type MetadataDirective =
  { directive: 'copy' } | { directive: 'replace'; content: ContentHeaders; userMetadata: Record<string, string> };

/** `copy` asks the store to carry the source's tags; a record sets exactly these (empty: none). */
export type TagDirective = 'copy' | Record<string, string>;

/** What a call that begins a new object says of it. */
interface NewObject {
  destination: ObjectRef;
  storageClass?: string;
  encryption?: Encryption;
  /** Of an upload only where `facts.aclAt` is `initiate`. */
  acl?: string;
  /** No store carries these two along unasked. */
  redirect?: string;
  lock?: ObjectLock;
  forbidOverwrite?: boolean;
}

export interface CopyObjectCall extends NewObject {
  source: ObjectRef;
  sourceIfMatch: string;
  metadata: MetadataDirective;
  tags: TagDirective;
}

export interface InitiateCall extends NewObject {
  content: ContentHeaders;
  userMetadata: Record<string, string>;
  tags: Record<string, string>;
  /** Ask the store to keep such a checksum over the parts. */
  checksum?: KeptChecksum;
}

export interface UploadPartCopyCall {
  source: ObjectRef;
  sourceIfMatch: string;
  destination: ObjectRef;
  uploadId: string;
  partNumber: number;
  /** First byte of the range. */
  first: number;
  /** Last byte of the range, inclusive. */
  last: number;
  /** Size of the pinned source: the answer's Content-Range must agree where the store sends one. */
  sourceSize: number;
}

export interface CompleteCall {
  destination: ObjectRef;
  uploadId: string;
  /** Ascending by number. */
  parts: { number: number; etag: string; checksum?: Checksum }[];
  /** Only where `facts.aclAt` is `complete`. */
  acl?: string;
  forbidOverwrite?: boolean;
}

/** What the store says it wrote. Some stores leave the ETag out; HEAD then tells. */
export interface WriteResult {
  etag?: string;
  versionId?: string;
  crc64?: string;
  checksum?: Checksum;
  /** All that the answer tells, `checksum` included. */
  checksums?: Checksum[];
}

export interface PartEntry {
  number: number;
  size: number;
  etag: string;
  /** Where the upload keeps checksums. */
  checksums?: Checksum[];
}

export interface PartsPage {
  parts: PartEntry[];
  /** Part number marker of the next page; absent on the last. */
  next?: number;
  /** Who started the upload, where the store tells. */
  initiator?: string;
}

export interface UploadEntry {
  key: string;
  uploadId: string;
  initiated: number;
  initiator?: string;
}

/**
 * A store, as the engine uses it. Every method throws only the errors of `errors.ts`. The adapter retries what is safe to
 * repeat; where a lost answer leaves the effect unknown (`initiate`, `complete`) it throws `RetryLater` with
 * `effect: 'unknown'` and does not repeat the call.
 */
export interface ObjectStore {
  readonly address: StoreAddress;
  readonly facts: StoreFacts;
  /** @throws GiveUp NotFound for a missing key, version or a delete marker; GiveUp NoSuchBucket. */
  head(ref: ObjectRef, options?: CallOptions & { partNumber?: number; checksum?: boolean }): Promise<ObjectHead>;
  /** @throws SourceChanged when the pin fails; GiveUp TooLarge when the store wants parts; GiveUp DestinationExists. */
  copyObject(call: CopyObjectCall, options?: CallOptions): Promise<WriteResult>;
  initiate(call: InitiateCall, options?: CallOptions): Promise<{ uploadId: string }>;
  /** @throws SourceChanged; GiveUp NoSuchUpload; GiveUp VerificationFailed when the store copied another range than asked. */
  uploadPartCopy(call: UploadPartCopyCall, options?: CallOptions): Promise<{ etag: string }>;
  /** @throws GiveUp NoSuchUpload; RetryLater with `effect: 'unknown'` for a lost answer or a 200 that carries an error. */
  complete(call: CompleteCall, options?: CallOptions): Promise<WriteResult>;
  /** An upload that is already gone is no error. */
  abort(destination: ObjectRef, uploadId: string, options?: CallOptions): Promise<void>;
  /** One page of at most `limit` (1,000) parts with a number greater than `after`. @throws GiveUp NoSuchUpload. */
  listParts(
    destination: ObjectRef,
    uploadId: string,
    options?: CallOptions & { after?: number; limit?: number },
  ): Promise<PartsPage>;
  /** Every open upload of exactly this key. @throws GiveUp Unsupported where the store cannot tell. */
  listUploads(destination: ObjectRef, options?: CallOptions): Promise<UploadEntry[]>;
  /**
   * Where a bucket is; undefined where the store does not tell. May answer from memory, and does so alone with `ask: false`.
   * @throws GiveUp NoSuchBucket.
   */
  region?(bucket: string, options?: CallOptions & { ask?: boolean }): Promise<string | undefined>;
  /** Whether writes to the bucket may set an object lock; undefined where the store does not tell us. */
  takesLocks?(bucket: string, options?: CallOptions): Promise<boolean | undefined>;
  /**
   * The texts beside an object; CopyObject carries them along, an upload in parts begins without. Absent where the store knows
   * none; answers undefined where the server turns out not to know them, and asks it no more.
   */
  listAnnotations?(ref: ObjectRef, options?: CallOptions): Promise<Annotation[] | undefined>;
  /** @throws GiveUp NotFound when it is gone by now. */
  getAnnotation?(ref: ObjectRef, name: string, options?: CallOptions): Promise<string>;
  /** `ifMatch`: the object's ETag. @throws GiveUp BadRequest when the object is another one by now. */
  putAnnotation?(
    ref: ObjectRef,
    annotation: { name: string; text: string; ifMatch?: string },
    options?: CallOptions,
  ): Promise<void>;
  getTags(ref: ObjectRef, options?: CallOptions): Promise<Record<string, string>>;
  putTags(ref: ObjectRef, tags: Record<string, string>, options?: CallOptions): Promise<void>;
  getAcl(ref: ObjectRef, options?: CallOptions): Promise<Acl>;
  putAcl(ref: ObjectRef, acl: Acl, options?: CallOptions): Promise<void>;
  /**
   * Asks for an archived version to be made readable; that it was asked for before is no error.
   * @param archive its storage class, or the tier in which it lies: a key of `facts.restores`.
   */
  restore?(ref: ObjectRef, wish: Restore, archive: string, options?: CallOptions): Promise<void>;
  /** Deleting what is absent is no error. `ifMatch` is sent where `facts.conditionalDelete`. @throws SourceChanged. */
  delete(
    ref: ObjectRef,
    options?: CallOptions & { ifMatch?: string },
  ): Promise<{ versionId?: string; marker: boolean }>;
}

/** The answer to a conditional write: whether it landed, and the row as it stands after the attempt. */
export interface Landed {
  landed: boolean;
  /** Absent only when there is no such row. */
  job?: Job;
}

export interface JobPage {
  jobs: Job[];
  cursor?: string;
}

/** Coordination records. Reads see every write that was answered before them. */
export interface StateTable {
  /** Put if absent. When it does not land, `job` is the row that was there. */
  create(job: Job): Promise<{ landed: boolean; job: Job }>;
  get(id: string): Promise<Job | undefined>;
  /**
   * Compare-and-set on `job.revision`: writes `change`, adds one to the revision, sets `updatedAt`. Callers pass the row
   * they decided on; only legal moves of `job.ts` are ever asked for. `undefined` in `change` removes the field.
   */
  move(job: Job, change: JobChange): Promise<Landed>;
  /**
   * Adds to `partsDone` in one atomic step and returns the new value; also postpones `attentionAt`. Does not change the
   * revision. Returns undefined when there is no such row or it is final.
   */
  count(id: string, parts: number, attentionAt: number): Promise<number | undefined>;
  /** Rows whose `attentionAt` is at or before the given time, oldest first. */
  due(before: number, limit: number): Promise<Job[]>;
  /** Newest first. */
  list(query: { states?: JobState[]; limit: number; cursor?: string }): Promise<JobPage>;
}

/** A small value that workers agree on. */
export interface SharedRecord {
  /** Of this value; no later value of the same id has it again, not even after the record expired. */
  revision: number;
  value: object;
}

/** Small values that workers agree on by compare-and-set: the pace of a store, priorities, who writes a destination. */
export interface SharedRecords {
  /** Sees every write that was answered before. An expired record is absent. */
  get(id: string): Promise<SharedRecord | undefined>;
  /**
   * Writes `value` (JSON, small) when the record is still `found`; `undefined`: when there is none.
   *
   * `false` means that another worker wrote first, or that the answer to this very write was lost and the adapter's repeat
   * met the write itself. So a caller that did not hear `true` reads again and decides anew, and its decision must bear
   * being made twice.
   * @param expiresAt epoch milliseconds; from then on the record counts as absent and may be deleted
   */
  compareAndSet(id: string, found: SharedRecord | undefined, value: object, expiresAt: number): Promise<boolean>;
}

export interface SendOptions {
  /** Deliver not before this many milliseconds from now. */
  delayMs?: number;
}

/** At-least-once, unordered. */
export interface TaskQueue {
  send(tasks: Task[], options?: SendOptions): Promise<void>;
}

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Resolves early, and without an error, when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export type LogFields = Record<string, string | number | boolean | undefined>;

export type Log = Record<'debug' | 'info' | 'warn' | 'error', (message: string, fields?: LogFields) => void>;

/** Everything the engine may touch. Built once per process by a file in `lib/runtime/`; holds no request (I12). */
export interface World {
  store(address: StoreAddress): ObjectStore;
  state: StateTable;
  shared: SharedRecords;
  queue: TaskQueue;
  clock: Clock;
  /** In [0, 1). */
  random(): number;
  log: Log;
  settings: Settings;
  /** Requests that this process has sent to stores for a job, where it counts them. */
  requestsOf?(jobId: string): number | undefined;
}

/** One invocation of a worker: who it is and how long it may still run. */
export interface Invocation {
  /** Names the lease holder; unique per invocation. */
  id: string;
  /** Epoch milliseconds after which the platform may kill us. */
  deadline: number;
  /** 1 on the first delivery of the task, more on a redelivery. */
  attempt: number;
}
