import { createHash } from 'node:crypto';
import { RetryLater } from '../../copy/model/errors.ts';
import { keyedJobId } from '../../copy/model/ids.ts';
import type { Job } from '../../copy/model/job.ts';
import { isFinal } from '../../copy/model/job.ts';
import type { World } from '../../copy/model/ports.ts';
import type { CopyRequest } from '../../copy/model/request.ts';
import type { CopyResult } from '../../copy/model/result.ts';
import { errorOf } from '../../copy/row/end.ts';
import { endFields } from '../../copy/row/end-fields.ts';
import { startCopy } from '../../copy/start.ts';
import { askForCallback, checkCallback } from '../callbacks/register.ts';
import type { ApiResponse } from '../http/http.ts';
import { jsonResponse } from '../http/http.ts';
import { Problem } from '../http/problem.ts';
import type { Call } from '../model/deps.ts';
import { pathOf, viewJob } from '../views/job.ts';
import { asJob } from '../views/prefix-rename.ts';

/** Brings a request's job into being. Called again for a request that is repeated while its job has not ended. */
export type Start = (call: Call<unknown>, request: CopyRequest, id: string) => Promise<Job>;

/**
 * Starts the job, or finds the one that the same request started before. Always journaled: the row is what makes the request
 * repeatable, resumable and possible to ask about.
 */
export async function begin(call: Call<{ callback?: string }>, start: Start, what: CopyRequest): Promise<ApiResponse> {
  const { deps, caller, body } = call;
  if (body.callback !== undefined) await checkCallback(deps, caller, body.callback);
  const fingerprint = fingerprintOf(call.path, body);
  const request: CopyRequest = {
    ...what,
    journal: true,
    // Without a key of its own every request is a new one.
    idempotencyKey: `api:${caller.name}:${call.idempotencyKey ?? deps.newId()}`,
    labels: { caller: caller.name, fingerprint, ...(body.callback === undefined ? {} : { callback: body.callback }) },
  };
  const id = keyedJobId(request) ?? '';
  const known = call.idempotencyKey === undefined ? undefined : await deps.world.state.get(id);
  if (known && isFinal(sameRequest(known, fingerprint).state)) return answer(call, known);
  if (!known && body.callback !== undefined) await askForCallback(deps, id);
  return answer(call, sameRequest(await start(call, request, id), fingerprint));
}

/** One object: copied right here when it is small. */
export const startNow: Start = async ({ deps, invocation }, request, id) => {
  const world = deps.forJob?.(deps.world, id) ?? deps.world;
  try {
    const outcome = await startCopy(world, request, invocation);
    if (outcome.kind === 'job') return outcome.job;
    return outcome.job ?? (await recordDone(world, request, id, outcome.result));
  } catch (error) {
    if (!(error instanceof RetryLater)) throw error;
    const row = await world.state.get(id);
    // Without a row nothing has started; the answer says when to retry.
    if (!row || isFinal(row.state)) throw error;
    await world.queue.send([{ kind: 'copy', request }], { delayMs: error.delayMs });
    return row;
  }
};

/** Where nothing had to be copied the engine leaves no row; the answer is kept all the same, for a repeated request. */
async function recordDone(world: World, request: CopyRequest, id: string, result: CopyResult): Promise<Job> {
  const row = await world.state.get(id);
  if (row) return row;
  const now = world.clock.now();
  const { mode, store, source, destination, options, labels, idempotencyKey } = request;
  const about = { mode, store, source, destination, options, labels, idempotencyKey };
  const times = { createdAt: now, updatedAt: now, expiresAt: now + world.settings.keepMs };
  const created = await world.state.create({
    id,
    revision: 0,
    state: 'done',
    ...about,
    result,
    partsDone: 0,
    ...times,
  });
  world.log.info('job done', endFields(world, created.job));
  return created.job;
}

export function fingerprintOf(path: string, body: unknown): string {
  return createHash('sha256')
    .update(`${path}\n${JSON.stringify(body)}`)
    .digest('hex')
    .slice(0, 32);
}

/** @throws Problem idempotency-mismatch when the row was made by another request. */
export function sameRequest(job: Job, fingerprint: string): Job {
  if (job.labels?.['fingerprint'] !== fingerprint) {
    throw new Problem(
      'idempotency-mismatch',
      `This idempotency key was used for another request, which is ${pathOf(job)}; use a new key for a new request.`,
    );
  }
  return job;
}

/** 200 when it is done, 202 while it runs; a repeated request for a job that failed hears why. */
async function answer(call: Call<unknown>, row: Job): Promise<ApiResponse> {
  const job = await asJob(row, call.deps.batches);
  if (isFinal(job.state) && job.state !== 'done') throw errorOf(job);
  const view = viewJob(job, call.deps.stores);
  return jsonResponse(job.state === 'done' ? 200 : 202, view, { location: view.self });
}
