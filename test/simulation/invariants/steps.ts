/** Invariants that can be judged at the instant of an effect. Each returns what is wrong, or undefined. */
import type { Job, PartRun } from '../../../lib/copy/model/job.ts';
import { isFinal, isLegalMove } from '../../../lib/copy/model/job.ts';
import type { ObjectRef } from '../../../lib/copy/model/object.ts';
import type { CompleteCall, CopyObjectCall, UploadPartCopyCall } from '../../../lib/copy/model/ports.ts';
import type { Task } from '../../../lib/copy/model/task.ts';
import type { Actor } from '../actor.ts';
import { fingerprint } from '../model/content.ts';
import type { StoredObject, Upload } from '../model/objects.ts';
import { isSame } from '../rule-sets.ts';
import type { RulesScenario } from '../rules.ts';
import type { Simulation } from '../simulation.ts';
import { keepsDestination } from './outcome.ts';

type Problem = string | undefined;

/** I1: an object that we wrote is one source version from its first byte to its last. */
export function objectIsWhole(object: StoredObject, sizes: ReadonlyMap<string, number>): Problem {
  if (object.size === 0) return undefined;
  const [segment] = object.data;
  const isWhole = object.data.length === 1 && segment?.first === 0 && segment.last + 1 === sizes.get(segment.id);
  return isWhole ? undefined : `${object.bucket}/${object.key} holds ${fingerprint(object.data)}`;
}

/** I1: every CopyObject is pinned to an ETag that this invocation has read. */
export function copyIsPinned(call: CopyObjectCall, actor: Actor): Problem {
  const { task, memory } = actor;
  const told = task?.kind === 'copy' ? task.request.seen : task?.kind === 'event' ? task.event : undefined;
  const row = [...memory.rows.values()].some((job) => job.pin?.etag === call.sourceIfMatch);
  if (row || memory.etags.has(call.sourceIfMatch) || call.sourceIfMatch === told?.etag) return undefined;
  return `CopyObject to ${call.destination.key} is pinned to "${call.sourceIfMatch}", which no HEAD returned to it`;
}

/** I1: every part carries the ETag of the version that the job copies. */
export function partIsPinned(call: UploadPartCopyCall, row: Job | undefined): Problem {
  if (!row || row.pin?.etag === call.sourceIfMatch) return undefined;
  return `part ${call.partNumber} is pinned to "${call.sourceIfMatch}", the job to "${row.pin?.etag}"`;
}

/**
 * I4: a part number means the range that the plan gives it, whichever worker copies it and however often; and a task touches only the
 * upload that it was sent for.
 */
export function partIsPlanned(call: UploadPartCopyCall, row: Job | undefined, actor: Actor): Problem {
  if (actor.task?.kind === 'parts' && actor.task.uploadId !== call.uploadId)
    return `${actor.name} copies into ${call.uploadId}, its task is for ${actor.task.uploadId}`;
  if (!row?.parts) return undefined;
  const sizes = partSizes(row.parts);
  if (call.partNumber < 1 || call.partNumber > sizes.length) return `part ${call.partNumber} is not in the plan`;
  const first = sizes.slice(0, call.partNumber - 1).reduce((sum, size) => sum + size, 0);
  const last = first + (sizes[call.partNumber - 1] ?? 0) - 1;
  if (first === call.first && last === call.last && call.sourceSize === row.pin?.size) return undefined;
  return `part ${call.partNumber} is bytes ${call.first}-${call.last}, planned were ${first}-${last}`;
}

/** I4: Complete is sent only by the worker that holds, to its knowledge, the lease. */
export function completerHoldsLease(call: CompleteCall, row: Job | undefined, actor: Actor): Problem {
  const known = row && actor.memory.rows.get(row.id);
  if (known?.state === 'finishing' && known.lease?.holder === actor.name && known.lease.until > actor.now())
    return undefined;
  return `${actor.name} sends Complete of ${call.uploadId} without a lease that lasts`;
}

/**
 * I1: before Complete the source was looked at and was still the pinned version; after the ledger was read, for a part that
 * is copied again between the look and the ledger may be of another version.
 */
export function sourceWasLookedAt(row: Job | undefined, actor: Actor): Problem {
  if (!row?.pin || row.uploadId === undefined) return undefined;
  const look = actor.memory.look(row.source);
  const ledger = actor.memory.ledgers.get(row.uploadId);
  const isPinned = look?.object?.etag === row.pin.etag && look.object.lastModified === row.pin.lastModified;
  if (!look || !isPinned)
    return `${actor.name} sends Complete of job ${row.id} without having seen its source unchanged`;
  if (ledger && ledger.order < look.order) return undefined;
  return `${actor.name} sends Complete of job ${row.id}, but looked at the source before it read the ledger`;
}

/** Not by the engine's own functions: they are what is judged here. */
function partSizes(runs: readonly PartRun[]): number[] {
  return runs.flatMap((run) => Array.from({ length: run.count }, () => run.size));
}

/** I4: an upload that is attached to a job is aborted only after the job has ended without it. */
export function abortIsNoGuess(uploadId: string, row: Job | undefined, actor: string): Problem {
  if (row?.uploadId !== uploadId || isFinal(row.state)) return undefined;
  return `${actor} aborted ${uploadId} while job ${row.id} was ${row.state}`;
}

/** I4: Complete makes an object of exactly the planned parts. */
export function completeHasAllParts(upload: Upload, object: StoredObject, row: Job | undefined): Problem {
  if (!row?.parts) return `${upload.id} was completed without a plan`;
  const planned = partSizes(row.parts);
  if (planned.join() === object.layout?.join()) return undefined;
  return `${upload.id} was completed with parts of ${object.layout?.join()}, planned were ${planned.join()}`;
}

/**
 * I3: what we delete after a rename is the version that was copied, and a verified copy of it stands at the destination, as
 * far as this invocation could see. Deleting a replica whose source is gone follows the same rule with the sides changed.
 */
export function deleteIsSafe(ref: ObjectRef, ifMatch: string | undefined, actor: Actor, sim: Simulation): Problem {
  const object = sim.model.peek(ref);
  if (!object) return undefined;
  if (sim.scenario.rules) return followedDeleteIsSafe(ref, actor, sim, sim.scenario.rules);
  const request = sim.requestOf(actor) ?? [...actor.memory.rows.values()][0];
  const isSource = request?.source.bucket === ref.bucket && request.source.key === ref.key;
  if (!request) return `${actor.name} deletes ${ref.key}, and no request asked for it`;
  if (!isSource) return replicaDeleteIsSafe(ref, actor, request);
  if (request.mode !== 'rename') return `${actor.name} deletes the source ${ref.key} of a ${request.mode}`;
  const copy = actor.memory.look(request.destination);
  const seen = actor.memory.look(ref);
  if (!copy?.object) return `${actor.name} deletes ${ref.key} without having seen the copy`;
  if (!seen?.object) return `${actor.name} deletes ${ref.key} without having looked at it`;
  if (fingerprint(copy.object.data) !== fingerprint(seen.object.data))
    return `${actor.name} deletes ${ref.key}, but the copy that it saw has other bytes`;
  if (sim.scenario.dialect.facts.conditionalDelete)
    return ifMatch === undefined
      ? `${actor.name} deletes ${ref.key} without the condition that the store has`
      : undefined;
  return seen.order > copy.order ? undefined : `${actor.name} did not look at ${ref.key} again before deleting it`;
}

function replicaDeleteIsSafe(
  ref: ObjectRef,
  actor: Actor,
  request: Pick<Job, 'mode' | 'source' | 'destination' | 'options'>,
): Problem {
  const isReplica = request.destination.bucket === ref.bucket && request.destination.key === ref.key;
  if (request.mode !== 'replicate' || !request.options.followDelete || !isReplica)
    return `${actor.name} deletes ${ref.key}, which it was not asked to`;
  const seen = actor.memory.look(request.source);
  if (seen && !seen.object) return undefined;
  return `${actor.name} deletes the replica ${ref.key} although it has seen the source`;
}

/**
 * I2: by a rule that follows deletes only what has lost its source is removed, and only by one who has looked at both; where
 * replicas must be proven, nothing that an owner wrote.
 */
function followedDeleteIsSafe(ref: ObjectRef, actor: Actor, sim: Simulation, { pairs }: RulesScenario): Problem {
  const what = `${actor.name} deletes ${ref.bucket}/${ref.key}`;
  const following = pairs.filter(({ destination, deletes }) => deletes !== 'off' && isSame(destination, ref));
  if (following.length === 0) return `${what}, but no rule follows deletes there`;
  if (!following.some(({ source }) => actor.memory.hasSeenGone(source)))
    return `${what} without having seen that its source is gone`;
  const look = actor.memory.look(ref);
  if (!look) return `${what} without having looked at it`;
  if (look.object?.by !== 'stranger' || following.some(({ deletes }) => deletes === 'all')) return undefined;
  // Right after a copy an ETag is all that tells it from what came then.
  const { etag } = look.object;
  if (sim.watch.writes.some((w) => w.by !== 'stranger' && w.etag === etag && isSame(w, ref))) return undefined;
  return `${what}, which its owner had written`;
}

/** I4: parts are counted after they are in the store, never before. */
export function countedPartsExist(jobId: string, parts: number, actor: Actor, sim: Simulation): Problem {
  const task = actor.task;
  if (task?.kind !== 'parts' || task.jobId !== jobId) return undefined;
  const upload = sim.model.uploads.get(task.uploadId);
  if (!upload) return undefined;
  let there = 0;
  for (let number = task.from; number < task.from + task.count; number++) if (upload.parts.has(number)) there++;
  return parts <= there ? undefined : `${actor.name} counts ${parts} parts, but ${there} of its parts are in the store`;
}

/** I7: the sweep sends again only what the ledger did not show. */
export function resentPartsAreMissing(task: Extract<Task, { kind: 'parts' }>, actor: Actor): Problem {
  const ledger = actor.memory.ledgers.get(task.uploadId)?.parts;
  if (!ledger || !actor.name.startsWith('sweep')) return undefined;
  for (let number = task.from; number < task.from + task.count; number++) {
    if (ledger.has(number)) return `${actor.name} sends part ${number} again although it saw it in the store`;
  }
  return undefined;
}

/** Section 4: only the moves of the table, and a final row stays final until it is asked for anew. */
export function moveIsLegal(from: Job, to: Job): Problem {
  return isLegalMove(from.state, to.state) ? undefined : `job ${from.id} moved from ${from.state} to ${to.state}`;
}

/** Section 4: while a lease lasts, only its holder takes the job on; ending it without success is open to all. */
export function leaseIsKept(from: Job, to: Job, by: string, clock: number, skewMs: number): Problem {
  if (from.state !== 'finishing' || (to.state !== 'finishing' && to.state !== 'done')) return undefined;
  const lease = from.lease;
  if (!lease || lease.holder === by || lease.until <= clock + 2 * skewMs) return undefined;
  if (isFinal(from.state)) return undefined;
  return `${by} moved job ${from.id} to ${to.state} while ${lease.holder} held the lease`;
}

/**
 * `overwrite: never` replaces nothing that was there before us. Where the store does not look at the condition, what came
 * after the invocation had begun may have come after its own look.
 */
export function overwriteWasAllowed(object: StoredObject, over: StoredObject | undefined, sim: Simulation): Problem {
  const { quirks, facts } = sim.scenario.dialect;
  if (over?.by !== 'stranger' || (facts.scheme === 'oss' && quirks.versioned)) return undefined;
  if (quirks.copiesOverAnything && over.serial > (sim.watch.bornAfter.get(object.by) ?? 0)) return undefined;
  const asked = sim.scenario.asked.filter(
    ({ request: { destination } }) => destination.bucket === object.bucket && destination.key === object.key,
  );
  if (asked.length === 0 || asked.some(({ request }) => !keepsDestination(request))) return undefined;
  return `${object.by} wrote over ${object.bucket}/${object.key}, which must never be overwritten`;
}

/**
 * I3: a rename that keeps what is at its destination does not write over what another rename brought there, whose source may
 * be gone by now. Holds on every store, also where CopyObject does not look at the condition.
 */
export function renameKeepsOthers(object: StoredObject, over: StoredObject | undefined, sim: Simulation): Problem {
  const { quirks, facts } = sim.scenario.dialect;
  if (!over || over.by === 'stranger' || (facts.scheme === 'oss' && quirks.versioned)) return undefined;
  const [from, before] = [object.copiedFrom, over.copiedFrom];
  if (!from || !before || (from.bucket === before.bucket && from.key === before.key)) return undefined;
  const asked = sim.scenario.asked.filter(
    ({ request: { destination } }) => destination.bucket === object.bucket && destination.key === object.key,
  );
  const isRename = asked.every(({ request }) => request.mode === 'rename' && keepsDestination(request));
  if (asked.length === 0 || !isRename) return undefined;
  return `${object.by} wrote ${from.key} over ${object.bucket}/${object.key}, which ${over.by} had brought from ${before.key}`;
}
