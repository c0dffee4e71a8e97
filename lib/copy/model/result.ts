/** What could not be kept, and why; empty means the destination is equal in everything that was asked for (I6). */
export interface FidelityLoss {
  /**
   * `tags`, `acl`, `storage-class`, `encryption`, `etag`, `content:cacheControl`, `metadata:NAME`, `website-redirect`,
   * `object-lock`, `legal-hold`, `checksum`, or the full name of a header that only the store knows the meaning of.
   */
  what: string;
  wanted?: string;
  got?: string;
  why?: string;
}

/** Bytes cross from one region to another, which the vendor charges by the byte. */
export interface Transfer {
  from: string;
  to: string;
}

export interface CopyResult {
  /**
   * - `direct`: one CopyObject.
   * - `parts`: UploadPartCopy.
   * - `unchanged`: the destination already was as asked; nothing was written.
   * - `attributes-only`: only tags or the ACL were written, no copy was needed.
   */
  way: 'direct' | 'parts' | 'unchanged' | 'attributes-only';
  size: number;
  etag: string;
  versionId?: string;
  /** Number of parts, for `parts`. */
  parts?: number;
  /**
   * The strongest proof that destination and source are equal. `etag`: theirs are. `part-etags`: the destination's is the one that
   * follows from the parts that were copied, and the source's is another one because it was written in another way.
   */
  verifiedBy: 'crc64' | 'checksum' | 'etag' | 'part-etags' | 'size' | 'store';
  lost: FidelityLoss[];
  /** What this copy leaves out unless asked to carry it: `acl`. The worker did not check whether the source has one. */
  notKept?: string[];
  /** Absent inside one region, and where the store has not told the regions. */
  transfer?: Transfer;
  /** Renames only. */
  sourceRemoved?: boolean;
}
