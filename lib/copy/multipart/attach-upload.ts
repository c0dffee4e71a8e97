import { sendWithLock } from '../fidelity/send-with-lock.ts';
import { gaveUp, GiveUp, RetryLater } from '../model/errors.ts';
import type { AclPlan, Job } from '../model/job.ts';
import type { Due, Expected, KeptChecksum } from '../model/object.ts';
import type { InitiateCall, ObjectStore, World } from '../model/ports.ts';
import type { FidelityLoss } from '../model/result.ts';
import { mustBeAbsent } from '../plan/overwrite.ts';
import { move, nextLook } from '../row/move.ts';

export interface AttachInput {
  expected: Expected;
  tags: Record<string, string>;
  /** Of an object that is copied onto itself. */
  tagsBefore?: Record<string, string>;
  due?: Due;
  acl: AclPlan;
  /** To be kept over the parts. */
  checksum?: KeptChecksum;
  /** Of the source. */
  annotations: NonNullable<Job['annotations']> & { known: boolean };
  /** Foreseen, but for tags and ACL. */
  lost: FidelityLoss[];
}

/**
 * Starts a multipart upload for a planned job and attaches it to the row. Initiate cannot be repeated safely and its answer
 * can be lost, so the row names the time of every attempt before it is made (I5). Of two starters the one whose attach
 * lands wins; the other aborts its own upload.
 *
 * @param job must already hold the intent of this attempt.
 * @returns the row, and whether our upload is the attached one.
 */
export async function attachUpload(
  world: World,
  store: ObjectStore,
  job: Job,
  intent: number,
  input: AttachInput,
): Promise<{ job: Job; won: boolean }> {
  const { uploadId, checksum } = await initiate(world, store, job, intent, input);
  let row = job;
  for (;;) {
    const attached = await move(world, row, {
      state: 'copying',
      uploadId,
      acl: input.acl,
      tags: Object.keys(input.tags).length > 0 ? input.tags : undefined,
      tagsBefore: input.tagsBefore,
      due: input.due,
      checksum,
      annotations: annotationsOf(input),
      intents: without(row.intents, intent),
      attentionAt: nextLook(world),
    });
    // A table whose client repeats a write on its own can refuse the second one because of the first.
    const isOurs = attached.landed || attached.job?.uploadId === uploadId;
    if (isOurs && attached.job) return { job: attached.job, won: true };
    if (attached.job?.state !== 'planned') {
      await store.abort(job.destination, uploadId);
      if (!attached.job) throw new RetryLater(`The row of job ${job.id} is gone; the copy starts over.`);
      return { job: attached.job, won: false };
    }
    row = attached.job;
  }
}

async function initiate(
  world: World,
  store: ObjectStore,
  job: Job,
  intent: number,
  input: AttachInput,
): Promise<{ uploadId: string; checksum?: KeptChecksum }> {
  const { expected, tags, acl, checksum } = input;
  const call = {
    destination: job.destination,
    content: expected.content,
    userMetadata: expected.userMetadata,
    tags,
    storageClass: expected.storageClass,
    encryption: expected.encryption,
    redirect: expected.redirect,
    lock: expected.lock,
    acl: store.facts.aclAt === 'initiate' ? acl.canned : undefined,
    forbidOverwrite: mustBeAbsent(job),
    checksum,
  };
  try {
    return await sendWithLock(job, call, (each) => initiateAsKnown(store, each));
  } catch (error) {
    const certain = !(error instanceof RetryLater || error instanceof GiveUp) || error.effect === 'none';
    if (certain) await dropIntent(world, job, intent);
    throw error;
  }
}

/** Some S3 stores know no tags or checksums. The bytes matter more; finish reports what is missing. */
async function initiateAsKnown(
  store: ObjectStore,
  call: InitiateCall,
): Promise<{ uploadId: string; checksum?: KeptChecksum }> {
  const { tags, checksum } = call;
  try {
    return { ...(await store.initiate(call)), checksum };
  } catch (error) {
    if (!gaveUp(error, 'Unsupported') || (Object.keys(tags).length === 0 && checksum === undefined)) throw error;
    return await store.initiate({ ...call, tags: {}, checksum: undefined });
  }
}

function annotationsOf({ annotations: { count, lost } }: AttachInput): Job['annotations'] {
  return count > 0 || lost.length > 0 ? { count, lost } : undefined;
}

/** The store refused: no upload can stand from this attempt. */
async function dropIntent(world: World, job: Job, intent: number): Promise<void> {
  await move(world, job, { intents: without(job.intents, intent) });
}

/** Removes one entry: two attempts of the same millisecond are still two. */
function without(intents: number[] | undefined, intent: number): number[] | undefined {
  const rest = [...(intents ?? [])];
  const index = rest.indexOf(intent);
  if (index >= 0) rest.splice(index, 1);
  return rest.length > 0 ? rest : undefined;
}
