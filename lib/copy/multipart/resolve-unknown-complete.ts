import { expectedFrom } from '../fidelity/expected.ts';
import { headerLosses } from '../fidelity/losses.ts';
import { judge } from '../fidelity/verify.ts';
import type { GiveUp } from '../model/errors.ts';
import { RetryLater } from '../model/errors.ts';
import { headIfThere } from '../model/head-if-there.ts';
import type { Job } from '../model/job.ts';
import { isGiven, isPinned, requestOf } from '../model/job.ts';
import type { ObjectHead } from '../model/object.ts';
import type { CallOptions, Invocation, ObjectStore, World } from '../model/ports.ts';
import { isWritten } from '../row/left-in-place.ts';
import { conclude } from './after-complete.ts';
import { isListed, readLedger } from './list-parts.ts';
import { restart } from './restart.ts';

/** Attempts before a missing upload is treated as failed: a slow Complete may still be running. */
const looks = 3;

/**
 * It is unknown whether Complete took effect. While the upload still stands it has not, and is simply tried again later; once
 * it is gone the destination tells: when that is provably our copy the job goes on as if the answer had come, when it is not
 * (another client aborted the upload) the job begins again. Nothing is ever aborted on a guess (I4).
 *
 * @param refused the store's refusal to overwrite: the answer to another writer's object, to our own earlier Complete, or to
 * the CopyObject that was given up for parts and took effect after all.
 */
export async function settle(
  world: World,
  store: ObjectStore,
  job: Job,
  source: ObjectHead | undefined,
  invocation: Invocation,
  options: CallOptions,
  refused?: GiveUp,
): Promise<void> {
  const stands = (await readLedger(store, job, { ...options, limit: 1 })) !== undefined;
  if (stands && !refused) {
    throw new RetryLater(`The answer to Complete of job ${job.id} was lost; the upload still stands.`, {
      delayMs: 1000,
    });
  }
  const found = await headIfThere(store, job.destination, { ...options, checksum: true });
  // What has no parts came from no upload, on most stores; while the source stands, copying once more is no loss.
  const isUnlikely = !stands && found?.kind === 'normal' && source && job.pin && isPinned(job.pin, source);
  if (found && !isUnlikely && isOurs(job, found, source)) {
    const way = stands ? 'direct' : 'parts';
    await conclude(world, store, job, { source, provenEtag: found.etag, way, uploadMayStand: stands }, options);
    return;
  }
  if (stands && refused) throw refused;
  if (invocation.attempt < looks) {
    throw new RetryLater(`The upload of job ${job.id} is gone and its object not visible (yet).`, { delayMs: 2000 });
  }
  await restart(world, job);
}

/**
 * Swift goes on to answer ListParts for an upload that is completed, but does not count it among the open ones. A worker that finds
 * all parts listed and the source gone would take a rename that was all but done for one whose source was lost.
 *
 * @param source what stands there now, if anything: not the version that was copied.
 * @returns whether an earlier Complete did take effect; the job is then concluded.
 */
export async function isSettled(
  world: World,
  store: ObjectStore,
  job: Job,
  source: ObjectHead | undefined,
  options: CallOptions,
): Promise<boolean> {
  const found = await headIfThere(store, job.destination, { ...options, checksum: true });
  if (!found || !isOurs(job, found, source) || (await isListed(store, job, options))) return false;
  // A listing may be behind, and another writer may have made the same object.
  await conclude(world, store, job, { provenEtag: found.etag, uploadMayStand: true }, options);
  return true;
}

/**
 * The CopyObject that was given up for these parts took effect after all: the object is as asked, and the upload is not needed.
 * What the copy took away is put right.
 */
export async function isCopiedInPlace(
  world: World,
  store: ObjectStore,
  job: Job,
  source: ObjectHead,
  options: CallOptions,
): Promise<boolean> {
  const found = { head: source, expected: expectedFrom(source, requestOf(job)) };
  if (job.mode !== 'metadata' || !isWritten(job, found)) return false;
  await conclude(world, store, job, { source, provenEtag: source.etag, way: 'direct', uploadMayStand: true }, options);
  return true;
}

/** A proof by content is not enough: equal bytes may have been there before, our headers and metadata were not. */
function isOurs(job: Job, found: ObjectHead, source: ObjectHead | undefined): boolean {
  if (!job.pin || !isProven(job, found)) return false;
  const request = requestOf(job);
  // Applied once more, our change would change nothing.
  if (job.mode === 'metadata') return !isPinned(job.pin, found) && !expectedFrom(found, request).metadataChanged;
  if (!source || !isPinned(job.pin, source)) return isGiven(job, found);
  return headerLosses(expectedFrom(source, request), found).every((loss) => !/^(content|metadata):/.test(loss.what));
}

function isProven(job: Job, found: ObjectHead): boolean {
  if (!job.pin) return false;
  const verdict = judge(found, { pin: job.pin, expectedEtag: job.expectedEtag });
  return verdict !== 'mismatch' && verdict !== 'undecided';
}
