/** What a twin can be told, with the real stores' documented numbers as defaults. */
import type { FaultRule } from './faults.ts';
import type { EventTarget } from './events/target.ts';
import type { NewBucket } from './model/store.ts';
import type { NewUser } from './users.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** Bytes, unless the name says otherwise. */
export interface TwinLimits {
  /** OSS CopyObject inside a bucket that changes neither class nor encryption: metadata only, so without a limit. */
  ossCopySameBucket: number;
  ossCopyOtherBucket: number;
  /** OSS CopyObject that changes storage class or encryption. */
  ossCopyRewrite: number;
  s3Copy: number;
  /** Checked at Complete, the last part excepted. */
  ossMinPart: number;
  s3MinPart: number;
  maxPart: number;
  /** Highest part number. */
  maxParts: number;
  maxObject: number;
  /** Milliseconds until a restored object can be read. */
  restoreMs: number;
}

export const DEFAULT_LIMITS: TwinLimits = {
  ossCopySameBucket: Infinity,
  ossCopyOtherBucket: 5 * GIB,
  ossCopyRewrite: GIB,
  s3Copy: 5 * GIB,
  ossMinPart: 100 * KIB,
  s3MinPart: 5 * MIB,
  maxPart: 5 * GIB,
  maxParts: 10_000,
  // 10,000 parts of 5 GiB: what both vendors round to 48.8 TB.
  maxObject: 50_000 * GIB,
  restoreMs: 60_000,
};

/** Ways in which real servers differ from the documentation of the store they imitate. All off by default. */
export interface TwinQuirks {
  /** UploadPartCopy ignores copy-source-if-*, as every Ceph RGW does. */
  ignorePartConditions?: boolean;
  /** CopyObject ignores copy-source-if-* too, as Ceph RGW 16 does. */
  ignoreCopyConditions?: boolean;
  /** What becomes of tags in calls that could carry some. Ceph RGW 20: `replaceAndKeep` and `keepAndSet`; 16: all of them. */
  tagFates?: {
    /** CopyObject that keeps the metadata and sets tags: the source's arrive all the same. */
    keepAndSet?: 'source';
    /** CopyObject that replaces the metadata and keeps the tags: there are none afterwards. */
    replaceAndKeep?: 'none';
    /** CopyObject that replaces the metadata and sets tags: there are none afterwards. */
    replaceAndSet?: 'none';
    /** Initiate that sets tags: the object that it becomes has none. */
    initiate?: 'none';
  };
  /** S3's CopyObject does not read `If-None-Match: *`, the guard against overwriting: Ceph RGW 16 and 20 ignore it, OpenStack Swift answers 501. */
  copyIfNoneMatch?: 'ignored' | 'refused';
  /** ETags in copy results are bare hex. */
  bareEtags?: boolean;
  /** The result of Complete has an empty ETag element. */
  emptyCompleteEtag?: boolean;
  /** A repeated Complete: `gone` is NoSuchUpload, `same` repeats the first answer. */
  completeRepeat?: 'gone' | 'same';
  /** Complete demands every uploaded part, as Ceph RGW does. */
  completeNeedsAllParts?: boolean;
  /** Lists are of the first version of the call whatever is asked: no token, no `start-after`, and a mark only beside folders. */
  firstLists?: boolean;
  /** HEAD of an empty object has no Content-Length. */
  hidesEmptyLength?: boolean;
  /** Refuse path-style requests in the OSS dialect, as OSS does; off because tests live on localhost. */
  refusePathStyle?: boolean;
  /**
   * Refuse requests signed for another region than the bucket's; off because one port serves all regions here. `true`: as the
   * host of another region does (S3: 301 with the bucket's region; OSS: AccessDenied with its endpoint). `signature`: as the
   * right host does, which is content with everything but the signature.
   */
  checkRegion?: boolean | 'signature';
}

export interface TwinOptions {
  /** 0, the default, takes a free port. */
  port?: number;
  host?: string;
  /** Folder that keeps everything across restarts; memory when absent. */
  data?: string;
  buckets?: NewBucket[];
  /** Region of buckets that name none; default `cn-hangzhou`. */
  region?: string;
  accessKeyId?: string;
  secretAccessKey?: string;
  sessionToken?: string;
  /** More keys of the same user, as the roles of one account have: what one of them creates belongs to all. */
  roles?: Omit<NewUser, 'name'>[];
  /** Users beside the one whose keys are above; they share nothing with it but what an ACL grants. */
  users?: NewUser[];
  limits?: Partial<TwinLimits>;
  quirks?: TwinQuirks;
  events?: EventTarget[];
  /** URLs by name: the last piece of the ARNs that PutBucketNotificationConfiguration may name; `eventbridge` is EventBridge. */
  webhooks?: Record<string, string>;
  faults?: FaultRule[];
  /** Seed of every random choice (faults, event order). */
  seed?: number;
  /** Epoch milliseconds; what the twin believes the time is. */
  clock?: () => number;
  /** How injected latency waits; the default is a timer. */
  sleep?: (milliseconds: number) => Promise<unknown>;
}
