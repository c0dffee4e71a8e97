import { continueDirect } from './direct/journaled.ts';
import type { Decision } from './decide.ts';
import { readyForCopyObject } from './direct/copy.ts';
import { expectedFrom } from './fidelity/expected.ts';
import { endsJob, GiveUp, SourceChanged } from './model/errors.ts';
import { headIfThere } from './model/head-if-there.ts';
import type { Job, StartOutcome } from './model/job.ts';
import { isPinned, requestOf } from './model/job.ts';
import type { ObjectHead } from './model/object.ts';
import { describe } from './model/object.ts';
import type { CallOptions, ObjectStore, World } from './model/ports.ts';
import type { CopyRequest } from './model/request.ts';
import { continueParts } from './multipart/start.ts';
import { choosePlan } from './plan/choose-plan.ts';
import { end, endChanged, reasonOf } from './row/end.ts';
import { move } from './row/move.ts';
import { openRow } from './row/open.ts';

/** A waiting job looks again after this share of the time that it has waited, and at most so rarely, milliseconds. */
const lookShare = 0.25;
const rarestLookMs = 900_000;

/**
 * Writes the row of a copy whose source is archived, and asks for the restore. The row is there first: a restore costs money,
 * and a worker that dies must not leave one that no job waits for.
 *
 * @throws what the copy itself would throw before its first write: no restore is paid for a copy that is refused afterwards.
 */
export async function startRestore(
  world: World,
  store: ObjectStore,
  request: CopyRequest,
  { found, way }: Decision,
  options: CallOptions,
): Promise<StartOutcome> {
  // By parts, the decision has asked for all that could be refused.
  if (way === 'direct') await readyForCopyObject(store, request, found, options, true);
  const { job } = await openRow(world, store, request, found.head, undefined, undefined, options);
  if (job.state === 'done' && job.result) return { kind: 'done', result: job.result, job };
  if (job.state !== 'planned') return { kind: 'job', job };
  return await continueRestore(world, store, job, options);
}

/** Goes on with a row that waits for a restore: copies when the source is readable, looks again later when it is not. */
export async function continueRestore(
  world: World,
  store: ObjectStore,
  job: Job,
  options: CallOptions,
): Promise<StartOutcome> {
  const request = requestOf(job);
  try {
    const head = await headIfThere(store, job.source, { ...options, checksum: true });
    if (!head || !job.pin || !isPinned(job.pin, head)) throw changedMeanwhile(job, head);
    if (head.archived) return await waitOn(world, store, job, head, options);
    const found = { head, expected: expectedFrom(head, request) };
    const chosen = await choosePlan(world, store, request, found, options);
    const parts = chosen.way === 'parts' ? chosen.parts : undefined;
    const ready = await move(world, job, { restoringSince: undefined, parts });
    if (!ready.landed || !ready.job) return { kind: 'job', job: ready.job ?? job };
    return await (parts ? continueParts : continueDirect)(world, store, ready.job, options);
  } catch (error) {
    if (!endsJob(error)) throw error;
    const row = await world.state.get(job.id);
    // Once the row waits no more, the copy itself stores its error there.
    if (row?.state === 'planned' && row.restoringSince !== undefined) {
      if (error instanceof SourceChanged) await endChanged(world, row, error);
      else await end(world, row, 'failed', reasonOf(error));
    }
    throw error;
  }
}

async function waitOn(
  world: World,
  store: ObjectStore,
  job: Job,
  head: ObjectHead,
  options: CallOptions,
): Promise<StartOutcome> {
  const { settings, clock } = world;
  const waited = clock.now() - (job.restoringSince ?? clock.now());
  if (waited > settings.restoreWaitMs) {
    throw new GiveUp(
      'Archived',
      `${describe(job.store, job.source)} is not readable ${Math.floor(waited / 3_600_000)} hours after its restore was asked ` +
        'for; nothing was written. Look at the object at the store, then copy again.',
    );
  }
  const wish = job.options.restore;
  if (!head.restoring && wish) await askFor(store, job, wish, head, options);
  const pause = Math.max(settings.restoreLookMs, Math.min(rarestLookMs, waited * lookShare));
  const later = await move(world, job, { attentionAt: clock.now() + pause });
  return { kind: 'job', job: later.job ?? job };
}

async function askFor(
  store: ObjectStore,
  { source }: Job,
  wish: NonNullable<CopyRequest['options']['restore']>,
  head: ObjectHead,
  options: CallOptions,
): Promise<void> {
  if (!store.restore) throw new GiveUp('Unsupported', 'This store cannot be asked for a restore.');
  await store.restore(source, wish, head.archiveTier ?? head.storageClass, options);
}

function changedMeanwhile(job: Job, head: ObjectHead | undefined): SourceChanged {
  const what = head ? 'was changed' : 'was deleted';
  return new SourceChanged(
    `${describe(job.store, job.source)} ${what} while its restore was waited for; nothing was written.`,
  );
}
