import { lookAgain, lookAgainLater } from '../after/recheck-source.ts';
import { removeSource } from '../after/remove-source.ts';
import { keepSourceOnLoss, mustKeepAll, refuseLosses } from '../fidelity/accept-loss.ts';
import { applyAcl, leftOut, planAcl, wantedAcl } from '../fidelity/acl.ts';
import type { Found } from '../fidelity/expected.ts';
import { changeTags } from '../fidelity/expected.ts';
import { foresee } from '../fidelity/foresee.ts';
import type { Kept } from '../fidelity/kept.ts';
import { headerLosses, keepsChecksum, readTags, settleTags } from '../fidelity/losses.ts';
import { putRight } from '../fidelity/restore-kept.ts';
import { sendWithLock } from '../fidelity/send-with-lock.ts';
import { usableEncryption } from '../fidelity/usable-key.ts';
import { judge, verifyWritten } from '../fidelity/verify.ts';
import { RetryLater } from '../model/errors.ts';
import type { AclPlan } from '../model/job.ts';
import { pinOf } from '../model/job.ts';
import type { ObjectHead, Expected } from '../model/object.ts';
import { customerEncryption, describe } from '../model/object.ts';
import type { CallOptions, CopyObjectCall, ObjectStore, TagDirective, World, WriteResult } from '../model/ports.ts';
import type { CopyRequest } from '../model/request.ts';
import type { CopyResult, FidelityLoss } from '../model/result.ts';
import { crossed } from '../plan/check-region.ts';
import { holdingDestination } from '../row/hold-destination.ts';

/**
 * The short way: one CopyObject with the source's ETag pinned, then whatever the mode asks. The store copies atomically, so
 * the destination is the old object or the new one, never a mix. Doing it twice gives the same result.
 *
 * @param kept what a copy of the object onto itself may take away, read before.
 * @throws GiveUp TooLarge when the store wants parts; SourceChanged; GiveUp DestinationExists; GiveUp WouldLose.
 */
export async function copyDirect(
  world: World,
  store: ObjectStore,
  request: CopyRequest,
  { head, expected }: Found,
  options: CallOptions,
  kept?: Kept,
): Promise<CopyResult> {
  const acl = kept?.acl ?? (await readyForCopyObject(store, request, { head, expected }, options)).acl;
  const call = await buildCall(store, request, head, expected, options, kept);
  const written = await sendWithLock(request, { ...call, acl: acl.canned }, (each) =>
    copyOnce(world, store, request, each, options),
  );
  const pin = pinOf(head);
  const result: CopyResult = {
    way: 'direct',
    size: head.size,
    etag: written.etag ?? head.etag,
    versionId: written.versionId,
    verifiedBy: 'store',
    lost: [],
    ...(await crossed(store, request)),
    ...leftOut(request),
  };
  if (!kept) result.lost.push(...acl.lost, ...(await applyAcl(store, request.destination, acl.document, options)));
  const asWritten = { ...head, etag: written.etag ?? '', crc64: written.crc64, checksum: written.checksum };
  const proof = judge(asWritten, { pin });
  const carriesMore = mayLose(expected) || mayLoseChecksum(store, expected, written);
  if (mustLook(request, expected) || carriesMore || proof === 'mismatch' || proof === 'undecided') {
    const found = await store.head(request.destination, { ...options, checksum: true });
    const name = describe(request.store, request.destination);
    const strict = request.mode === 'rename';
    const evidence = { pin, writtenEtag: written.etag, verify: request.options.verify, strict };
    result.verifiedBy = verifyWritten(name, found, evidence);
    result.etag = found.etag;
    result.lost.push(...headerLosses(expected, found));
    if (kept) {
      result.lost.push(...(await putRight(store, request, found, kept, { ...options, late: false })).lost);
    } else {
      const known = call.tags === 'copy' ? undefined : call.tags;
      const { source, destination } = request;
      const sides = { source, sourceHead: head, destination, destinationHead: found };
      result.lost.push(...(await settleTags(store, sides, request.options.tags, known, options)));
    }
  } else {
    result.verifiedBy = proof;
  }
  if (request.mode === 'rename') {
    keepSourceOnLoss(request, result.lost);
    await removeSource(store, { ...request, pin }, options);
    result.sourceRemoved = true;
  }
  if (request.mode === 'replicate') {
    const seen = { etag: pin.etag, size: pin.size, lastModified: pin.lastModified, destinationEtag: result.etag };
    await lookAgain(world, store, request, seen, options);
  }
  return result;
}

/** The ACL that one CopyObject sends, and what it would lose. A copy only reports what it has lost, by looking afterwards. */
export async function readyForCopyObject(
  store: ObjectStore,
  request: CopyRequest,
  found: Found,
  options: CallOptions,
  forPlan = false,
): Promise<{ acl: AclPlan; lost: FidelityLoss[] }> {
  const acl = await planAcl(store, request.source, wantedAcl(request), options);
  if (!forPlan && !mustKeepAll(request)) return { acl, lost: acl.lost };
  const lost = [...acl.lost, ...(await foresee(store, request, found, undefined, options)).lost];
  refuseLosses(request, lost);
  return { acl, lost };
}

/**
 * A plain copy whose answer already proves itself needs no look at the destination. Where something was to be changed, or
 * something will be deleted, or the caller keeps a record, it does.
 */
export function mustLook(request: CopyRequest, expected: Expected): boolean {
  return (
    request.mode === 'rename' ||
    request.journal === true ||
    expected.metadataChanged ||
    expected.tagsChanged ||
    request.options.storageClass !== undefined ||
    request.options.encryption !== undefined
  );
}

/** The source carries something that a store may leave behind without a word. */
export function mayLose({ redirect, lock, hiddenMetadata, others, encryption }: Expected): boolean {
  if (encryption?.algorithm === customerEncryption) return true;
  return Boolean(redirect ?? lock ?? hiddenMetadata ?? others ?? encryption?.bucketKey ?? encryption?.keyId);
}

/** The source has a checksum that the answer to the copy does not show, nor does the store give it to every new object. */
export function mayLoseChecksum({ facts }: ObjectStore, expected: Expected, { checksums }: WriteResult): boolean {
  const unasked = [{ algorithm: facts.defaultChecksum ?? '', value: '', fullObject: true }];
  return (expected.checksums ?? []).some((wanted) => !keepsChecksum(wanted, checksums ?? unasked));
}

async function buildCall(
  store: ObjectStore,
  request: CopyRequest,
  head: ObjectHead,
  expected: Expected,
  options: CallOptions,
  kept: Kept | undefined,
): Promise<CopyObjectCall> {
  const { content, userMetadata, storageClass, encryption, metadataChanged } = expected;
  // Onto itself, OSS takes the request's metadata whatever the directive says and S3 refuses to copy without replacing.
  const replace = metadataChanged || request.mode === 'metadata';
  return {
    source: request.source,
    sourceIfMatch: head.etag,
    destination: request.destination,
    metadata: replace ? { directive: 'replace', content, userMetadata } : { directive: 'copy' },
    tags: kept ? keptTags(request, kept) : await tagDirective(store, request, head, options),
    storageClass,
    encryption: await usableEncryption(store, request, encryption, options),
    redirect: expected.redirect,
    lock: expected.lock,
  };
}

/** Told outright: Ceph RGW does not carry tags along beside new metadata. Where none are known the store may know of some. */
function keptTags({ options }: CopyRequest, { tagsBefore, tags }: Kept): TagDirective {
  return options.tags === undefined && Object.keys(tagsBefore).length === 0 ? 'copy' : tags;
}

async function tagDirective(
  store: ObjectStore,
  request: CopyRequest,
  head: ObjectHead,
  options: CallOptions,
): Promise<TagDirective> {
  const change = request.options.tags;
  if (!change) return 'copy';
  const have =
    change.base === 'replace' ? {} : await readTags(store, request.source, head, options, request.mode === 'rename');
  return changeTags(have, change);
}

/** Sends CopyObject. A copy that hangs is given up early enough to try parts instead. */
export async function copyOnce(
  world: World,
  store: ObjectStore,
  request: CopyRequest,
  call: CopyObjectCall,
  options: CallOptions,
): Promise<WriteResult> {
  const own = world.clock.now() + world.settings.directTimeoutMs;
  try {
    const deadline = Math.min(own, options.deadline ?? Infinity);
    return await holdingDestination(world, store, request, { ...options, deadline }, (forbidOverwrite) =>
      store.copyObject({ ...call, forbidOverwrite }, { ...options, deadline }),
    );
  } catch (error) {
    const mayComeLate = error instanceof RetryLater && error.effect === 'unknown';
    if (mayComeLate && request.mode === 'replicate') await lookAgainLater(world, request);
    throw error;
  }
}
