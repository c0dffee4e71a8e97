import { leftOut } from '../fidelity/acl.ts';
import { wantedAcl } from '../fidelity/acl.ts';
import { annotationDifferences } from '../fidelity/annotations.ts';
import { attributeDifferences } from '../fidelity/compare.ts';
import { aclDifferences, tagDifferences } from '../fidelity/compare-tags-and-acl.ts';
import type { Found } from '../fidelity/expected.ts';
import { changeTags, sameRecord } from '../fidelity/expected.ts';
import { headerLosses, isAsAsked, readTags, settleTags } from '../fidelity/losses.ts';
import { usableEncryption } from '../fidelity/usable-key.ts';
import { judge } from '../fidelity/verify.ts';
import { gaveUp, GiveUp } from '../model/errors.ts';
import { headIfThere } from '../model/head-if-there.ts';
import { isPinned, pinOf } from '../model/job.ts';
import type { ObjectHead } from '../model/object.ts';
import { describe } from '../model/object.ts';
import type { CallOptions, ObjectStore } from '../model/ports.ts';
import type { CopyRequest } from '../model/request.ts';
import type { CopyResult, FidelityLoss } from '../model/result.ts';
import { mustBeAbsent, overwriteOf } from './overwrite.ts';

/**
 * What the overwrite option asks to know before anything is written. Returns a result when there is nothing to do.
 *
 * @param again an earlier delivery may have written the copy that is found now.
 * @throws GiveUp DestinationExists with `overwrite: never`, and for a rename onto another object unless it says `always`.
 */
export async function lookAtDestination(
  store: ObjectStore,
  request: CopyRequest,
  { head, expected }: Found,
  options: CallOptions,
  again = false,
): Promise<CopyResult | undefined> {
  const overwrite = overwriteOf(request);
  if (overwrite === 'always') return undefined;
  const existing = await lookIfAllowed(store, request, options);
  if (!existing) return undefined;
  const verdict = judge(existing, { pin: pinOf(head) });
  const lost = headerLosses(expected, existing);
  // What was there before may carry more than was asked for; our own copy of an earlier delivery does not.
  const sent = { ...expected, encryption: await usableEncryption(store, request, expected.encryption, options) };
  const differs =
    overwrite === 'never' ? headerLosses(sent, existing) : attributeDifferences(sent, existing, new Set());
  const sameHeaders = isAsAsked(differs, sent);
  const proof = verdict === 'mismatch' || verdict === 'undecided' || !sameHeaders ? undefined : verdict;
  const mayBeOurs =
    overwrite === 'never' && again && proof && (await hasTagsOf(store, request, head, existing, options));
  const isEqual =
    overwrite === 'if-different' && proof !== undefined && (await sameBeside(store, request, head, existing, options));
  const isKept = overwrite === 'never' ? !mayBeOurs : request.mode === 'rename' && !isEqual;
  if (isKept) {
    throw new GiveUp(
      'DestinationExists',
      `${describe(request.store, request.destination)} exists already and was not overwritten; nothing was copied. ` +
        'To replace it, ask for overwrite: always (--overwrite always).',
    );
  }
  if (!proof || (overwrite === 'if-different' && !isEqual)) return undefined;
  if (mayBeOurs) lost.push(...(await setAskedTags(store, request, head, options)));
  const { size, etag, versionId } = existing;
  return { way: 'unchanged', size, etag, versionId, verifiedBy: proof, lost, ...leftOut(request) };
}

/**
 * Without the right to list its bucket a missing object is answered with 403, as one is that may not be read. Where nothing may be
 * overwritten, the condition of the write decides then, on stores that are known to honour it.
 */
async function lookIfAllowed(
  store: ObjectStore,
  request: CopyRequest,
  options: CallOptions,
): Promise<ObjectHead | undefined> {
  try {
    return await headIfThere(store, request.destination, { ...options, checksum: true });
  } catch (error) {
    if (!gaveUp(error, 'AccessDenied')) throw error;
    const isOpen = overwriteOf(request) === 'if-different' && request.mode !== 'rename';
    // To copy what may be there already is what was asked for if it differs, and no harm if it does not.
    if (isOpen || (mustBeAbsent(request) && store.facts.forbidsOverwrite)) return undefined;
    throw error;
  }
}

/**
 * Refuses a copy whose destination turns out to be its source: an access point is another name of its bucket, and a copy by
 * parts onto itself would drop what no part carries.
 *
 * @throws GiveUp SameObject.
 */
export async function refuseItself(
  store: ObjectStore,
  { destination, source }: CopyRequest,
  head: ObjectHead,
  options: CallOptions,
): Promise<void> {
  const there = await headIfThere(store, destination, options);
  if (!there || !isPinned(pinOf(head), there)) return;
  throw new GiveUp(
    'SameObject',
    `${describe(store.facts, source)} and ${describe(store.facts, destination)} look like one object under two names, for an access ` +
      'point is another name of its bucket; nothing was done.',
  );
}

/** Tags, and the ACL where it is kept or one was asked for: what HEAD does not tell. */
async function sameBeside(
  store: ObjectStore,
  request: CopyRequest,
  head: ObjectHead,
  existing: ObjectHead,
  options: CallOptions,
): Promise<boolean> {
  const {
    source,
    destination,
    options: { tags },
  } = request;
  const acl = wantedAcl(request);
  const sides = [
    { ref: source, head },
    { ref: destination, head: existing },
  ] as const;
  if ((await tagDifferences(store, ...sides, tags, options)).length > 0) return false;
  // The source of a rename goes in trust of what is there.
  const isTrusted = request.mode === 'rename';
  if (isTrusted && (await annotationDifferences(store, source, destination, options)).length > 0) return false;
  return acl === 'default' || (await aclDifferences(store, source, destination, acl, options)).length === 0;
}

/** CopyObject carries tags along: another writer wrote an object that has others. */
export async function hasTagsOf(
  store: ObjectStore,
  { source, destination, options: { tags } }: Pick<CopyRequest, 'source' | 'destination' | 'options'>,
  head: ObjectHead,
  there: ObjectHead,
  options: CallOptions,
): Promise<boolean> {
  const [have, wanted] = [there.tagCount ?? 0, head.tagCount ?? 0];
  if (tags === undefined && (have !== wanted || have === 0)) return have === wanted;
  const theirs = await store.getTags(destination, options);
  try {
    const ofSource = await readTags(store, source, head, options);
    if (tags === undefined) return sameRecord(ofSource, theirs);
    // Before `setAskedTags` a store may have left the source's, or none.
    return [changeTags(ofSource, tags), ofSource, {}].some((possible) => sameRecord(possible, theirs));
  } catch (error) {
    // A second worker has found it copied, and removed the source.
    if (gaveUp(error, 'NotFound')) return true;
    throw error;
  }
}

/**
 * Sets the tags that were asked for on what an earlier attempt has copied: some stores drop the tags of a CopyObject (Ceph
 * RGW), and the worker that copied may have died before it set them.
 */
export async function setAskedTags(
  store: ObjectStore,
  { source, destination, options: { tags } }: Pick<CopyRequest, 'source' | 'destination' | 'options'>,
  head: ObjectHead,
  options: CallOptions,
): Promise<FidelityLoss[]> {
  if (tags === undefined) return [];
  let wanted: Record<string, string>;
  try {
    wanted = changeTags(await readTags(store, source, head, options), tags);
  } catch (error) {
    // A second worker has done all of it, and removed the source.
    if (gaveUp(error, 'NotFound')) return [];
    throw error;
  }
  // A destination that is gone by now must end the job here: a rename deletes its source next (I3). A change is compared with
  // the tags themselves, so no HEAD of the destination is needed.
  const sides = { source, sourceHead: head, destination, destinationHead: head };
  return await settleTags(store, sides, tags, wanted, options);
}
