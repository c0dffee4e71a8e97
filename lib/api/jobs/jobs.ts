import type * as z from 'zod';
import { cancelJob } from '../../copy/cancel.ts';
import { gaveUp } from '../../copy/model/errors.ts';
import type { Job, JobState } from '../../copy/model/job.ts';
import { isFinal } from '../../copy/model/job.ts';
import type { Mode } from '../../copy/model/request.ts';
import { partAt, partCount, totalSize } from '../../copy/plan/plan.ts';
import type { Caller } from '../callers/callers.ts';
import type { ApiResponse } from '../http/http.ts';
import { jsonResponse } from '../http/http.ts';
import { Problem } from '../http/problem.ts';
import type { Call } from '../model/deps.ts';
import { pathOf, viewJob } from '../views/job.ts';
import { asJob, isPrefixRename } from '../views/prefix-rename.ts';
import type { listAllQuery, partsQuery } from './schemas.ts';

/** Pages of rows read for one answer when few of them match; the cursor then leads on. */
const maxPages = 20;

export async function getJob(call: Call): Promise<ApiResponse> {
  const { batches, stores } = call.deps;
  return jsonResponse(200, viewJob(await asJob(await findJob(call), batches), stores));
}

export async function listJobs(
  call: Call<undefined, z.output<typeof listAllQuery>>,
  modes: readonly Mode[],
): Promise<ApiResponse> {
  const { state, mode, limit, cursor } = call.query;
  const states: JobState[] | undefined = state && rowStatesOf(state);
  const wanted = (job: Job) =>
    job.batch === undefined &&
    (state === undefined || job.state === state) &&
    isVisible(call.caller, job) &&
    (mode === undefined ? modes.includes(job.mode) : job.mode === mode);
  const jobs: Job[] = [];
  let next = cursor;
  for (let pages = 0; pages < maxPages; pages++) {
    const page = await call.deps.world.state.list({ states, limit, cursor: next });
    jobs.push(...(await Promise.all(page.jobs.map((row) => asJob(row)))).filter(wanted));
    next = page.cursor;
    if (jobs.length > 0 || next === undefined) break;
  }
  return jsonResponse(200, { jobs: jobs.map((job) => viewJob(job, call.deps.stores)), next });
}

/** The rename of a prefix shows another state than its row in two cases; `asJob` says which. */
function rowStatesOf(state: JobState): JobState[] {
  if (state === 'failed') return ['failed', 'done'];
  return state === 'copying' ? ['copying', 'planned'] : [state];
}

/** Asks the store itself which parts are there: the counter in the row is only a hint. */
export async function listParts(call: Call<undefined, z.output<typeof partsQuery>>): Promise<ApiResponse> {
  const job = await findJob(call);
  const { after, limit } = call.query;
  if (!job.parts) return jsonResponse(200, { parts: [] });
  const planned = partCount(job.parts);
  const last = Math.min(planned, after + limit);
  const copied = await copiedParts(call, job, after, last);
  const parts = [];
  for (let number = after + 1; number <= last; number++) {
    parts.push({ number, ...partAt(job.parts, number), copied: copied(number) });
  }
  return jsonResponse(200, { size: totalSize(job.parts), parts, next: last < planned ? last : undefined });
}

async function copiedParts(
  call: Call<undefined, unknown>,
  job: Job,
  after: number,
  last: number,
): Promise<(part: number) => boolean> {
  if (job.state === 'done') return () => true;
  if (job.uploadId === undefined || isFinal(job.state)) return () => false;
  try {
    const store = call.deps.world.store(job.store);
    const options = { after, limit: last - after, deadline: call.invocation.deadline };
    const page = await store.listParts(job.destination, job.uploadId, options);
    const numbers = new Set(page.parts.map((part) => part.number));
    return (part) => numbers.has(part);
  } catch (error) {
    // Completed or aborted between our two looks.
    if (gaveUp(error, 'NoSuchUpload')) return () => false;
    throw error;
  }
}

export async function deleteJob(call: Call): Promise<ApiResponse> {
  const job = await findJob(call);
  const now = isPrefixRename(job)
    ? await cancelPrefix(call, job)
    : ((await cancelJob(call.deps.world, job.id)).job ?? job);
  if (now.state !== 'cancelled') {
    throw new Problem(
      'already-final',
      `The job is ${now.state}; it has ended, or is about to, and can no longer be cancelled.`,
    );
  }
  return jsonResponse(200, viewJob(now, call.deps.stores));
}

/** Returns the row as it is then, cancelled or not. */
async function cancelPrefix({ deps, invocation }: Call, job: Job): Promise<Job> {
  const { cancelBatch } = await import('../../batch/index.ts');
  if (!isFinal(job.state)) {
    try {
      await cancelBatch(deps.batches, job.id, { deadline: invocation.deadline });
    } catch (error) {
      // It has ended between our look and theirs.
      if (!gaveUp(error, 'BadRequest')) throw error;
    }
  }
  return await asJob((await deps.world.state.get(job.id)) ?? job);
}

/** @throws Problem not-found, for the jobs of others as for none: who may not see a job does not learn that it exists. */
export async function findJob(call: Call<unknown>): Promise<Job> {
  const id = call.params['id'] ?? '';
  const job = /^[A-Za-z0-9_-]{1,64}$/.test(id) ? await call.deps.world.state.get(id) : undefined;
  const collection = call.path.split('/').slice(0, 3).join('/');
  const isHere = (row: Job) =>
    pathOf(row).startsWith(`${collection}/`) || (row.batch !== undefined && collection === '/v1/batches');
  if (!job || !isVisible(call.caller, job) || !isHere(job)) {
    throw new Problem('not-found', 'There is no such job, it has expired, or it belongs to another caller.');
  }
  return job;
}

export function isVisible(caller: Caller, job: Job): boolean {
  return caller.policy.seesAllJobs || job.labels?.['caller'] === caller.name;
}
