import { compareContent, contentDifferences, type Layout, type Proof } from '../../copy/fidelity/compare.ts';
import type { ObjectHead } from '../../copy/model/object.ts';
import { parseMarker, markerName } from '../loops/marker.ts';

export type Comparison =
  | { equal: true; by: Proof | 'marker' }
  | { equal: false; why: string }
  /** Same size, and nothing that tells more. */
  | { equal: undefined };

/** Compares what two HEADs (asked for checksums) tell of the content, and what our marker says where they do not decide. */
export function compareHeads(
  source: ObjectHead,
  replica: ObjectHead,
  layouts?: readonly [Layout | undefined, Layout | undefined],
): Comparison {
  const verdict = compareContent(source, replica, layouts);
  if (verdict === 'mismatch') {
    const [difference] = contentDifferences(source, replica, verdict);
    return { equal: false, why: difference?.why ?? sizes(source, replica) };
  }
  if (verdict !== 'undecided') return { equal: true, by: verdict };
  if (isMarkedCopy(source, replica) || isMarkedCopy(replica, source)) return { equal: true, by: 'marker' };
  // A replica is written after what it was copied from.
  if (replica.lastModified < source.lastModified) return { equal: false, why: 'older than its source' };
  return { equal: undefined };
}

function sizes(source: ObjectHead, replica: ObjectHead): string {
  return `${replica.size} bytes instead of ${source.size}`;
}

/** `copy` says that it was copied from this version of `original`. */
export function isMarkedCopy(original: ObjectHead, copy: ObjectHead): boolean {
  const marker = parseMarker(copy.userMetadata[markerName]);
  return marker !== undefined && marker.sourceEtag === original.etag && marker.size === original.size;
}
