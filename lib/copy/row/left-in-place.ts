import { planAcl, wantedAcl } from '../fidelity/acl.ts';
import type { Found } from '../fidelity/expected.ts';
import { expectedFrom } from '../fidelity/expected.ts';
import type { Kept } from '../fidelity/kept.ts';
import { isAtRisk, keptFields, keptOf, readKept, tagsDue } from '../fidelity/kept.ts';
import { headerLosses } from '../fidelity/losses.ts';
import { putRight } from '../fidelity/restore-kept.ts';
import { judge } from '../fidelity/verify.ts';
import type { AclPlan, Job, StartOutcome } from '../model/job.ts';
import { isPinned, requestOf } from '../model/job.ts';
import type { ObjectHead } from '../model/object.ts';
import type { CallOptions, ObjectStore, World } from '../model/ports.ts';
import { metadataShortcut } from '../plan/metadata-unchanged.ts';
import { finishDirect } from './end-if-copied.ts';
import { move } from './move.ts';

/** What is left of a metadata change: nothing, or a copy with what it must not lose. */
export type Left = { outcome: StartOutcome } | { job: Job; found: Found; kept: Kept };

/**
 * Decides what is left of a metadata change whose worker died. An object that shows the change has been written, by that worker
 * most likely: what its row knows is put right, and what others have changed since stays (`tagsDue`). An object that does not
 * show it was not written yet, or was overwritten since: what it has now is the truth, is read anew and written down.
 */
export async function leftInPlace(
  world: World,
  store: ObjectStore,
  job: Job,
  head: ObjectHead,
  options: CallOptions,
): Promise<Left> {
  const request = requestOf(job);
  const found = { head, expected: expectedFrom(head, request) };
  const ended = await endInPlace(world, store, job, head, options);
  if (ended) return { outcome: ended };
  const known = keptOf(job);
  if (!known) {
    const nothingLeft = await metadataShortcut(store, request, found, options);
    if (nothingLeft) return { outcome: await finishDirect(world, job, nothingLeft) };
  }
  const isOurs = known !== undefined && isWritten(job, found);
  const kept = isOurs
    ? await againKept(store, job, known, head, options)
    : await readKept(store, request, found, options);
  if (!known && !isAtRisk(request, kept)) return { job, found, kept };
  const noted = await move(world, job, keptFields(kept));
  if (!noted.landed || !noted.job) return { outcome: { kind: 'job', job: noted.job ?? job } };
  return { job: noted.job, found, kept };
}

/** Ends a metadata change that has been written: puts right what the copy took away. Undefined when it is not written. */
export async function endInPlace(
  world: World,
  store: ObjectStore,
  job: Job,
  head: ObjectHead,
  options: CallOptions,
): Promise<StartOutcome | undefined> {
  const kept = keptOf(job);
  const request = requestOf(job);
  const found = { head, expected: expectedFrom(head, request) };
  if (!kept || !isWritten(job, found) || !isInEffect(found)) return undefined;
  const { lost, wrote } = await putRight(store, request, head, kept, { ...options, late: true });
  const { acl } = request.options;
  if (acl !== undefined && acl !== 'keep') await store.putAcl(request.destination, { canned: acl }, options);
  // Gone with the copy, and no request brings it back: the bytes and the rest are as asked.
  lost.push(...headerLosses({ ...found.expected, ...kept.due }, head));
  const way = wrote ? 'attributes-only' : 'unchanged';
  const { size, etag, versionId } = head;
  return await finishDirect(world, job, { way, size, etag, versionId, verifiedBy: 'store', lost });
}

/** Whether what stands there is the same bytes with the metadata that were asked for. */
export function isWritten(job: Job, found: Found): boolean {
  const { head, expected } = found;
  if (!job.pin || expected.metadataChanged || judge(head, { pin: job.pin }) === 'mismatch') return false;
  return !isPinned(job.pin, head) || isInEffect(found);
}

function isInEffect({ head, expected }: Found): boolean {
  return !expected.metadataChanged && headerLosses(expected, head).length === 0;
}

/** Our copy is there, but not all that was asked for: it is copied once more, with what belongs on it by now. */
async function againKept(
  store: ObjectStore,
  job: Job,
  known: Kept,
  head: ObjectHead,
  options: CallOptions,
): Promise<Kept> {
  const request = requestOf(job);
  const there = (head.tagCount ?? 0) > 0 ? await store.getTags(request.source, options) : {};
  const tagsBefore = Object.keys(there).length > 0 ? there : known.tagsBefore;
  const acl = aclDue(known.acl, await planAcl(store, request.source, wantedAcl(request), options));
  return { tagsBefore, tags: tagsDue(known, there, request), acl, due: known.due };
}

/** An ACL that went with the copy and is not there any more was closed by another client; grants follow the copy, and may never have come. */
function aclDue(known: AclPlan, now: AclPlan): AclPlan {
  const isNew = now.canned === undefined && now.document === undefined;
  if (known.document && isNew) return known;
  const isClosed = known.canned !== undefined && known.canned !== now.canned;
  const loss = { what: 'acl', wanted: known.canned, got: now.canned, why: 'another was set meanwhile' };
  return { ...now, lost: isClosed ? [...known.lost, loss] : known.lost };
}
