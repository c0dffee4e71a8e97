import { noQuery } from '../jobs/schemas.ts';
import type { Route } from '../model/route.ts';
import { batchListView, batchResultsView, batchView } from '../views/batch.ts';
import { control, createBatch, getBatch, listBatches, listResults } from './batches.ts';
import { batchBody, batchListQuery, batchResultsQuery } from './schemas.ts';

const path = '/v1/batches';
const one = `${path}/{id}`;
const answersBatch = (description: string): Route['answers'] => [{ status: 200, description, view: batchView }];

/** The addresses of requests about many objects. */
export const batchRoutes: readonly Route[] = [
  {
    method: 'POST',
    path,
    name: 'createBatch',
    summary: 'Copy, rename, change or compare many objects: a prefix, or a list that lies in the store',
    body: batchBody,
    query: noQuery,
    answers: [
      { status: 200, description: 'The same request came before, and its batch has ended.', view: batchView },
      { status: 202, description: 'Started; `Location` tells its progress.', view: batchView },
    ],
    run: createBatch,
  },
  {
    method: 'GET',
    path,
    name: 'listBatches',
    summary: 'List batches, newest first',
    query: batchListQuery,
    answers: [{ status: 200, description: 'A page of batches.', view: batchListView }],
    run: listBatches,
  },
  {
    method: 'GET',
    path: one,
    name: 'getBatch',
    summary: 'How a batch stands',
    query: noQuery,
    answers: answersBatch('The batch.'),
    run: getBatch,
  },
  {
    method: 'DELETE',
    path: one,
    name: 'cancelBatch',
    summary: 'Cancel a batch; what was copied stays',
    query: noQuery,
    answers: answersBatch('The cancelled batch; its counts are exact a moment later, once it has `ended`.'),
    run: control('cancelBatch'),
  },
  {
    method: 'POST',
    path: `${one}/pause`,
    name: 'pauseBatch',
    summary: 'Begin no further objects of a batch',
    query: noQuery,
    answers: answersBatch('The paused batch.'),
    run: control('pauseBatch'),
  },
  {
    method: 'POST',
    path: `${one}/resume`,
    name: 'resumeBatch',
    summary: 'Go on with a paused batch',
    query: noQuery,
    answers: answersBatch('The batch.'),
    run: control('resumeBatch'),
  },
  {
    method: 'GET',
    path: `${one}/results`,
    name: 'listBatchResults',
    summary: 'What became of each object of a batch',
    query: batchResultsQuery,
    answers: [{ status: 200, description: 'A page of results.', view: batchResultsView }],
    run: listResults,
  },
].map((route) => ({ ...route, tag: 'batches' }) as Route);
