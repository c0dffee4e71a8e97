import type { ContentHeaders, Encryption, ObjectRef, StoreAddress } from './object.ts';

/**
 * - `copy`: the object also at the destination.
 * - `replicate`: the destination follows the source; a newer source supersedes the job.
 * - `rename`: copy, verify, then remove the source.
 * - `metadata`: the object onto itself with other metadata.
 */
export type Mode = 'copy' | 'replicate' | 'rename' | 'metadata';

export interface MetadataChange {
  /** `merge` starts from what the source has, `replace` from nothing. */
  base: 'merge' | 'replace';
  content?: ContentHeaders;
  /** Content headers to drop. */
  removeContent?: (keyof ContentHeaders)[];
  set?: Record<string, string>;
  /** User metadata names to drop, lower case. */
  remove?: string[];
}

export interface TagChange {
  base: 'merge' | 'replace';
  set?: Record<string, string>;
  remove?: string[];
}

/** What to ask of an archived source before it is copied. */
export interface Restore {
  /** How long the restored copy stays readable. */
  days: number;
  /** How soon, as the store spells it: `Expedited`, `Standard`, `Bulk`; absent: the store's default. */
  tier?: string;
}

export interface CopyOptions {
  storageClass?: string;
  encryption?: Encryption;
  /** `keep` carries the source's ACL; a canned name sets it; `default` leaves what the store gives a new object. */
  acl?: string;
  metadata?: MetadataChange;
  tags?: TagChange;
  /** Renames and metadata changes: go on although something of the object is lost. Default false: they refuse, and say what. */
  acceptLoss?: boolean;
  /**
   * Default `always`; for a rename `never`. `if-different` skips when the destination already holds the same content and
   * metadata; a rename then removes its source only, and keeps an object that differs.
   */
  overwrite?: 'always' | 'never' | 'if-different';
  /** `auto`: the strongest proof both sides offer (CRC64, full-object checksum, ETag), and always the size. */
  verify?: 'auto' | 'size';
  /** Bytes; overrides the planner's choice. */
  partSize?: number;
  /** Replicate only: when the source is gone after the destination was written, the destination goes too. */
  followDelete?: boolean;
  /** Part copies in flight. */
  concurrency?: number;
  /** Have an archived source restored, and copy it when it is readable. Absent: an archived source is refused. */
  restore?: Restore;
}

/** One object to one destination, as the caller asked for it. */
export interface CopyRequest {
  mode: Mode;
  store: StoreAddress;
  source: ObjectRef;
  destination: ObjectRef;
  options: CopyOptions;
  /** Job ids derive from this: the same key is the same job. Absent: derived from the source version and destination. */
  idempotencyKey?: string;
  /** Write a job row even when one CopyObject does it, so that it can be resumed and asked about. */
  journal?: boolean;
  /** What an event already told about the source; saves the HEAD before a small copy. Only a hint: the pin decides. */
  seen?: {
    etag: string;
    size: number;
    lastModified?: number;
    /** The time of the event: a source modified later is another version, even if its ETag is the same. */
    notAfter?: number;
  };
  /** Copy the version in `seen` or nothing: what the options say holds for no other one. Throws SourceChanged otherwise. */
  onlySeen?: boolean;
  /** Carried along and given back untouched (rule name, callback, caller). */
  labels?: Record<string, string>;
}
