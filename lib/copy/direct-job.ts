import { partsInstead, prefersParts } from './choose-plan.ts';
import { end, endChanged, move, reasonOf } from './closing.ts';
import { headIfThere } from './destination.ts';
import { copyDirect } from './direct.ts';
import { endsJob, gaveUp, SourceChanged } from './errors.ts';
import type { Found } from './expect.ts';
import { expectedFrom } from './expect.ts';
import { headerLosses } from './fidelity.ts';
import type { Job } from './job.ts';
import { isPinned, requestOf } from './job.ts';
import { metadataShortcut } from './metadata.ts';
import type { ObjectHead } from './object.ts';
import { describe } from './object.ts';
import type { CallOptions, ObjectStore, World } from './ports.ts';
import { removeSource } from './remove-source.ts';
import type { CopyRequest } from './request.ts';
import type { CopyResult } from './result.ts';
import { openRow } from './row.ts';
import type { StartOutcome } from './start.ts';
import { continueParts } from './start-parts.ts';
import { judge } from './verify.ts';

/** A one-call copy that somebody wants to ask about or resume: row first, copy, row done. */
export async function directJob(
  world: World,
  store: ObjectStore,
  request: CopyRequest,
  found: Found,
  options: CallOptions,
): Promise<StartOutcome> {
  const { kind, job } = await openRow(world, store, request, found.head, undefined, undefined, options);
  if (kind === 'fresh') return await run(world, store, job, found, options);
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
    const found = { head, expected: expectedFrom(head, request) };
    const nothingLeft = await metadataShortcut(store, request, found, options);
    return nothingLeft ? await finish(world, job, nothingLeft) : await run(world, store, job, found, options);
  }
  try {
    const copied = await alreadyCopied(store, job, head, options);
    if (copied) {
      if (job.mode === 'rename' && job.pin) {
        await removeSource(store, { ...request, pin: job.pin }, options);
        copied.sourceRemoved = true;
      }
      return await finish(world, job, copied);
    }
    if (!head || !job.pin || !isPinned(job.pin, head)) {
      const what = head ? 'was changed' : 'was deleted';
      throw new SourceChanged(`${describe(job.store, job.source)} ${what} before it was copied; nothing was written.`);
    }
    return await run(world, store, job, { head, expected: expectedFrom(head, request) }, options);
  } catch (error) {
    await endWith(world, job, error);
    throw error;
  }
}

/** The copy of an earlier delivery, when it can be proved: a guess would let a rename delete the only good object. */
async function alreadyCopied(
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
  if (head && headerLosses(expectedFrom(head, requestOf(job)), there).length > 0) return undefined;
  const { size, etag, versionId } = there;
  return { way: 'direct', size, etag, versionId, verifiedBy: proof, lost: [] };
}

async function run(
  world: World,
  store: ObjectStore,
  job: Job,
  found: Found,
  options: CallOptions,
): Promise<StartOutcome> {
  const request = requestOf(job);
  try {
    const result = await copyDirect(world, store, request, found, options);
    return await finish(world, job, result);
  } catch (error) {
    if (prefersParts(world, found.head.size, error)) return await inParts(world, store, job, request, found, options);
    const moved = await movedMeanwhile(store, job, found, error, options);
    if (moved) return await finish(world, job, moved);
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

async function finish(world: World, job: Job, result: CopyResult): Promise<StartOutcome> {
  const now = world.clock.now();
  // Where parts had been tried first, an upload of theirs may still have to be found.
  const attentionAt = job.intents?.length ? now + world.settings.orphanGraceMs : undefined;
  const done = await move(world, job, { state: 'done', result, attentionAt, expiresAt: now + world.settings.keepMs });
  return { kind: 'done', result, job: done.job };
}

async function endWith(world: World, job: Job, error: unknown): Promise<void> {
  if (!endsJob(error) || gaveUp(error, 'TooLarge')) return;
  if (error instanceof SourceChanged) await endChanged(world, job, error);
  else await end(world, job, 'failed', reasonOf(error));
}
