/**
 * Whether a change on one side of a loop (A to B and B to A, or a longer ring) is to be copied on. Pure; called with a HEAD
 * of both sides.
 *
 * Objects are either their user's write or a replica (marker.ts). With those:
 *
 * 1. A replica goes nowhere it has been, and takes no rule twice. So one write causes at most one copy per rule: no ping-pong.
 * 2. A destination that came by way of this source follows it: what a place holds now is newer than all it held before,
 *    whatever the clocks say. Quick overwrites on one side need no comparison of times.
 * 3. Otherwise both sides were written independently. The later write wins, then the larger ETag; a replica counts with the
 *    time of its origin. The order is total, so both sides come to the same answer in whatever order events arrive.
 *
 * What remains is a user's write that loses by 3 against a side whose events were handled before (within one second, where
 * Last-Modified cannot tell): nothing would announce the winner again. `replicate.ts` therefore looks at a write from both
 * ends: along the rules that read it and along the one that writes it.
 */
import type { ObjectHead, ObjectRef } from '../copy/object.ts';
import {
  authorOf,
  compareStamps,
  isContentEtag,
  metadataDigest,
  placeHash,
  placesOf,
  ruleHash,
  type Authorship,
  type Marker,
  type Stamp,
} from './marker.ts';

/** As a normalising store or a metadata-keeping editor can make a replica look edited for ever, there is an end to it. */
const mostEdits = 16;

export type Verdict =
  | { copy: true; marker: Marker }
  | { copy: false; why: 'same' | 'came-from-there' | 'rule-taken' | 'older' | 'edited-too-often' };

export interface Side {
  ref: ObjectRef;
  head: ObjectHead;
}

export function decide(
  source: Side,
  destination: { ref: ObjectRef; head?: ObjectHead },
  route: { id: string; addedMetadata: ReadonlySet<string> },
): Verdict {
  const { addedMetadata } = route;
  const author = authorOf(source.ref, source.head, addedMetadata);
  const there = placeHash(destination.ref);
  const rule = ruleHash(route.id);
  if (author.by === 'us') {
    const [, ...steps] = author.marker.chain;
    if (placesOf(author.marker).includes(there)) return { copy: false, why: 'came-from-there' };
    if (steps.some((step) => step.rule === rule)) return { copy: false, why: 'rule-taken' };
  } else if (author.edits > mostEdits) {
    return { copy: false, why: 'edited-too-often' };
  }
  const marker = markerFor(source, author, { rule, place: there }, addedMetadata);
  if (!destination.head) return { copy: true, marker };
  const why = holdBack(source, { ref: destination.ref, head: destination.head }, marker, addedMetadata);
  return why ? { copy: false, why } : { copy: true, marker };
}

/** Why the destination should stay as it is. */
function holdBack(
  source: Side,
  destination: Side,
  marker: Marker,
  added: ReadonlySet<string>,
): 'same' | 'older' | undefined {
  const author = authorOf(destination.ref, destination.head, added);
  if (author.by === 'us' && placesOf(author.marker).includes(placeHash(source.ref))) {
    return isSameCopy(author.marker, marker) ? 'same' : undefined;
  }
  if (isEqual(source.head, destination.head, added)) return 'same';
  return compareStamps(marker.origin, stampOf(destination.head, author, added)) > 0 ? undefined : 'older';
}

/** The statement for a copy of `source` that takes `step`. */
export function markerFor(
  { ref, head }: Side,
  author: Authorship,
  step: { rule: string; place: string },
  added: ReadonlySet<string>,
): Marker {
  return {
    origin: stampOf(head, author, added),
    chain: author.by === 'us' ? [...author.marker.chain, step] : [placeHash(ref), step],
    sourceEtag: head.etag,
    contentEtag: isContentEtag(head),
    size: head.size,
    digest: metadataDigest(head, added),
    edits: author.by === 'us' ? author.marker.edits : author.edits,
  };
}

function stampOf(head: ObjectHead, author: Authorship, added: ReadonlySet<string>): Stamp {
  if (author.by === 'us') return author.marker.origin;
  return { at: Math.floor(head.lastModified / 1000), etag: head.etag, digest: metadataDigest(head, added) };
}

function isSameCopy(a: Marker, b: Marker): boolean {
  return (
    compareStamps(a.origin, b.origin) === 0 &&
    a.sourceEtag === b.sourceEtag &&
    a.size === b.size &&
    a.digest === b.digest &&
    placesOf(a).join() === placesOf(b).join()
  );
}

function isEqual(a: ObjectHead, b: ObjectHead, added: ReadonlySet<string>): boolean {
  const sameContent =
    isContentEtag(a) && isContentEtag(b) && a.etag.toLowerCase() === b.etag.toLowerCase() && a.size === b.size;
  return sameContent && metadataDigest(a, added) === metadataDigest(b, added);
}
