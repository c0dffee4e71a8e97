import { continueRestore, startRestore } from './await-restore.ts';
import { lookAgainLater } from './after/recheck-source.ts';
import { removeSource } from './after/remove-source.ts';
import { copyDirect } from './direct/copy.ts';
import { canCopyUnseen, copyUnseen } from './direct/from-event.ts';
import { continueDirect, directJob } from './direct/journaled.ts';
import { decide } from './decide.ts';
import { isAtRisk } from './fidelity/kept.ts';
import { RetryLater, SourceChanged } from './model/errors.ts';
import { inPlaceId, keyedJobId } from './model/ids.ts';
import type { Job, StartOutcome } from './model/job.ts';
import { isFinal, pinOf } from './model/job.ts';
import type { ObjectHead } from './model/object.ts';
import type { CallOptions, Invocation, ObjectStore, World } from './model/ports.ts';
import type { CopyRequest } from './model/request.ts';
import type { CopyResult } from './model/result.ts';
import { continueParts, readyForParts, startParts } from './multipart/start.ts';
import { checkRequest } from './plan/check-request.ts';
import { partsInstead, prefersParts } from './plan/choose-plan.ts';
import { changeAttributes } from './plan/metadata-unchanged.ts';
import { errorOf } from './row/end.ts';

/** How often a small replica chases a source that keeps changing before it goes back to the queue. */
const maxChases = 3;

/**
 * Copies one object: a small one right here, a large one by a job whose part tasks are sent. Everything that can be refused
 * is refused before the first write.
 *
 * @param continues id of a planned row that this goes on with.
 * @throws CopyError; for a request with an idempotency key also the stored error of its earlier failure.
 */
export async function startCopy(
  world: World,
  request: CopyRequest,
  invocation: Invocation,
  continues?: string,
): Promise<StartOutcome> {
  const store = world.store(request.store);
  const options = { deadline: invocation.deadline };
  checkRequest(request, store.facts);
  const known = continues ?? keyedJobId(request);
  const row = known === undefined ? undefined : await world.state.get(known);
  if (row) return await continueJob(world, store, row, options);
  const begun = known === undefined ? await begunInPlace(world, request, invocation) : undefined;
  if (begun) return await continueJob(world, store, begun, options);
  // The worker that had this task before may have died with a CopyObject on its way.
  if (request.mode === 'replicate' && invocation.attempt === 2) await lookAgainLater(world, request);
  if (request.seen && canCopyUnseen(world, store, request)) {
    const result = await copyUnseen(world, store, request, request.seen, options);
    if (result) return { kind: 'done', result };
  }
  for (let chase = 1; ; chase += 1) {
    try {
      return await copyAsSeen(world, store, request, invocation.attempt, options);
    } catch (error) {
      if (!(error instanceof SourceChanged) || request.mode !== 'replicate' || request.onlySeen) throw error;
      if (chase >= maxChases) throw new RetryLater(`The source keeps changing: ${error.message}`, { delayMs: 1000 });
    }
  }
}

/**
 * The row of the same metadata change by a worker that did not come to its end. Only that row knows what the object had before
 * it was written.
 */
async function begunInPlace(world: World, request: CopyRequest, { attempt }: Invocation): Promise<Job | undefined> {
  if (request.mode !== 'metadata' || (attempt === 1 && !request.journal)) return undefined;
  const row = await world.state.get(inPlaceId(request));
  return row && !isFinal(row.state) ? row : undefined;
}

/** Looks at both sides, plans and starts. */
async function copyAsSeen(
  world: World,
  store: ObjectStore,
  request: CopyRequest,
  attempt: number,
  options: CallOptions,
): Promise<StartOutcome> {
  const decision = await decide(world, store, request, { ...options, again: attempt > 1 });
  const { found } = decision;
  const { head } = found;
  if (decision.way === 'unchanged')
    return { kind: 'done', result: await endShort(store, request, head, decision.result, options) };
  if (decision.way === 'attributes')
    return { kind: 'done', result: await changeAttributes(store, request, found, decision.change, options) };
  if (head.archived) return await startRestore(world, store, request, decision, options);
  if (decision.way === 'parts')
    return await startParts(world, store, request, found, decision.parts, decision.input, options);
  const { kept } = decision;
  const needsRow = request.journal || (kept !== undefined && isAtRisk(request, kept));
  if (needsRow) return await directJob(world, store, request, found, options, kept);
  try {
    return { kind: 'done', result: await copyDirect(world, store, request, found, options, kept) };
  } catch (error) {
    if (!prefersParts(world, head.size, error)) throw error;
    const parts = await partsInstead(world, store, request, found, options);
    const input = await readyForParts(store, request, found, options);
    return await startParts(world, store, request, found, parts, input, options);
  }
}

/** Nothing has to be copied; a rename still has its source to remove. */
async function endShort(
  store: ObjectStore,
  request: CopyRequest,
  head: ObjectHead,
  result: CopyResult,
  options: CallOptions,
): Promise<CopyResult> {
  if (request.mode !== 'rename') return result;
  await removeSource(store, { ...request, pin: pinOf(head) }, options);
  return { ...result, sourceRemoved: true };
}

/** The row of an earlier delivery decides what is left to do. */
async function continueJob(world: World, store: ObjectStore, row: Job, options: CallOptions): Promise<StartOutcome> {
  if (row.state === 'done' && row.result) return { kind: 'done', result: row.result, job: row };
  if (isFinal(row.state)) throw errorOf(row);
  if (row.state !== 'planned') return { kind: 'job', job: row };
  if (row.restoringSince !== undefined) return await continueRestore(world, store, row, options);
  return await (row.parts ? continueParts : continueDirect)(world, store, row, options);
}
