import type { ObjectHead } from '../copy/object.ts';
import { isContentEtag, metadataDigest, parseMarker, markerName } from './marker.ts';

export type Comparison =
  | { equal: true; by: 'etag' | 'crc64' | 'checksum' | 'marker' }
  | { equal: false; why: string }
  /** Same size, and nothing that tells more. */
  | { equal: undefined };

/** Compares what two HEADs (asked for checksums) tell of the content, strongest proof first. */
export function compareHeads(source: ObjectHead, replica: ObjectHead): Comparison {
  if (source.size !== replica.size) return { equal: false, why: `${replica.size} bytes instead of ${source.size}` };
  if (source.crc64 !== undefined && replica.crc64 !== undefined) {
    return source.crc64 === replica.crc64 ? { equal: true, by: 'crc64' } : { equal: false, why: 'another CRC-64' };
  }
  const [a, b] = [source.checksum, replica.checksum];
  if (a?.fullObject && b?.fullObject && a.algorithm === b.algorithm) {
    return a.value === b.value ? { equal: true, by: 'checksum' } : { equal: false, why: `another ${a.algorithm}` };
  }
  if (source.etag.toLowerCase() === replica.etag.toLowerCase()) return { equal: true, by: 'etag' };
  if (isContentEtag(source) && isContentEtag(replica)) return { equal: false, why: 'another ETag' };
  if (isMarkedCopy(source, replica) || isMarkedCopy(replica, source)) return { equal: true, by: 'marker' };
  // A replica is written after what it was copied from.
  if (replica.lastModified < source.lastModified) return { equal: false, why: 'older than its source' };
  return { equal: undefined };
}

/** Content headers and user metadata, without markers and what rules add. */
export function sameMetadata(source: ObjectHead, replica: ObjectHead, added: ReadonlySet<string>): boolean {
  return metadataDigest(source, added) === metadataDigest(replica, added);
}

/** `copy` says that it was copied from this version of `original`. */
function isMarkedCopy(original: ObjectHead, copy: ObjectHead): boolean {
  const marker = parseMarker(copy.userMetadata[markerName]);
  return marker !== undefined && marker.sourceEtag === original.etag && marker.size === original.size;
}
