/** Requests about many objects. The code of batches is loaded when the first one comes: a cold start should not wait for it. */
import type * as z from 'zod';
import type { Batch } from '../../batch/index.ts';
import { GiveUp } from '../../copy/model/errors.ts';
import type { Job, JobState } from '../../copy/model/job.ts';
import { isFinal } from '../../copy/model/job.ts';
import { askForCallback, checkCallback } from '../callbacks/register.ts';
import type { ApiResponse } from '../http/http.ts';
import { jsonResponse } from '../http/http.ts';
import { Problem } from '../http/problem.ts';
import { findJob, isVisible } from '../jobs/jobs.ts';
import { fingerprintOf, sameRequest } from '../jobs/start.ts';
import type { Call } from '../model/deps.ts';
import { viewBatch, viewBatchJob, viewResult } from '../views/batch.ts';
import { batchInput } from './request.ts';
import type { BatchBody, batchListQuery, batchResultsQuery } from './schemas.ts';

const loadBatches = () => import('../../batch/index.ts');

/** Pages of rows, or of results, read for one answer when few of them match; the cursor then leads on. */
const maxPages = 20;

/** @throws Problem; CopyError for what cannot be done, before anything was written. */
export async function createBatch(call: Call<BatchBody>): Promise<ApiResponse> {
  const { deps, caller, body, invocation } = call;
  const { startBatch, batchId, retryRequest } = await loadBatches();
  const { source } = body;
  const retry =
    'batch' in source
      ? retryRequest(call.deps.world.clock.now(), await findBatch(call, source.batch), source.statuses)
      : undefined;
  const input = batchInput(call, retry);
  if (body.callback !== undefined) await checkCallback(deps, caller, body.callback);
  const fingerprint = fingerprintOf(call.path, body);
  // Without a key of its own every request is a new one.
  const idempotencyKey = `api:${caller.name}:${call.idempotencyKey ?? deps.newId()}`;
  const id = batchId(idempotencyKey);
  const known = call.idempotencyKey === undefined ? undefined : await deps.world.state.get(id);
  if (known) return await answer(call, sameRequest(known, fingerprint));
  if (body.callback !== undefined) await askForCallback(deps, id);
  const rowLabels = { fingerprint, ...(body.callback !== undefined && { callback: body.callback }) };
  const request = { ...input, idempotencyKey, labels: { caller: caller.name } };
  const { batch } = await startBatch(deps.batches, request, { rowLabels, deadline: invocation.deadline });
  return await answer(call, batch.job);
}

/** 202 while it runs, 200 when it has ended. */
async function answer({ deps }: Call<unknown>, job: Job): Promise<ApiResponse> {
  const view = await viewBatchJob(deps.batches, job, deps.stores);
  return jsonResponse(view.ended ? 200 : 202, view, { location: view.self });
}

export async function getBatch(call: Call): Promise<ApiResponse> {
  const { job } = await findBatch(call);
  return jsonResponse(200, await viewBatchJob(call.deps.batches, job, call.deps.stores));
}

export async function listBatches(call: Call<undefined, z.output<typeof batchListQuery>>): Promise<ApiResponse> {
  const { deps, caller, query } = call;
  const { batchRow } = await loadBatches();
  const states: JobState[] | undefined = query.state && [query.state];
  const found: Job[] = [];
  let next = query.cursor;
  for (let pages = 0; pages < maxPages; pages++) {
    const page = await deps.world.state.list({ states, limit: query.limit, cursor: next });
    found.push(...page.jobs.filter((job) => batchRow(job) && isVisible(caller, job)));
    next = page.cursor;
    if (found.length > 0 || next === undefined) break;
  }
  const light = { summary: false };
  const batches = await Promise.all(found.map((job) => viewBatchJob(deps.batches, job, deps.stores, light)));
  return jsonResponse(200, { batches, next });
}

/** What became of each object, of the pages that are finished. */
export async function listResults(call: Call<undefined, z.output<typeof batchResultsQuery>>): Promise<ApiResponse> {
  const { deps, query, invocation } = call;
  const { resultsAfter } = await loadBatches();
  const batch = await findBatch(call);
  const { lines, next } = await resultsAfter(batch, { ...query, maxPages, deadline: invocation.deadline });
  const { store } = batch.request;
  return jsonResponse(200, { results: lines.map((line) => viewResult(line, store, deps.stores)), next });
}

/** What `POST /v1/batches/{id}/pause` and its like do. @throws Problem already-final. */
export function control(what: 'pauseBatch' | 'resumeBatch' | 'cancelBatch') {
  return async (call: Call): Promise<ApiResponse> => {
    const { deps, invocation } = call;
    const batches = await loadBatches();
    const { id, job } = await findBatch(call);
    if (isFinal(job.state)) throw ended(id);
    try {
      const view = await batches[what](deps.batches, id, { deadline: invocation.deadline });
      return jsonResponse(200, viewBatch(view, deps.stores));
    } catch (error) {
      // It has ended between our look and theirs.
      if (error instanceof GiveUp && error.code === 'BadRequest') throw ended(id);
      throw error;
    }
  };
}

function ended(id: string): Problem {
  return new Problem(
    'already-final',
    `Batch ${id} has already ended. Start a new batch, or retry the failed objects with {"source": {"batch": "${id}"}}.`,
  );
}

/** @throws Problem not-found, as for jobs. */
async function findBatch(call: Call<unknown, unknown>, id = call.params['id'] ?? ''): Promise<Batch> {
  const { batchOf } = await loadBatches();
  const job = await findJob({ ...call, params: { id }, path: '/v1/batches' });
  const batch = batchOf(call.deps.batches, job);
  if (batch) return batch;
  throw new Problem('not-found', 'There is no such batch, it has expired, or it belongs to another caller.');
}
