import type { GiveUpCode } from '../../copy/model/errors.ts';
import type { StoreFacts } from '../../copy/model/store-facts.ts';
import type { SignerConstants } from '../sign/sign.ts';
import type { OperationName } from '../wire/operations.ts';

/**
 * What an error answer means, before it is known what to do about it.
 *
 * - `throttled`: refused because we are too fast. `busy`: refused for another passing reason. Neither had an effect.
 * - `unsure`: the store failed on the way; the effect is unknown.
 * - `clock`, `token`: our clock or our session token is to be renewed, then the call repeated.
 * - `precondition`: a condition we sent does not hold. `range`: the range lies outside the source as it is now.
 */
export type Meaning = GiveUpCode | 'throttled' | 'busy' | 'unsure' | 'clock' | 'token' | 'precondition' | 'range';

/** Hosts of one kind that belong to the vendor. */
export interface VendorHost {
  /** Of a whole host name; its group `region` stands where the name holds a region. */
  name: RegExp;
  /** The region of buckets behind it where the name holds none; absent: the caller must say it. */
  region?: string;
  /**
   * Where buckets of another region are reached: a replacement for `name` that holds `{region}`, `same` for a host that serves
   * all regions. Absent: it reaches no other region.
   */
  elsewhere?: string;
  /** Why a copy through it stays inside one region, and what to do instead. */
  oneRegion?: string;
}

/** One store's way of saying what the client needs to say, as data. */
export interface Dialect {
  scheme: 'oss' | 's3';
  facts: StoreFacts;
  signer: SignerConstants;
  endpoints: {
    /** `{region}` and `{domain}` are filled in. */
    public: string;
    internal: string;
    /** Names of hosts that belong to the vendor; credentials go to no other host that a store's answer names. */
    vendor: RegExp;
    /** What a name of a region looks like in such a host. */
    regionName: RegExp;
    /** Buckets that are not used: at hosts of the vendor, or (`anywhere`) at any. */
    refusedBuckets?: readonly { name: RegExp; why: string; anywhere?: true }[];
    /** The first that fits counts. */
    hosts: readonly VendorHost[];
    /** Domains by region, the first that fits; credentials are worth nothing in another one. */
    domains: readonly { regions: RegExp; domain: string }[];
  };
  /** Used when the address names none; absent means that there must be one. */
  defaultRegion?: string;
  /** What to do about a copy that the store refuses because it crosses regions, where the store itself would take it. */
  crossRegionAdvice?: string;
  /** The bucket stands in the signature even where the host already names it. */
  signsBucket: boolean;
  /** How the payload is declared: a hash of the body, or a constant. */
  payload: 'sha256' | 'unsigned';
  headers: {
    /** Before every header of the store. */
    prefix: 'x-oss-' | 'x-amz-';
    /** Without the prefix. */
    objectAcl: string;
    bucketAcl: string;
    kmsKeyId: string;
    dataEncryption?: string;
    /**
     * Without the prefix: what the three headers of a key of the customer (`algorithm`, `key`, `key-md5`) begin with, for the
     * object of the call and for the source of a copy. Absent where the store takes no such keys.
     */
    customerKey?: { object: string; source: string };
    /** Base64 of the error document, where HEAD carries one. */
    headError?: string;
    errorNumber?: string;
    requestId: string;
    bucketRegion?: string;
    /** Milliseconds to wait after a throttled answer. */
    retryDelay?: string;
    crc64?: string;
    /** Of encryption under KMS, without the prefix; `true` where one key serves many objects. */
    bucketKey?: string;
    /** Without the prefix. Where a bucket that serves a website sends those who ask for the object. */
    redirect?: string;
    /** Without the prefix. */
    lock?: { mode: string; until: string; legalHold: string; eventHold: string; eventHoldFor: string };
    /** Without the prefix. How many entries of user metadata the answer leaves out. */
    hiddenMetadata?: string;
  };
  /**
   * Headers of HEAD (without the prefix) that say nothing of the object that a copy could lose: they are about the request,
   * the bucket, the version, or are read as a field of `ObjectHead`. A name that ends in `-` stands for all that begin so.
   */
  harmless: readonly string[];
  /** Prefix of user metadata that marks an object encrypted by the writer's own client. */
  clientEncryptionMetadata?: string;
  tagsReplaceWord: string;
  forbidOverwrite: {
    header: string;
    value: string;
    on: readonly OperationName[];
    /** It fails with 412, as a source pin does, so that one answer may mean either. */
    failsAsPrecondition: boolean;
  };
  /** A part copy that did what was asked always answers with Content-Range. */
  promisesContentRange: boolean;
  /** Offline classes: not readable until restored. */
  archivedClasses: readonly string[];
  /** Header (without prefix) that marks an object moved to an archive tier inside its class. */
  archiveStatus?: string;
  /** Element of the document of RestoreObject that holds the tier. */
  restoreParameters: string;
  /** `encoding-type=url` is understood by ListParts too. */
  encodesPartLists: boolean;
  /** Objects may have annotations. */
  keepsAnnotations: boolean;
  /** Object checksums are kept and told on request. */
  keepsChecksums: boolean;
  /** Answers of HEAD carry no error document and cannot tell a missing bucket from a missing key. */
  headHidesBucket: boolean;
  meanings: {
    /** OSS error numbers; more exact than the code, so looked at first. */
    byNumber: Readonly<Record<string, Meaning>>;
    byCode: Readonly<Record<string, Meaning>>;
    /** Refused because the request does not say that its sender pays; absent where the store does not tell. */
    payerNumber?: string;
    /** The store gives one code to several causes; the argument it names and its message tell them apart. */
    byWords: readonly { code: string; words: RegExp; meaning: Meaning }[];
  };
}
