/** What every trigger is translated to. One change of one object, in one spelling for all vendors. */
export interface ObjectEvent {
  kind: 'created' | 'removed' | 'changed';
  /** Changed only: what, beside bytes and metadata. */
  change?: Change;
  /** Removed only: a versioned bucket got a delete marker; older versions are still there. */
  marker?: boolean;
  scheme: 'oss' | 's3';
  region?: string;
  bucket: string;
  /** Decoded once, here at the edge (I9). */
  key: string;
  /** Where the vendor does not say whether keys are encoded: the other reading, to be tried when `key` is not there. */
  alternativeKey?: string;
  /** Bytes. */
  size?: number;
  /** Without quotes, letter case as sent. */
  etag?: string;
  versionId?: string;
  /** Orders the events of one key where the vendor sends one; opaque here. */
  sequencer?: string;
  /** When it happened, epoch milliseconds; 0 when the trigger does not say. */
  at: number;
  /** The row of the source table that read it. */
  source: string;
  /** For logs: names the notification, equal on a redelivery where the vendor keeps it equal. */
  id: string;
}

/** What may change of an object that keeps its bytes; `class` is its storage class or access tier. */
export type Change = 'tags' | 'acl' | 'class' | 'annotations';

/**
 * Why a notification gave no event: `part` is one step of a multipart upload, `test` the ping a vendor sends when
 * notifications are switched on, `other` a kind that replication has no use for (downloads, restores that begin, failed calls).
 */
export type DropReason = 'part' | 'test' | 'other';

export type Dropped = Record<DropReason, number>;
