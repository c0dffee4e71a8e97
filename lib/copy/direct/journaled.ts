import type { Found } from '../fidelity/expected.ts';
import { expectedFrom } from '../fidelity/expected.ts';
import type { Kept } from '../fidelity/kept.ts';
import { isAtRisk } from '../fidelity/kept.ts';
import { endsJob, gaveUp, SourceChanged } from '../model/errors.ts';
import { headIfThere } from '../model/head-if-there.ts';
import type { Job, StartOutcome } from '../model/job.ts';
import { isPinned, requestOf } from '../model/job.ts';
import { describe } from '../model/object.ts';
import type { CallOptions, ObjectStore, World } from '../model/ports.ts';
import type { CopyRequest } from '../model/request.ts';
import type { CopyResult } from '../model/result.ts';
import { continueParts } from '../multipart/start.ts';
import { lookAtDestination } from '../plan/check-destination.ts';
import { partsInstead, prefersParts } from '../plan/choose-plan.ts';
import { mustBeAbsent } from '../plan/overwrite.ts';
import { end, endChanged, reasonOf } from '../row/end.ts';
import { alreadyCopied, endIfCopied, finishDirect } from '../row/end-if-copied.ts';
import { leftInPlace } from '../row/left-in-place.ts';
import { move } from '../row/move.ts';
import { openRow } from '../row/open.ts';
import { copyDirect } from './copy.ts';

/** A one-call copy that can be queried and resumed: row first, copy, row done. */
export async function directJob(
  world: World,
  store: ObjectStore,
  request: CopyRequest,
  found: Found,
  options: CallOptions,
  kept?: Kept,
): Promise<StartOutcome> {
  // Written down before the copy takes it away.
  const atRisk = kept && isAtRisk(request, kept) ? kept : undefined;
  const { kind, job } = await openRow(world, store, request, found.head, undefined, undefined, options, atRisk);
  if (kind === 'fresh') return await run(world, store, job, found, options, kept);
  if (job.state === 'done' && job.result) return { kind: 'done', result: job.result, job };
  if (job.state !== 'planned') return { kind: 'job', job };
  return await continueDirect(world, store, job, options);
}

/** Goes on with a row whose worker has died somewhere between the copy and the end. */
export async function continueDirect(
  world: World,
  store: ObjectStore,
  job: Job,
  options: CallOptions,
): Promise<StartOutcome> {
  const request = requestOf(job);
  const head = await headIfThere(store, job.source, { ...options, checksum: true });
  if (job.mode === 'metadata' && head) {
    // Our own copy has changed the pin; applying the same change to what is there now is the same again.
    const left = await leftInPlace(world, store, job, head, options);
    return 'outcome' in left ? left.outcome : await run(world, store, left.job, left.found, options, left.kept);
  }
  try {
    const sourceStands = head !== undefined && job.pin !== undefined && isPinned(job.pin, head);
    // Copying once more is surer than any proof that it was us: bytes and headers may be equal, ACL and tags another's.
    const mayCopyAgain = sourceStands && !mustBeAbsent(request);
    const copied = mayCopyAgain ? undefined : await endIfCopied(world, store, job, head, options);
    if (copied) return copied;
    if (!sourceStands) {
      const what = head ? 'was changed' : 'was deleted';
      throw new SourceChanged(`${describe(job.store, job.source)} ${what} before it was copied; nothing was written.`);
    }
    const found = { head, expected: expectedFrom(head, request) };
    // Some stores copy over anything, whatever the condition says: there our own look is all there is.
    if (mustBeAbsent(request)) {
      const there = await lookAtDestination(store, request, found, options, true);
      // A second worker of this job has copied between our two looks.
      const copiedMeanwhile = there && (await endIfCopied(world, store, job, head, options));
      if (copiedMeanwhile) return copiedMeanwhile;
    }
    return await run(world, store, job, found, options);
  } catch (error) {
    await endWith(world, job, error);
    throw error;
  }
}

async function run(
  world: World,
  store: ObjectStore,
  job: Job,
  found: Found,
  options: CallOptions,
  kept?: Kept,
): Promise<StartOutcome> {
  const request = requestOf(job);
  try {
    const result = await copyDirect(world, store, request, found, options, kept);
    return await finishDirect(world, job, result);
  } catch (error) {
    if (prefersParts(world, found.head.size, error)) return await inParts(world, store, job, request, found, options);
    const copied = gaveUp(error, 'DestinationExists')
      ? await endIfCopied(world, store, job, found.head, options)
      : undefined;
    if (copied) return copied;
    const moved = await movedMeanwhile(store, job, found, error, options);
    if (moved) return await finishDirect(world, job, moved);
    await endWith(world, job, error);
    throw error;
  }
}

/**
 * A second worker of the same rename (the sweep thought us dead, or the task came twice) may have moved the object between
 * our look and our copy: its source is gone because the rename is done, and the row must not say that it failed.
 */
async function movedMeanwhile(
  store: ObjectStore,
  job: Job,
  { head }: Found,
  error: unknown,
  options: CallOptions,
): Promise<CopyResult | undefined> {
  if (job.mode !== 'rename' || !(gaveUp(error, 'NotFound') || error instanceof SourceChanged)) return undefined;
  if (await headIfThere(store, job.source, options)) return undefined;
  const copied = await alreadyCopied(store, job, head, options);
  return copied && { ...copied, sourceRemoved: true };
}

async function inParts(
  world: World,
  store: ObjectStore,
  job: Job,
  request: CopyRequest,
  found: Found,
  options: CallOptions,
): Promise<StartOutcome> {
  const parts = await partsInstead(world, store, request, found, options);
  const planned = await move(world, job, { parts });
  if (!planned.landed || !planned.job) return { kind: 'job', job: planned.job ?? job };
  return await continueParts(world, store, planned.job, options);
}

async function endWith(world: World, job: Job, error: unknown): Promise<void> {
  if (!endsJob(error) || gaveUp(error, 'TooLarge')) return;
  if (error instanceof SourceChanged) await endChanged(world, job, error);
  else await end(world, job, 'failed', reasonOf(error));
}
