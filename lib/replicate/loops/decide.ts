/**
 * Whether a change on one side of a loop (A to B and B to A, or a longer ring) is to be copied on. Pure; called with a HEAD
 * of both sides.
 *
 * Objects are either their user's write or a replica (marker.ts). With those:
 *
 * 1. A replica goes nowhere it has been, and takes no rule twice. So one write causes at most one copy per rule: no ping-pong.
 * 2. A destination that came by way of this source follows it: what a place holds now is newer than all it held before,
 *    whatever the clocks say. Quick overwrites on one side need no comparison of times.
 * 3. So does a destination from which no rule leads back for this key, though one does for others.
 * 4. Otherwise both sides were written independently, and the later write wins; a replica counts with the time of its
 *    origin. Last-Modified tells seconds. Within one second the write whose event is handled wins: most likely the other
 *    side was here already and was overwritten knowingly.
 * 5. When events of two such writes are handled at the same moment, each side may end up with the other's object. Both are
 *    replicas by way of each other then, which nothing else brings about, and the larger ETag wins: the one exception to 1,
 *    and it ends because the winner of a fixed order only ever replaces the loser.
 *
 * No further event announces a write that loses by 4, and its place may have been passed by the winner before. So
 * `replicate.ts` looks at a user's write from both ends: along the rules that read it, and along the one that writes it.
 */
import type { ObjectHead, ObjectRef } from '../../copy/model/object.ts';
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

/**
 * `push`: the source's own event is handled. `pull`: the destination's, looked at from the rule that writes it. `backfill`: no
 * event, so that sides which are equal already are left alone.
 */
export type Occasion = 'push' | 'pull' | 'backfill';

export function decide(
  source: Side,
  destination: { ref: ObjectRef; head?: ObjectHead },
  route: { id: string; returns: boolean; addedMetadata: ReadonlySet<string> },
  occasion: Occasion,
): Verdict {
  const { addedMetadata } = route;
  const author = authorOf(source.ref, source.head, addedMetadata);
  const there = destination.head && authorOf(destination.ref, destination.head, addedMetadata);
  const step = { rule: ruleHash(route.id), place: placeHash(destination.ref) };
  const marker = markerFor(source, author, step, addedMetadata);
  const cameFromHere = there?.by === 'us' && placesOf(there.marker).includes(placeHash(source.ref));
  if (author.by === 'us') {
    const [, ...taken] = author.marker.chain;
    const cameFromThere = placesOf(author.marker).includes(step.place);
    if (cameFromThere && cameFromHere) {
      return compareStamps(marker.origin, there.marker.origin) > 0
        ? { copy: true, marker }
        : { copy: false, why: 'same' };
    }
    if (cameFromThere) return { copy: false, why: 'came-from-there' };
    if (taken.some(({ rule }) => rule === step.rule)) return { copy: false, why: 'rule-taken' };
  } else if (author.edits > mostEdits) {
    return { copy: false, why: 'edited-too-often' };
  }
  if (!destination.head || !there) return { copy: true, marker };
  if (cameFromHere) return isSameCopy(there.marker, marker) ? { copy: false, why: 'same' } : { copy: true, marker };
  if (!route.returns) return { copy: true, marker };
  if (occasion === 'backfill' && isEqual(source.head, destination.head, addedMetadata))
    return { copy: false, why: 'same' };
  const lead = marker.origin.at - stampOf(destination.head, there, addedMetadata).at;
  return lead > 0 || (lead === 0 && occasion !== 'pull') ? { copy: true, marker } : { copy: false, why: 'older' };
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
