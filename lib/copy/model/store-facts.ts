/** Size limits of a store and what it can do, as data: the planner and the rules ask these, never for a vendor. */
export interface StoreFacts {
  scheme: 'oss' | 's3';
  /** Largest CopyObject inside one bucket when neither class nor encryption changes; Infinity on OSS (shallow copy). */
  directSameBucket: number;
  /** Largest CopyObject into another bucket, class and encryption unchanged. */
  directOtherBucket: number;
  /** Largest CopyObject that changes class or encryption. */
  directRewrite: number;
  minPartSize: number;
  maxPartSize: number;
  maxParts: number;
  maxObjectSize: number;
  /** Longest key, UTF-8 bytes. */
  maxKeyBytes: number;
  /** Keys must not start with one of these. */
  forbiddenKeyStarts: readonly string[];
  /** Source and destination must be in one region. */
  sameRegionOnly: boolean;
  /** Why, and what to do instead, where that is not a rule of the store but of the way in which it is reached. */
  regionAdvice?: string;
  /** `HEAD ?partNumber=1` tells the source's own part layout, which the copy then repeats to keep its ETag. */
  tellsPartLayout: boolean;
  /** Multipart ETag is md5 over the parts' binary md5s, `-N`: the expected value can be computed before Complete. */
  compositeEtag: boolean;
  /** Every class that a write may ask for; absent where a server has classes of its own. */
  storageClasses?: readonly string[];
  /** Class of an object whose HEAD names none. */
  defaultStorageClass: string;
  /** Encryption that every new object gets unasked, if any. */
  defaultEncryption?: string;
  /** Full-object checksum that every new object gets unasked, if any. */
  defaultChecksum?: string;
  /** ACL of a new object that was given none. */
  defaultAcl: string;
  /** Where the ACL header goes on a multipart copy. */
  aclAt: 'initiate' | 'complete';
  /** CopyObject and Complete honour the condition that there is no object yet; false where a server may ignore it. */
  forbidsOverwrite: boolean;
  /** DELETE honours If-Match. */
  conditionalDelete: boolean;
  /** A self-copy that changes nothing else moves no data at any size. */
  metadataOnlySelfCopy: boolean;
  /** Buckets that cannot be used: what their names look like, and why and what to do instead. */
  refusedBuckets?: readonly { name: RegExp; why: string }[];
  /** How objects are restored, by storage class or archive tier. */
  restores?: Readonly<Record<string, RestoreFacts>>;
}

/** What the store takes with RestoreObject. */
export interface RestoreFacts {
  /** Empty where the request must name none. */
  tiers: readonly string[];
  /** Absent: the store documents none. */
  maxDays?: number;
  /** The object comes back for good, so that the request must not name days. */
  forGood?: true;
}
