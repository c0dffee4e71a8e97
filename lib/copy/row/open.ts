import { lookAgainLater } from '../after/recheck-source.ts';
import { expectedFrom, sameRecord } from '../fidelity/expected.ts';
import type { Kept } from '../fidelity/kept.ts';
import { keptFields } from '../fidelity/kept.ts';
import { RetryLater } from '../model/errors.ts';
import { headIfThere } from '../model/head-if-there.ts';
import { inPlaceId, jobId, keyedJobId } from '../model/ids.ts';
import type { Job, PartRun } from '../model/job.ts';
import { digestOf, isFinal, pinOf } from '../model/job.ts';
import type { ObjectHead } from '../model/object.ts';
import type { CallOptions, ObjectStore, World } from '../model/ports.ts';
import type { CopyRequest } from '../model/request.ts';
import { move, nextLook } from './move.ts';

/** `fresh`: planned just now and ours to start. `present`: another worker was first; the row shows how far it got. */
export type OpenedRow = { kind: 'fresh' | 'present'; job: Job };

/**
 * Writes the planned row, or finds the one of an earlier delivery. A final row of an earlier request for the very same copy
 * is planned anew, except that a replica which is still what was written then needs nothing.
 *
 * @param intent time of the Initiate about to be sent; absent for a job without parts.
 * @param kept what a copy onto itself in one call may take away.
 */
export async function openRow(
  world: World,
  store: ObjectStore,
  request: CopyRequest,
  head: ObjectHead,
  parts: PartRun[] | undefined,
  intent: number | undefined,
  options: CallOptions,
  kept?: Kept,
): Promise<OpenedRow> {
  const now = world.clock.now();
  const pin = pinOf(head);
  const { mode, source, destination, labels, idempotencyKey } = request;
  const planned = {
    state: 'planned' as const,
    mode,
    store: request.store,
    source,
    destination,
    options: request.options,
    labels,
    idempotencyKey,
    pin,
    given: digestOf(expectedFrom(head, request).userMetadata),
    parts,
    intents: intent === undefined ? undefined : [intent],
    attentionAt: nextLook(world),
    restoringSince: head.archived ? now : undefined,
    ...(kept && keptFields(kept)),
  };
  const created = await world.state.create({
    ...planned,
    id: mode === 'metadata' && !parts ? (keyedJobId(request) ?? inPlaceId(request)) : jobId(request, pin),
    revision: 0,
    partsDone: 0,
    createdAt: now,
    updatedAt: now,
  });
  if (created.landed) return { kind: 'fresh', job: created.job };
  const row = created.job;
  // What it has written may have been overwritten by a late copy since, and it may not look again.
  if (row.state === 'finishing' && row.mode === 'replicate') await lookAgainLater(world, request);
  // A caller that names the request asks for one copy: it may have ended between our look at the table and now.
  const isAnswer = idempotencyKey !== undefined;
  if (!isFinal(row.state) || isAnswer || (await stillThere(store, row, head, options))) {
    return { kind: 'present', job: row };
  }
  // The new incarnation forgets the old upload, so that one has to go first.
  if (row.abortPending && row.uploadId !== undefined) await store.abort(row.destination, row.uploadId, options);
  const again = await move(world, row, {
    ...planned,
    intents: [...(row.intents ?? []), ...(planned.intents ?? [])],
    uploadId: undefined,
    partsBase: row.partsDone,
    restarts: undefined,
    acl: kept?.acl,
    tags: kept?.tags,
    tagsBefore: kept?.tagsBefore,
    due: kept?.due,
    expectedEtag: undefined,
    lease: undefined,
    result: undefined,
    reason: undefined,
    abortPending: undefined,
    againPending: undefined,
    expiresAt: undefined,
  });
  if (!again.job) throw new RetryLater(`The row of job ${row.id} expired just now; the copy starts over.`);
  return { kind: again.landed ? 'fresh' : 'present', job: again.job };
}

/** A duplicate event for a replica that is in place. */
async function stillThere(store: ObjectStore, row: Job, head: ObjectHead, options: CallOptions): Promise<boolean> {
  if (row.mode !== 'replicate' || row.state !== 'done' || !row.result) return false;
  const there = await headIfThere(store, row.destination, options);
  if (there?.etag !== row.result.etag || there.size !== row.result.size) return false;
  // A late worker of an older version may have written its tags on this one: no store has a condition for that.
  if (row.tags) return sameRecord(row.tags, await store.getTags(row.destination, options));
  return !there.tagCount && (row.parts !== undefined || (!head.tagCount && !row.options.tags));
}
