/**
 * The marker: user metadata `ferry-replica` on a replica that could otherwise be replicated back to where it came from.
 *
 * It must tell a replica as we wrote it from everything a user may do with one. So it states, in a form that can be checked
 * against a HEAD of the object that carries it:
 *
 * - the place it was written to: a copy of the replica made by hand elsewhere carries the text but not the place;
 * - the size, and the ETag where ETags are made of content: an upload that keeps the metadata is seen;
 * - a digest of the metadata: a user's change of metadata is seen (metadata that rules add is left out);
 * - the version of the object at its origin (time, ETag), by which two changes of the same object are put in order;
 * - the chain of places and rules from there to here: nothing is sent to a place it has been to, and no rule is taken twice.
 *
 * An object whose statement does not hold is its user's own write, and replicates as such. The statement is no signature:
 * who can write the object can forge it, and gains nothing but that this object stays where it is.
 */
import { createHash } from 'node:crypto';
import { isContentEtag, markerName } from '../../copy/fidelity/compare.ts';
import type { ContentHeaders, ObjectHead, ObjectRef } from '../../copy/model/object.ts';

export { isContentEtag, markerName };

/** Which of two changes of an object is the newer one: the later, then the larger ETag, then the larger metadata digest. */
export interface Stamp {
  /** Last-Modified of the origin, epoch seconds: stores tell no finer. */
  at: number;
  etag: string;
  digest: string;
}

export interface Marker {
  origin: Stamp;
  /** Place of the origin, then a rule and a place for each copy; the last is where the object that carries this was written. */
  chain: [origin: string, ...steps: Step[]];
  /** ETag of what was copied. */
  sourceEtag: string;
  /** The ETag of what was copied is made of its content alone, so that of the replica should equal it. */
  contentEtag: boolean;
  size: number;
  digest: string;
  /** How often in a row a replica was taken for its user's write although it still carried its marker. */
  edits: number;
}

export interface Step {
  rule: string;
  place: string;
}

/** What a HEAD tells about who wrote an object. */
export type Authorship =
  | { by: 'us'; marker: Marker }
  | {
      by: 'user';
      /** See `Marker.edits`; 0 for an object without a marker of its own place. */
      edits: number;
    };

const version = '1';
/** 60 and 24 bits: enough to tell places and rules apart, short enough to carry. */
const placeChars = 10;
const ruleChars = 4;

/** Short stable name of a place. By bucket name: one store may be known by several addresses. */
export function placeHash({ bucket, key }: ObjectRef): string {
  return hash([bucket, key]).slice(0, placeChars);
}

export function ruleHash(route: string): string {
  return hash(['rule', route]).slice(0, ruleChars);
}

/** Digest of the headers and user metadata that a copy carries along, without the marker and what rules add. */
export function metadataDigest(head: Pick<ObjectHead, 'content' | 'userMetadata'>, added: ReadonlySet<string>): string {
  const own = Object.entries(head.userMetadata).filter(([name]) => name !== markerName && !added.has(name));
  return hash([
    sorted(Object.entries(head.content as Record<keyof ContentHeaders, string | undefined>)),
    sorted(own),
  ]).slice(0, placeChars);
}

function sorted(entries: [string, string | undefined][]): [string, string | undefined][] {
  return entries.filter(([, value]) => value !== undefined).sort(([a], [b]) => (a < b ? -1 : 1));
}

function hash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url');
}

export function formatMarker(marker: Marker): string {
  const { origin, chain, sourceEtag, contentEtag, size, digest, edits } = marker;
  const [start, ...steps] = chain;
  const fields = [
    version,
    origin.at.toString(36),
    encodeURIComponent(origin.etag),
    origin.digest,
    encodeURIComponent(sourceEtag),
    contentEtag ? '1' : '0',
    size.toString(36),
    digest,
    edits.toString(36),
    [start, ...steps.map(({ rule, place }) => rule + place)].join('.'),
  ];
  return fields.join(';');
}

/** Undefined for anything that is not a whole marker of a version we know. */
export function parseMarker(text: string | undefined): Marker | undefined {
  const fields = text?.split(';') ?? [];
  if (fields.length !== 10 || fields[0] !== version) return undefined;
  const [
    ,
    at = '',
    etag = '',
    originDigest = '',
    sourceEtag = '',
    contentEtag,
    size = '',
    digest = '',
    edits = '',
    chain = '',
  ] = fields;
  const [start = '', ...steps] = chain.split('.');
  const numbers = [at, size, edits].map((field) => Number.parseInt(field, 36));
  if (numbers.some((number) => !Number.isSafeInteger(number)) || start === '' || steps.length === 0) return undefined;
  const [seconds = 0, bytes = 0, edited = 0] = numbers;
  try {
    return {
      origin: { at: seconds, etag: decodeURIComponent(etag), digest: originDigest },
      chain: [start, ...steps.map((step) => ({ rule: step.slice(0, ruleChars), place: step.slice(ruleChars) }))],
      sourceEtag: decodeURIComponent(sourceEtag),
      contentEtag: contentEtag === '1',
      size: bytes,
      digest,
      edits: edited,
    };
  } catch {
    return undefined;
  }
}

/** Checks what an object's marker states against the object itself. */
export function authorOf(ref: ObjectRef, head: ObjectHead, added: ReadonlySet<string>): Authorship {
  const marker = parseMarker(head.userMetadata[markerName]);
  if (!marker || (marker.chain.at(-1) as Step).place !== placeHash(ref)) return { by: 'user', edits: 0 };
  const sameContent =
    !marker.contentEtag || !isContentEtag(head) || marker.sourceEtag.toLowerCase() === head.etag.toLowerCase();
  const holds = sameContent && marker.size === head.size && marker.digest === metadataDigest(head, added);
  return holds ? { by: 'us', marker } : { by: 'user', edits: marker.edits + 1 };
}

/** All places an object has been to, its own included. */
export function placesOf({ chain: [origin, ...steps] }: Marker): string[] {
  return [origin, ...steps.map(({ place }) => place)];
}

/** Above 0 when `a` is the newer change. */
export function compareStamps(a: Stamp, b: Stamp): number {
  return a.at - b.at || order(a.etag.toLowerCase(), b.etag.toLowerCase()) || order(a.digest, b.digest);
}

function order(a: string, b: string): number {
  return a === b ? 0 : a > b ? 1 : -1;
}
