import { lookAgainLater } from './after/recheck-source.ts';
import { CopyError, endsJob, gaveUp, GiveUp, RetryLater, SourceChanged } from './model/errors.ts';
import { headIfThere } from './model/head-if-there.ts';
import { compositeEtag } from './model/ids.ts';
import type { Job } from './model/job.ts';
import { isFinal, isPinned, requestOf } from './model/job.ts';
import { describe } from './model/object.ts';
import type { CallOptions, CompleteCall, Invocation, ObjectStore, World, WriteResult } from './model/ports.ts';
import type { Task } from './model/task.ts';
import { conclude } from './multipart/after-complete.ts';
import type { Ledger } from './multipart/list-parts.ts';
import { missingParts, readLedger } from './multipart/list-parts.ts';
import { isCopiedInPlace, isSettled, settle } from './multipart/resolve-unknown-complete.ts';
import { partCount } from './plan/plan.ts';
import { end, endChanged, guarded, reasonOf } from './row/end.ts';
import { holdingDestination } from './row/hold-destination.ts';
import { move } from './row/move.ts';

/** Deliveries after which InvalidPart is taken for an answer and not for a race. */
const believeAfter = 3;

/**
 * Tries to finish a job. Reads the store's own list of parts first and, when one is missing, just returns: that part's task
 * will try again. Only who has seen the whole ledger takes the lease, and only the holder completes (I4).
 *
 * @throws RetryLater when the task must be delivered again.
 */
export async function finishJob(
  world: World,
  task: Extract<Task, { kind: 'finish' }>,
  invocation: Invocation,
): Promise<void> {
  await guarded(world, task.jobId, async () => {
    const job = await world.state.get(task.jobId);
    if (!job?.parts || isFinal(job.state) || job.state === 'planned') return;
    const store = world.store(job.store);
    const ledger = await readLedger(store, job, { deadline: invocation.deadline });
    if (ledger && missingParts(ledger, job).length > 0) return;
    const held = await takeLease(world, store, job, ledger, invocation);
    if (!held) return;
    try {
      await finishHeld(world, store, held, ledger, invocation, job.state === 'finishing');
    } catch (error) {
      if (error instanceof RetryLater) await releaseLease(world, held.id, invocation);
      throw error;
    }
  });
}

/** @param isSecond another worker has held the lease before, and may have completed. */
async function finishHeld(
  world: World,
  store: ObjectStore,
  job: Job,
  ledger: Ledger | undefined,
  invocation: Invocation,
  isSecond: boolean,
): Promise<void> {
  const options = { deadline: Math.min(invocation.deadline, job.lease?.until ?? Infinity) };
  const source = await headIfThere(store, job.source, { ...options, checksum: true });
  if (!ledger) {
    await settle(world, store, job, source, invocation, options);
    return;
  }
  if (!source || !job.pin || !isPinned(job.pin, source)) {
    if (isSecond && (await isSettled(world, store, job, source, options))) return;
    if (source && (await isCopiedInPlace(world, store, job, source, options))) return;
    const what = source ? 'was changed' : 'was deleted';
    throw new SourceChanged(
      `${describe(job.store, job.source)} ${what} while it was being copied; the copy was dropped and the destination not touched.`,
    );
  }
  const written = await complete(world, store, job, ledger, invocation.attempt, options);
  if (written === 'unknown' || written instanceof GiveUp) {
    await settle(world, store, job, source, invocation, options, written === 'unknown' ? undefined : written);
    return;
  }
  await afterWrite(world, job, async () => {
    await conclude(world, store, job, { source, written }, options);
  });
}

/** From here on the upload is consumed: whatever goes wrong, there is nothing to abort. */
async function afterWrite(world: World, job: Job, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (!endsJob(error)) throw error;
    const consumed = { ...job, uploadId: undefined };
    if (error instanceof SourceChanged) await endChanged(world, consumed, error);
    else await end(world, consumed, 'failed', reasonOf(error));
  }
}

/**
 * Sends Complete once. A lost answer, an error inside a 200, an upload that is suddenly gone and a refused overwrite (by our
 * own earlier Complete?) all mean: look, do not guess.
 */
async function complete(
  world: World,
  store: ObjectStore,
  job: Job,
  ledger: Ledger,
  attempt: number,
  options: CallOptions,
): Promise<WriteResult | 'unknown' | GiveUp> {
  const call = {
    destination: job.destination,
    uploadId: job.uploadId ?? '',
    parts: plannedParts(job, ledger),
    acl: store.facts.aclAt === 'complete' ? job.acl?.canned : undefined,
  };
  try {
    return await holdingDestination(world, store, job, options, (forbidOverwrite) =>
      store.complete({ ...call, forbidOverwrite }, options),
    );
  } catch (error) {
    const unknown = error instanceof RetryLater && error.effect === 'unknown';
    // It may take effect after newer replicas have been written.
    if (unknown && job.mode === 'replicate') await lookAgainLater(world, requestOf(job));
    if (unknown || gaveUp(error, 'NoSuchUpload')) return 'unknown';
    if (gaveUp(error, 'DestinationExists')) return error;
    if (error instanceof CopyError && error.answer?.code === 'InvalidPart' && attempt < believeAfter) {
      // A duplicate task wrote the part again after we had listed it, and its ETag is not the same (encrypted parts).
      throw new RetryLater(`A part of job ${job.id} was replaced meanwhile; it is listed again.`, { cause: error });
    }
    throw error;
  }
}

function plannedParts(job: Job, ledger: Ledger): CompleteCall['parts'] {
  // A checksum of the parts' checksums is only taken with each of them.
  const algorithm = job.checksum?.fullObject === false ? job.checksum.algorithm : undefined;
  return Array.from({ length: partCount(job.parts ?? []) }, (_, i) => {
    const entry = ledger.parts.get(i + 1);
    const checksum = algorithm && entry?.checksums?.find((one) => one.algorithm === algorithm);
    return { number: i + 1, etag: entry?.etag ?? '', ...(checksum && { checksum }) };
  });
}

/** Moves `copying` (or `finishing` with an expired lease) to `finishing` under our lease. Undefined if another worker holds it. */
async function takeLease(
  world: World,
  store: ObjectStore,
  job: Job,
  ledger: Ledger | undefined,
  invocation: Invocation,
): Promise<Job | undefined> {
  let row = job;
  for (;;) {
    const now = world.clock.now();
    if (row.uploadId !== job.uploadId || (row.state !== 'copying' && row.state !== 'finishing')) return undefined;
    if (row.state === 'finishing' && row.lease && row.lease.until > now) return undefined;
    const until = Math.min(invocation.deadline, now + world.settings.leaseMs);
    const expectedEtag =
      ledger && store.facts.compositeEtag
        ? compositeEtag(plannedParts(job, ledger).map((part) => part.etag))
        : row.expectedEtag;
    const taken = await move(world, row, {
      state: 'finishing',
      lease: { holder: invocation.id, until },
      expectedEtag,
      initiator: ledger?.initiator ?? row.initiator,
      attentionAt: until,
    });
    if (taken.landed) return taken.job;
    if (!taken.job) return undefined;
    row = taken.job;
  }
}

/** So that the redelivered task need not wait for the lease to run out. */
async function releaseLease(world: World, id: string, invocation: Invocation): Promise<void> {
  const row = await world.state.get(id);
  if (row?.state !== 'finishing' || row.lease?.holder !== invocation.id) return;
  await move(world, row, { lease: undefined, attentionAt: world.clock.now() });
}
