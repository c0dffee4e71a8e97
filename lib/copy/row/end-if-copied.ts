import { removeSource } from '../after/remove-source.ts';
import { keepSourceOnLoss } from '../fidelity/accept-loss.ts';
import { carryAnnotations } from '../fidelity/annotations.ts';
import { applyAcl, leftOut, planAcl, wantedAcl } from '../fidelity/acl.ts';
import { expectedFrom } from '../fidelity/expected.ts';
import { headerLosses, isAsAsked } from '../fidelity/losses.ts';
import { usableEncryption } from '../fidelity/usable-key.ts';
import { judge } from '../fidelity/verify.ts';
import { headIfThere } from '../model/head-if-there.ts';
import type { Job, StartOutcome } from '../model/job.ts';
import { isGiven, isPinned, requestOf } from '../model/job.ts';
import type { Expected, ObjectHead } from '../model/object.ts';
import type { CallOptions, ObjectStore, World } from '../model/ports.ts';
import type { CopyRequest } from '../model/request.ts';
import type { CopyResult } from '../model/result.ts';
import { hasTagsOf, setAskedTags } from '../plan/check-destination.ts';
import { crossed } from '../plan/check-region.ts';
import { move } from './move.ts';

/**
 * Completes a planned job whose CopyObject succeeded but whose response was lost: the worker died, or the call was given up
 * for parts. Returns undefined when there is no proof of that.
 */
export async function endIfCopied(
  world: World,
  store: ObjectStore,
  job: Job,
  head: ObjectHead | undefined,
  options: CallOptions,
): Promise<StartOutcome | undefined> {
  const copied = await alreadyCopied(store, job, head, options);
  if (!copied) return undefined;
  const request = requestOf(job);
  if (head && job.pin && isPinned(job.pin, head)) {
    // An ACL without a canned name is written after the copy; the worker that copied may have died before that.
    const acl = await planAcl(store, job.source, wantedAcl(request), options);
    copied.lost.push(...acl.lost, ...(await applyAcl(store, job.destination, acl.document, options)));
    copied.lost.push(...(await setAskedTags(store, request, head, options)));
  }
  if (job.mode === 'rename' && job.pin) {
    // Another writer's object of the same bytes and headers may lack them, and the source goes next.
    if (head) copied.lost.push(...(await carryAnnotations(store, job.source, job.destination, copied.etag, options)));
    keepSourceOnLoss(request, copied.lost);
    await removeSource(store, { ...request, pin: job.pin }, options);
    copied.sourceRemoved = true;
  }
  return await finishDirect(world, job, copied);
}

/** The earlier copy, when it can be proved: a guess would let a rename delete the only good object. */
export async function alreadyCopied(
  store: ObjectStore,
  job: Job,
  head: ObjectHead | undefined,
  options: CallOptions,
): Promise<CopyResult | undefined> {
  // A replica is rather copied twice than trusted: HEAD does not tell whose tags it carries.
  if (job.mode === 'replicate') return undefined;
  const there = await headIfThere(store, job.destination, { ...options, checksum: true });
  if (!there || !job.pin) return undefined;
  const proof = judge(there, { pin: job.pin });
  if (proof === 'mismatch' || proof === 'undecided') return undefined;
  // Equal bytes may have been there before; our headers and metadata may not.
  const request = requestOf(job);
  const expected = head && expectedFrom(head, request);
  const lost = expected ? headerLosses(expected, there) : [];
  const isOurs = expected
    ? isAsAsked(headerLosses(await asSent(store, request, expected, options), there), expected)
    : isGiven(job, there);
  if (!isOurs || (head && !(await hasTagsOf(store, job, head, there, options)))) return undefined;
  const { size, etag, versionId } = there;
  const result = { size, etag, versionId, verifiedBy: proof, lost };
  return { way: 'direct', ...result, ...(await crossed(store, job)), ...leftOut(job) };
}

/** What the copy asked for: a key of another region was left out. */
async function asSent(
  store: ObjectStore,
  request: CopyRequest,
  expected: Expected,
  options: CallOptions,
): Promise<Expected> {
  return { ...expected, encryption: await usableEncryption(store, request, expected.encryption, options) };
}

/** planned to done: a job without parts holds no lease. */
export async function finishDirect(world: World, job: Job, result: CopyResult): Promise<StartOutcome> {
  const now = world.clock.now();
  // Where parts had been tried first, an upload of theirs may still have to be found.
  const attentionAt = job.intents?.length ? now + world.settings.orphanGraceMs : undefined;
  const done = await move(world, job, { state: 'done', result, attentionAt, expiresAt: now + world.settings.keepMs });
  return { kind: 'done', result, job: done.job };
}
