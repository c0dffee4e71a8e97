import { gaveUp, RetryLater } from '../model/errors.ts';
import type { Job } from '../model/job.ts';
import type { CallOptions, ObjectStore, UploadEntry, World } from '../model/ports.ts';
import { move } from '../row/move.ts';
import { readLedger } from './list-parts.ts';

/** Stores refuse requests whose clock is further off than this, so their times and ours differ by no more. */
const maxSkewMs = 15 * 60_000;

/**
 * Removes uploads that an Initiate of ours may have left behind without an answer. Ours is: exactly this key, started within
 * the store's clock tolerance of a recorded attempt, by the same initiator where the store names one, attached to no row,
 * and still without any part after the grace time, for we never send parts to an upload that is not attached. Anything
 * else is a stranger's and stays.
 *
 * @returns true when every recorded attempt is settled; false when it is too early for one of them, or for an upload that
 * may be its.
 */
export async function removeOrphans(
  world: World,
  store: ObjectStore,
  job: Job,
  options: CallOptions,
): Promise<boolean> {
  const intents = job.intents ?? [];
  if (intents.length === 0) return true;
  const now = world.clock.now();
  const isYoung = (time: number): boolean => now - time < world.settings.orphanGraceMs;
  if (intents.some(isYoung)) return false;
  let settled = true;
  for (const upload of await candidates(world, store, job, options)) {
    if (isYoung(upload.initiated)) {
      // Its starter may be about to send the first part.
      settled = false;
      continue;
    }
    const ledger = await readLedger(
      store,
      { destination: job.destination, uploadId: upload.uploadId },
      { ...options, limit: 1 },
    );
    if (!ledger || ledger.parts.size > 0) continue;
    world.log.info('aborting an upload that a lost Initiate left behind', { job: job.id, uploadId: upload.uploadId });
    await store.abort(job.destination, upload.uploadId, options);
  }
  return settled;
}

async function candidates(world: World, store: ObjectStore, job: Job, options: CallOptions): Promise<UploadEntry[]> {
  let uploads: UploadEntry[];
  try {
    uploads = await store.listUploads(job.destination, options);
  } catch (error) {
    if (gaveUp(error, 'Unsupported', 'NoSuchBucket')) return [];
    throw error;
  }
  const near = uploads.filter(
    (upload) =>
      upload.key === job.destination.key &&
      upload.uploadId !== job.uploadId &&
      (job.intents ?? []).some((time) => Math.abs(upload.initiated - time) <= maxSkewMs),
  );
  if (!near.some((upload) => upload.initiator !== undefined)) return near;
  const me = job.initiator ?? (await whoAmI(world, store, job, options));
  return near.filter((upload) => upload.initiator === undefined || upload.initiator === me);
}

/**
 * Asks the store under which name it knows us, by an upload that lives for two or three requests. That upload is an intent
 * like any other, so that a crash in between leaves nothing behind for good.
 */
async function whoAmI(world: World, store: ObjectStore, job: Job, options: CallOptions): Promise<string | undefined> {
  const intended = await move(world, job, { intents: [...(job.intents ?? []), world.clock.now()] });
  if (!intended.landed) throw new RetryLater(`The row of job ${job.id} was touched meanwhile; the sweep looks again.`);
  const call = { destination: job.destination, content: {}, userMetadata: {}, tags: {} };
  const { uploadId } = await store.initiate(call, options);
  const { initiator } = await store.listParts(job.destination, uploadId, { ...options, limit: 1 });
  // Ceph says it nowhere but in the list of uploads.
  const listed = initiator === undefined ? await store.listUploads(job.destination, options) : [];
  await store.abort(job.destination, uploadId, options);
  return initiator ?? listed.find((upload) => upload.uploadId === uploadId)?.initiator;
}
