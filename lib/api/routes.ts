/** Every address of the API, as data: the router, the OpenAPI document and `Allow` all read this table. */
import { batchRoutes } from './batches/routes.ts';
import { createCopy, createMetadata, createRename } from './jobs/create.ts';
import { deleteJob, getJob, listJobs, listParts } from './jobs/jobs.ts';
import * as schemas from './jobs/schemas.ts';
import type { Route } from './model/route.ts';
import { listRules } from './rules.ts';
import { jobListView, jobView, partListView } from './views/job.ts';
import { ruleListView } from './views/rule.ts';

const started: Route['answers'] = [
  { status: 200, description: 'Done: it was small enough to be copied at once.', view: jobView },
  { status: 202, description: 'Started; `Location` tells its progress.', view: jobView },
];

const allModes = ['copy', 'replicate', 'rename', 'metadata'] as const;

/** The four addresses that every kind of job has. */
function jobRoutes(collection: string, word: string, modes: readonly (typeof allModes)[number][]): Route[] {
  const path = `/v1/${collection}`;
  const Name = collection[0]?.toUpperCase() + collection.slice(1);
  const one = `${path}/{id}`;
  return [
    {
      method: 'GET',
      path,
      name: `list${Name}`,
      summary: `List ${word} jobs, newest first`,
      query: schemas.listQuery,
      answers: [{ status: 200, description: 'A page of jobs.', view: jobListView }],
      run: (call) => listJobs(call, modes),
    },
    {
      method: 'GET',
      path: one,
      name: `get${Name}`,
      summary: `How a ${word} job stands`,
      query: schemas.noQuery,
      answers: [{ status: 200, description: 'The job.', view: jobView }],
      run: getJob,
    },
    {
      method: 'GET',
      path: `${one}/parts`,
      name: `list${Name}Parts`,
      summary: `Which parts of a ${word} job the store already has`,
      query: schemas.partsQuery,
      answers: [{ status: 200, description: 'A page of parts.', view: partListView }],
      run: listParts,
    },
    {
      method: 'DELETE',
      path: one,
      name: `cancel${Name}`,
      summary: `Cancel a ${word} job; its upload is aborted`,
      query: schemas.noQuery,
      answers: [{ status: 200, description: 'The cancelled job.', view: jobView }],
      run: deleteJob,
    },
  ];
}

export const routes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/copies',
    name: 'createCopy',
    summary: 'Copy an object',
    body: schemas.copyBody,
    query: schemas.noQuery,
    answers: started,
    run: createCopy,
  },
  {
    method: 'POST',
    path: '/v1/renames',
    name: 'createRename',
    summary: 'Rename an object, or everything under a prefix: copy, verify, then remove the source',
    body: schemas.anyRenameBody,
    query: schemas.noQuery,
    answers: started,
    run: createRename,
  },
  {
    method: 'POST',
    path: '/v1/metadata',
    name: 'createMetadata',
    summary: 'Change metadata, tags, class, encryption or ACL in place',
    body: schemas.metadataBody,
    query: schemas.noQuery,
    answers: started,
    run: createMetadata,
  },
  ...jobRoutes('copies', 'copy', ['copy', 'replicate']),
  ...jobRoutes('renames', 'rename', ['rename']),
  ...jobRoutes('metadata', 'metadata', ['metadata']),
  {
    method: 'GET',
    path: '/v1/jobs',
    name: 'listJobs',
    summary: 'List jobs of every kind, newest first',
    query: schemas.listAllQuery,
    answers: [{ status: 200, description: 'A page of jobs.', view: jobListView }],
    run: (call) => listJobs(call, allModes),
  },
  ...batchRoutes,
  {
    method: 'GET',
    path: '/v1/rules',
    name: 'listRules',
    summary: 'How the replication rules stand: counts, lag, backlog, last success',
    tag: 'rules',
    query: schemas.noQuery,
    answers: [
      { status: 200, description: 'The rules whose source and destinations the caller may touch.', view: ruleListView },
    ],
    run: listRules,
  },
];

/** What a path leads to: the routes that share it, and the values of its parameters. */
export interface Match {
  routes: Route[];
  params: Record<string, string>;
}

export function match(path: string): Match | undefined {
  const segments = path.split('/');
  for (const route of routes) {
    const params = matchPath(route.path.split('/'), segments);
    if (params) return { routes: routes.filter((other) => other.path === route.path), params };
  }
  return undefined;
}

function matchPath(pattern: string[], segments: string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, part] of pattern.entries()) {
    const segment = segments[i] ?? '';
    if (part.startsWith('{')) params[part.slice(1, -1)] = segment;
    else if (part !== segment) return undefined;
  }
  return params;
}
