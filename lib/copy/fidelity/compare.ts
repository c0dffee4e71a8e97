/**
 * The one comparison of two objects: verify, `if-different`, reconcile and the look after a copy all ask here. What cannot be
 * decided is said to be so; equal size and equal layout are no proof of anything.
 */
import type { Checksum, ContentHeaders, Encryption, ObjectHead, Expected } from '../model/object.ts';
import { customerEncryption } from '../model/object.ts';
import type { FidelityLoss } from '../model/result.ts';
import { headerLosses } from './losses.ts';

/** User metadata that replication keeps on a replica for itself: no property of the object. */
export const markerName = 'ferry-replica';

/** What a HEAD, or the pin of a job, tells of the bytes. */
export type Content = Pick<ObjectHead, 'size' | 'etag' | 'crc64' | 'checksum' | 'checksums' | 'encryption'>;

export type Proof = 'crc64' | 'checksum' | 'etag';

/** Parts of an object, as far as the store tells: HEAD with `partNumber` 1. */
export interface Layout {
  parts: number;
  /** Bytes of the first part. */
  first: number;
}

/** Compares by what both sides tell, strongest first: a proof, `mismatch`, or `undecided`. Pure. */
export function proofOf(a: Content, b: Content): Proof | 'mismatch' | 'undecided' {
  if (a.size !== b.size) return 'mismatch';
  if (a.crc64 !== undefined && b.crc64 !== undefined) return a.crc64 === b.crc64 ? 'crc64' : 'mismatch';
  for (const one of whole(a)) {
    const other = whole(b).find(({ algorithm }) => algorithm === one.algorithm);
    if (other) return one.value === other.value ? 'checksum' : 'mismatch';
  }
  return sameEtag(a.etag, b.etag) ? 'etag' : 'undecided';
}

/**
 * As `proofOf`, and decides by differing ETags and checksums of parts where those can only come from other bytes.
 * @param layouts of both sides, where they are known.
 */
export function compareContent(
  a: Content,
  b: Content,
  layouts?: readonly [Layout | undefined, Layout | undefined],
): Proof | 'mismatch' | 'undecided' {
  const proof = proofOf(a, b);
  if (proof !== 'undecided') return proof;
  if (isContentEtag(a) && isContentEtag(b)) return 'mismatch';
  const [one, other] = layouts ?? [];
  if (!one || !other || one.parts !== other.parts || one.first !== other.first) return 'undecided';
  for (const { algorithm, value } of ofParts(a)) {
    const theirs = ofParts(b).find((each) => each.algorithm === algorithm);
    if (theirs) return value === theirs.value ? 'checksum' : 'mismatch';
  }
  return isLayoutEtag(a) && isLayoutEtag(b) ? 'mismatch' : 'undecided';
}

/** Whether the layouts could decide what the rest does not. */
export function needsLayout(a: Content, b: Content): boolean {
  const [one, other] = [a, b].map(({ etag }) => /-(\d+)$/.exec(etag)?.[1]);
  return one !== undefined && one === other && compareContent(a, b) === 'undecided';
}

/** What differs in size or bytes, in the words of a report; empty for anything but a mismatch. */
export function contentDifferences(a: Content, b: Content, verdict: ReturnType<typeof proofOf>): FidelityLoss[] {
  if (verdict !== 'mismatch') return [];
  if (a.size !== b.size) return [{ what: 'size', wanted: String(a.size), got: String(b.size) }];
  if (a.crc64 !== undefined && b.crc64 !== undefined)
    return [{ what: 'content', wanted: a.crc64, got: b.crc64, why: 'another CRC-64' }];
  for (const one of [...whole(a), ...ofParts(a)]) {
    const theirs = [...whole(b), ...ofParts(b)].find(
      ({ algorithm, fullObject }) => algorithm === one.algorithm && fullObject === one.fullObject,
    );
    if (theirs && theirs.value !== one.value)
      return [{ what: 'content', wanted: one.value, got: theirs.value, why: `another ${one.algorithm}` }];
  }
  return [{ what: 'content', wanted: a.etag, got: b.etag, why: 'another ETag' }];
}

/**
 * Everything beside the bytes that HEAD tells and that differs, whichever side has it.
 * @param ignored names of user metadata that are no property of the object.
 */
export function attributeDifferences(
  expected: Expected,
  got: ObjectHead,
  ignored: ReadonlySet<string> = new Set([markerName]),
): FidelityLoss[] {
  const found: FidelityLoss[] = [...headerLosses(expected, got)];
  const extra = (what: string, wanted: unknown, value: string | undefined): void => {
    if (wanted === undefined && value !== undefined) found.push({ what, got: value });
  };
  for (const [name, value] of Object.entries(got.content) as [keyof ContentHeaders, string | undefined][]) {
    if (name !== 'contentType' || !isUntyped(value)) extra(`content:${name}`, expected.content[name], value);
  }
  for (const [name, value] of Object.entries(got.userMetadata)) {
    extra(`metadata:${name}`, expected.userMetadata[name], value);
  }
  extra('website-redirect', expected.redirect, got.redirect);
  extra('object-lock', expected.lock?.mode, got.lock?.mode);
  extra('legal-hold', expected.lock?.legalHold, got.lock?.legalHold ? 'on' : undefined);
  extra('event-hold', expected.lock?.eventHold, got.lock?.eventHold ? 'on' : undefined);
  extra('hidden-metadata', expected.hiddenMetadata, got.hiddenMetadata?.toString());
  for (const [name, value] of Object.entries(got.others ?? {})) extra(name, expected.others?.[name], value);
  return found.filter(({ what }) => !(what.startsWith('metadata:') && ignored.has(what.slice('metadata:'.length))));
}

/** OSS writes ETags in upper case, S3 in lower. */
export function sameEtag(etag: string, other: string | undefined): boolean {
  return other !== undefined && etag !== '' && etag.toLowerCase() === other.toLowerCase();
}

/** ETags that a plain copy keeps: MD5 of the content. Not those of multipart uploads, nor under KMS or a key of the customer. */
export function isContentEtag({ etag, encryption }: Pick<ObjectHead, 'etag' | 'encryption'>): boolean {
  return /^[0-9a-f]{32}$/i.test(etag) && !hidesContent(encryption);
}

/** Made of the MD5 of each part. */
function isLayoutEtag({ etag, encryption }: Content): boolean {
  return /^[0-9a-f]{32}-\d+$/i.test(etag) && !hidesContent(encryption);
}

/** Under such an encryption the ETag is made of something else than the bytes. */
export function hidesContent(encryption: Encryption | undefined): boolean {
  return encryption?.algorithm === customerEncryption || /kms/i.test(encryption?.algorithm ?? '');
}

function whole({ checksum, checksums }: Content): Checksum[] {
  return (checksums ?? (checksum ? [checksum] : [])).filter(({ fullObject }) => fullObject);
}

function ofParts({ checksum, checksums }: Content): Checksum[] {
  return (checksums ?? (checksum ? [checksum] : [])).filter(({ fullObject }) => !fullObject);
}

/** What stores say of an object whose writer gave no type. */
function isUntyped(type: string | undefined): boolean {
  return type === 'binary/octet-stream' || type === 'application/octet-stream';
}
