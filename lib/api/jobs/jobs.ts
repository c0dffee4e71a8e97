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
import type { listAllQuery, partsQuery } from './schemas.ts';

/** Pages of rows read for one answer when few of them match; the cursor then leads on. */
const maxPages = 20;

export async function getJob(call: Call): Promise<ApiResponse> {
  return jsonResponse(200, viewJob(await findJob(call), call.deps.stores));
}

export async function listJobs(
  call: Call<undefined, z.output<typeof listAllQuery>>,
  modes: readonly Mode[],
): Promise<ApiResponse> {
  const { state, mode, limit, cursor } = call.query;
  const states: JobState[] | undefined = state && [state];
  const wanted = (job: Job) =>
    job.batch === undefined &&
    isVisible(call.caller, job) &&
    (mode === undefined ? modes.includes(job.mode) : job.mode === mode);
  const jobs: Job[] = [];
  let next = cursor;
  for (let pages = 0; pages < maxPages; pages++) {
    const page = await call.deps.world.state.list({ states, limit, cursor: next });
    jobs.push(...page.jobs.filter(wanted));
    next = page.cursor;
    if (jobs.length > 0 || next === undefined) break;
  }
  return jsonResponse(200, { jobs: jobs.map((job) => viewJob(job, call.deps.stores)), next });
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
  const cancelled = await cancelJob(call.deps.world, job.id);
  const now = cancelled.job ?? job;
  if (now.state !== 'cancelled') {
    throw new Problem(
      'already-final',
      `The job is ${now.state}; it has ended, or is about to, and can no longer be cancelled.`,
    );
  }
  return jsonResponse(200, viewJob(now, call.deps.stores));
}

/** @throws Problem not-found, for the jobs of others as for none: who may not see a job does not learn that it exists. */
export async function findJob(call: Call<unknown>): Promise<Job> {
  const id = call.params['id'] ?? '';
  const job = /^[A-Za-z0-9_-]{1,64}$/.test(id) ? await call.deps.world.state.get(id) : undefined;
  const collection = call.path.split('/').slice(0, 3).join('/');
  if (!job || !isVisible(call.caller, job) || !pathOf(job).startsWith(`${collection}/`)) {
    throw new Problem('not-found', 'There is no such job, it has expired, or it belongs to another caller.');
  }
  return job;
}

export function isVisible(caller: Caller, job: Job): boolean {
  return caller.policy.seesAllJobs || job.labels?.['caller'] === caller.name;
}
