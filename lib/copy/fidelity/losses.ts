import { gaveUp } from '../model/errors.ts';
import { headIfThere } from '../model/head-if-there.ts';
import { isPinned, pinOf } from '../model/job.ts';
import type { Checksum, KeptChecksum, ObjectHead, ObjectLock, ObjectRef, Expected } from '../model/object.ts';
import type { CallOptions, ObjectStore } from '../model/ports.ts';
import type { TagChange } from '../model/request.ts';
import type { FidelityLoss } from '../model/result.ts';
import { changeTags, sameRecord } from './expected.ts';

/** Compares headers, metadata, class and encryption of the destination with what was wanted (I6). Pure. */
export function headerLosses(expected: Expected, got: ObjectHead): FidelityLoss[] {
  const lost: FidelityLoss[] = [];
  const compare = (what: string, wanted: string | undefined, found: string | undefined): void => {
    if (wanted !== undefined && wanted !== found) lost.push({ what, wanted, got: found });
  };
  for (const [name, value] of Object.entries(expected.content) as [string, string | undefined][]) {
    compare(`content:${name}`, value, got.content[name as keyof typeof got.content]);
  }
  for (const [name, value] of Object.entries(expected.userMetadata)) {
    compare(`metadata:${name}`, value, got.userMetadata[name]);
  }
  compare('storage-class', expected.storageClass, got.storageClass);
  compare('encryption', expected.encryption?.algorithm, got.encryption?.algorithm);
  compare('encryption-key', expected.encryption?.keyId, got.encryption?.keyId);
  compare('bucket-key', flag(expected.encryption?.bucketKey), flag(got.encryption?.bucketKey));
  compare('website-redirect', expected.redirect, got.redirect);
  lost.push(...lockLosses(expected.lock, got.lock));
  compare('hidden-metadata', entries(expected.hiddenMetadata), entries(got.hiddenMetadata));
  for (const checksum of expected.checksums ?? []) {
    if (!keepsChecksum(checksum, got.checksums))
      compare('checksum', checksumText(checksum), got.checksums?.map(checksumText).join(' '));
  }
  for (const [name, value] of Object.entries(expected.others ?? {})) compare(name, value, got.others?.[name]);
  return lost;
}

/** What of a lock another one lacks, or none at all. */
export function lockLosses(wanted: ObjectLock | undefined, got: ObjectLock | undefined): FidelityLoss[] {
  const pairs: [what: string, wanted: string | undefined, got: string | undefined][] = [
    ['object-lock', wanted?.mode, got?.mode],
    ['object-lock-until', seconds(wanted?.until), seconds(got?.until)],
    ['legal-hold', flag(wanted?.legalHold), flag(got?.legalHold)],
    ['event-hold', eventHold(wanted), eventHold(got)],
  ];
  return pairs
    .filter(([, value, found]) => value !== undefined && value !== found)
    .map(([what, value, found]) => ({ what, wanted: value, got: found }));
}

/**
 * Whether these differences leave the object as it was asked for, as far as asking can bring it about: what stores compute
 * themselves, what no request can set, and a lock that the bucket gives every object are no reason to copy once more nor to
 * take the object for another's.
 */
export function isAsAsked(differences: readonly FidelityLoss[], { others = {} }: Expected): boolean {
  return differences.every(({ what, wanted }) => {
    if (wanted === undefined) return !/^(content|metadata):|^website-redirect$/.test(what);
    return what === 'checksum' || what === 'hidden-metadata' || Object.hasOwn(others, what);
  });
}

/**
 * The checksum that a copy by parts asks for, so that it has the source's and proves itself. Only CRCs of parts can be made one of
 * the whole; the other kinds can only be kept of the parts (Amazon S3 User Guide, "Checking object integrity").
 */
export function keptOverParts(checksums: readonly Checksum[] = []): KeptChecksum | undefined {
  const crc = checksums.find(({ algorithm }) => algorithm.startsWith('CRC'));
  if (crc) return { algorithm: crc.algorithm, fullObject: true };
  const ofParts = checksums.find(({ fullObject }) => !fullObject);
  return ofParts && { algorithm: ofParts.algorithm, fullObject: false };
}

/** A full-object checksum of the kind is at least as good as a composite one, which depends on the part layout. */
export function keepsChecksum(wanted: KeptChecksum, got: readonly KeptChecksum[] = []): boolean {
  return got.some(({ algorithm, fullObject }) => algorithm === wanted.algorithm && (fullObject || !wanted.fullObject));
}

export function checksumText({ algorithm, fullObject }: KeptChecksum): string {
  return fullObject ? algorithm : `${algorithm} of parts`;
}

function flag(value: boolean | undefined): string | undefined {
  return value ? 'on' : undefined;
}

function eventHold(lock: ObjectLock | undefined): string | undefined {
  const { days, years } = lock?.eventHold ?? {};
  return lock?.eventHold && ['on', days && `${days} days`, years && `${years} years`].filter(Boolean).join(' ');
}

function entries(count: number | undefined): string | undefined {
  return count ? `${count} entries that HEAD does not show` : undefined;
}

/** Stores spell one time in several ways. */
function seconds(time: string | undefined): string | undefined {
  const at = Date.parse(time ?? '');
  return Number.isNaN(at) ? time : new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}

/**
 * The source's tags. Asks the store only when HEAD says that there are any.
 * @param unsure ask as well when HEAD says nothing of tags: what is written next replaces them all.
 */
export async function readTags(
  store: ObjectStore,
  source: ObjectRef,
  head: ObjectHead,
  options?: CallOptions,
  unsure = false,
): Promise<Record<string, string>> {
  return (head.tagCount ?? Number(unsure)) > 0 ? await store.getTags(source, options) : {};
}

/**
 * Makes sure that the destination carries the source's tags, with the change that was asked for. Reads the source's tags only
 * when they are needed and not `known`, and then looks whether they are still those of the version that was copied.
 *
 * @param known the wanted tags, where they were read with the version that was copied; the source may have changed since.
 */
export async function settleTags(
  store: ObjectStore,
  sides: { source: ObjectRef; sourceHead: ObjectHead; destination: ObjectRef; destinationHead: ObjectHead },
  change: TagChange | undefined,
  known: Record<string, string> | undefined,
  options?: CallOptions,
): Promise<FidelityLoss[]> {
  const { source, sourceHead, destination, destinationHead } = sides;
  if (change === undefined && (destinationHead.tagCount ?? 0) === (sourceHead.tagCount ?? 0)) return [];
  if (known) return await ensureTags(store, destination, destinationHead, known, change, options);
  const wanted = changeTags(await readTags(store, source, sourceHead, options), change);
  const now = await headIfThere(store, source, options ?? {});
  if (now && !isPinned(pinOf(sourceHead), now)) {
    const count = sourceHead.tagCount ?? 0;
    const why = 'the store dropped them, and the source was written again before they could be read';
    return [{ what: 'tags', wanted: `the ${count} of the version that was copied`, why }];
  }
  return await ensureTags(store, destination, destinationHead, wanted, change, options);
}

/**
 * Makes sure that an object carries the wanted tags. Tags carried over unchanged are checked by the count of its HEAD, at no
 * cost; tags that were asked for are read back, because some S3 stores ignore the tagging directive. Where the write did not
 * do it they are written once more, and what then still fails is a loss.
 *
 * @param there HEAD of the object.
 */
export async function ensureTags(
  store: ObjectStore,
  destination: ObjectRef,
  there: Pick<ObjectHead, 'tagCount'>,
  wanted: Record<string, string>,
  change: TagChange | undefined,
  options?: CallOptions,
): Promise<FidelityLoss[]> {
  if (change === undefined && (there.tagCount ?? 0) === Object.keys(wanted).length) return [];
  try {
    if (change !== undefined && sameRecord(wanted, await store.getTags(destination, options))) return [];
    await store.putTags(destination, wanted, options);
    return [];
  } catch (error) {
    if (!gaveUp(error, 'Unsupported', 'AccessDenied', 'BadRequest')) throw error;
    if (Object.keys(wanted).length === 0) return [];
    return [{ what: 'tags', wanted: new URLSearchParams(wanted).toString(), why: error.message }];
  }
}
