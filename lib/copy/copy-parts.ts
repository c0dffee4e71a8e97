import { gaveUp, GiveUp, RetryLater, SourceChanged } from './model/errors.ts';
import { forEachLimited } from './model/for-each-limited.ts';
import { headIfThere } from './model/head-if-there.ts';
import type { Job, Pin } from './model/job.ts';
import { isPinned } from './model/job.ts';
import { describe } from './model/object.ts';
import type { Invocation, ObjectStore, World } from './model/ports.ts';
import type { Task } from './model/task.ts';
import { holds, ranges, readLedger } from './multipart/list-parts.ts';
import { partAt, partCount } from './plan/plan.ts';
import { guarded } from './row/end.ts';
import { nextLook } from './row/move.ts';

type PartsTask = Extract<Task, { kind: 'parts' }>;

/** Deliveries after which a vanished upload is believed: stores may not know an upload for a moment after Initiate. */
const believeAfter = 2;

/**
 * Copies the parts of one task, then adds their number to the job's counter. The count comes after the parts are in the
 * store: a worker that dies in between is delivered again, so the counter may run ahead but never stays behind. The task that
 * brings it to the planned number asks for the finish.
 *
 * @throws RetryLater when the task must be delivered again.
 */
export async function copyParts(world: World, task: PartsTask, invocation: Invocation): Promise<void> {
  await guarded(world, task.jobId, async () => {
    const job = await world.state.get(task.jobId);
    // A task of an earlier upload, or of a job that is over: late, and no longer of use.
    if (!job?.pin || !job.parts || job.state !== 'copying' || job.uploadId !== task.uploadId) return;
    const store = world.store(job.store);
    try {
      const left = await copyRange(world, store, job, job.pin, task, invocation);
      if (left.length > 0) await world.queue.send(left);
      await report(world, job, task, task.count - left.reduce((sum, rest) => sum + rest.count, 0));
    } catch (error) {
      if (!gaveUp(error, 'NoSuchUpload')) throw error;
      await uploadGone(world, task, invocation);
    }
  });
}

/** Copies what the task asks for and the store does not have yet. Returns tasks for what there was no time for. */
async function copyRange(
  world: World,
  store: ObjectStore,
  job: Job,
  pin: Pin,
  task: PartsTask,
  invocation: Invocation,
): Promise<PartsTask[]> {
  let numbers = Array.from({ length: task.count }, (_, i) => task.from + i);
  if (invocation.attempt > 1) {
    const options = { deadline: invocation.deadline, after: task.from - 1, limit: task.count };
    const ledger = await readLedger(store, job, options);
    if (!ledger) throw new GiveUp('NoSuchUpload', `The upload of job ${job.id} is gone.`);
    numbers = numbers.filter((number) => !holds(ledger, job, number));
  }
  const late: number[] = [];
  let started = 0;
  await forEachLimited(numbers, job.options.concurrency ?? world.settings.concurrency, async (number) => {
    const timeLeft = invocation.deadline - world.clock.now();
    // The first part is always tried, or a short invocation would never get anywhere.
    if (started > 0 && timeLeft < world.settings.partReserveMs) {
      late.push(number);
      return;
    }
    started += 1;
    await copyPart(store, job, pin, number, invocation);
  });
  late.sort((a, b) => a - b);
  return ranges(late, task.count).map((range) => ({ ...task, ...range }));
}

async function copyPart(store: ObjectStore, job: Job, pin: Pin, number: number, invocation: Invocation): Promise<void> {
  const call = {
    source: job.source,
    sourceIfMatch: pin.etag,
    destination: job.destination,
    uploadId: job.uploadId ?? '',
    partNumber: number,
    ...partAt(job.parts ?? [], number),
    sourceSize: pin.size,
  };
  try {
    await store.uploadPartCopy(call, { deadline: invocation.deadline });
  } catch (error) {
    if (gaveUp(error, 'NotFound', 'BadRequest', 'VerificationFailed')) await blameSource(store, job, pin, error);
    throw error;
  }
}

/** A range that no longer fits, or a key that is gone, is first of all a source that was changed under the copy. */
async function blameSource(store: ObjectStore, job: Job, pin: Pin, cause: unknown): Promise<void> {
  const head = await headIfThere(store, job.source, {});
  if (head && isPinned(pin, head)) return;
  const what = head ? 'was changed' : 'was deleted';
  throw new SourceChanged(`${describe(job.store, job.source)} ${what} while it was being copied.`, { cause });
}

async function report(world: World, job: Job, task: PartsTask, copied: number): Promise<void> {
  const total = await world.state.count(job.id, copied, nextLook(world));
  if (total === undefined) return;
  const planned = partCount(job.parts ?? []);
  if (task.thenFinish || total - (job.partsBase ?? 0) >= planned) {
    await world.queue.send([{ kind: 'finish', jobId: job.id }]);
  }
}

/** Completed or aborted while we worked, or not yet visible everywhere, or really lost: only finish can tell. */
async function uploadGone(world: World, task: PartsTask, invocation: Invocation): Promise<void> {
  const job = await world.state.get(task.jobId);
  if (job?.state !== 'copying' || job.uploadId !== task.uploadId) return;
  if (invocation.attempt < believeAfter) {
    throw new RetryLater(`The store does not know the upload of job ${job.id} (yet).`, { delayMs: 1000 });
  }
  await world.queue.send([{ kind: 'finish', jobId: job.id }]);
}
