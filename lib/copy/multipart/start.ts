import { planAcl, wantedAcl } from '../fidelity/acl.ts';
import type { Found } from '../fidelity/expected.ts';
import { changeTags, expectedFrom } from '../fidelity/expected.ts';
import { foresee } from '../fidelity/foresee.ts';
import { keptFields, readKept } from '../fidelity/kept.ts';
import { keptOverParts, readTags } from '../fidelity/losses.ts';
import { usableEncryption } from '../fidelity/usable-key.ts';
import { endsJob, gaveUp, RetryLater, SourceChanged } from '../model/errors.ts';
import { headIfThere } from '../model/head-if-there.ts';
import type { Job, PartRun, StartOutcome } from '../model/job.ts';
import { isPinned, requestOf } from '../model/job.ts';
import { describe } from '../model/object.ts';
import type { CallOptions, ObjectStore, World } from '../model/ports.ts';
import type { CopyRequest } from '../model/request.ts';
import type { Task } from '../model/task.ts';
import { checkRegion } from '../plan/check-region.ts';
import { partCount, partsPerTask } from '../plan/plan.ts';
import { end, endChanged, reasonOf } from '../row/end.ts';
import { endIfCopied } from '../row/end-if-copied.ts';
import { endInPlace } from '../row/left-in-place.ts';
import { move } from '../row/move.ts';
import { openRow } from '../row/open.ts';
import type { AttachInput } from './attach-upload.ts';
import { attachUpload } from './attach-upload.ts';

/** Plans the job's row, starts the upload with everything the object must carry, and sends the part tasks. */
export async function startParts(
  world: World,
  store: ObjectStore,
  request: CopyRequest,
  found: Found,
  parts: PartRun[],
  input: AttachInput,
  options: CallOptions,
): Promise<StartOutcome> {
  const intent = world.clock.now();
  const opened = await openRow(world, store, request, found.head, parts, intent, options);
  if (opened.kind === 'fresh') return await begin(world, store, opened.job, intent, input, options);
  if (opened.job.state !== 'planned') return { kind: 'job', job: opened.job };
  return await intendAndBegin(world, store, opened.job, parts, input, options);
}

/** Goes on with a planned row whose starter has died, or whose upload vanished. */
export async function continueParts(
  world: World,
  store: ObjectStore,
  job: Job,
  options: CallOptions,
): Promise<StartOutcome> {
  try {
    const request = requestOf(job);
    const head = await store.head(job.source, { ...options, checksum: true });
    if (job.mode === 'metadata') {
      // The CopyObject that was given up for these parts may have taken effect after all.
      const ended = await endInPlace(world, store, job, head, options);
      if (ended) return ended;
    }
    if (!job.pin || !isPinned(job.pin, head)) throw new SourceChanged(changedBeforeStart(job));
    const input = await prepareParts(store, request, { head, expected: expectedFrom(head, request) }, options);
    return await intendAndBegin(world, store, job, job.parts, input, options);
  } catch (error) {
    await endIfOver(world, job, error);
    throw error;
  }
}

/**
 * What Initiate needs, when nothing stands against it.
 * @throws GiveUp CrossRegion, WouldLose.
 */
export async function readyForParts(
  store: ObjectStore,
  request: CopyRequest,
  found: Found,
  options: CallOptions,
): Promise<AttachInput> {
  // The store would refuse the first part, and the upload would have been started by then.
  await checkRegion(store, request, options);
  return await prepareParts(store, request, found, options);
}

/** What Initiate needs. Read before the row is written: a missing permission shows here, with nothing to tidy up. */
async function prepareParts(
  store: ObjectStore,
  request: CopyRequest,
  { head, expected }: Found,
  options: CallOptions,
): Promise<AttachInput> {
  const checksum = keptOverParts(expected.checksums);
  const { lost, annotations: there } = await foresee(store, request, { head, expected }, { checksum }, options);
  const encryption = await usableEncryption(store, request, expected.encryption, options);
  const annotations = { ...there, lost: lost.filter(({ what }) => what === 'annotations') };
  const known = { expected: { ...expected, encryption }, checksum, annotations, lost };
  // What a rename or a copy onto itself would lose is refused here.
  if (request.mode === 'metadata' || request.mode === 'rename') {
    const kept = await readKept(store, request, { head, expected }, options, lost);
    const { tags, acl } = kept;
    return { ...known, tags, acl, ...(request.mode === 'metadata' && keptFields(kept)) };
  }
  const change = request.options.tags;
  const have = change?.base === 'replace' ? {} : await readTags(store, request.source, head, options);
  const acl = await planAcl(store, request.source, wantedAcl(request), options);
  return { ...known, tags: changeTags(have, change), acl };
}

/**
 * A further attempt writes its own intent first.
 * @param parts the layout, should another worker have planned the row for one call.
 */
async function intendAndBegin(
  world: World,
  store: ObjectStore,
  job: Job,
  parts: PartRun[] | undefined,
  input: AttachInput,
  options: CallOptions,
): Promise<StartOutcome> {
  const intent = world.clock.now();
  const intended = await move(world, job, { parts: job.parts ?? parts, intents: [...(job.intents ?? []), intent] });
  if (!intended.job) throw new RetryLater(`The row of job ${job.id} is gone; the copy starts over.`);
  if (!intended.landed) return { kind: 'job', job: intended.job };
  return await begin(world, store, intended.job, intent, input, options);
}

async function begin(
  world: World,
  store: ObjectStore,
  job: Job,
  intent: number,
  input: AttachInput,
  options: CallOptions,
): Promise<StartOutcome> {
  try {
    const attached = await attachUpload(world, store, job, intent, input);
    if (attached.won) await sendParts(world, attached.job);
    return { kind: 'job', job: attached.job };
  } catch (error) {
    const copied = gaveUp(error, 'DestinationExists') ? await copiedBefore(world, store, job, options) : undefined;
    if (copied) return copied;
    await endIfOver(world, job, error);
    throw error;
  }
}

/** What is in the way may be the CopyObject that was given up for these parts, and took effect after all. */
async function copiedBefore(
  world: World,
  store: ObjectStore,
  job: Job,
  options: CallOptions,
): Promise<StartOutcome | undefined> {
  const row = await world.state.get(job.id);
  if (row?.state !== 'planned') return undefined;
  const head = await headIfThere(store, row.source, { ...options, checksum: true });
  return await endIfCopied(world, store, row, head, options);
}

async function sendParts(world: World, job: Job): Promise<void> {
  const count = partCount(job.parts ?? []);
  const { concurrency } = job.options;
  const perTask = partsPerTask(count, world.settings, concurrency);
  const tasks: Task[] = [];
  for (let from = 1; from <= count; from += perTask) {
    const size = Math.min(perTask, count - from + 1);
    tasks.push({ kind: 'parts', jobId: job.id, uploadId: job.uploadId ?? '', from, count: size, concurrency });
  }
  await world.queue.send(tasks);
}

/** Stores an error that no retry mends in the row, so that a later query finds it. */
async function endIfOver(world: World, job: Job, error: unknown): Promise<void> {
  if (!endsJob(error)) return;
  const row = await world.state.get(job.id);
  if (row?.state !== 'planned') return;
  if (error instanceof SourceChanged) await endChanged(world, row, error);
  else await end(world, row, 'failed', reasonOf(error));
}

function changedBeforeStart(job: Job): string {
  return `${describe(job.store, job.source)} changed before its copy began; nothing was written. Ask again to copy the newer version.`;
}
