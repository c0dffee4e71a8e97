import { CopyError, gaveUp, RetryLater } from '../../copy/model/errors.ts';
import type { Job } from '../../copy/model/job.ts';
import { isFinal } from '../../copy/model/job.ts';
import type { Invocation } from '../../copy/model/ports.ts';
import type { CopyRequest } from '../../copy/model/request.ts';
import type { CopyResult } from '../../copy/model/result.ts';
import { errorOf } from '../../copy/row/end.ts';
import type { PageEntry } from '../files/page-file.ts';
import type { LineError, ResultLine } from '../files/result-file.ts';
import { errorFields, namesOf, resultFields } from '../files/result-file.ts';
import { isRuleMode, type RuleMode } from '../model/rule.ts';
import type { Status } from '../model/tally.ts';
import type { WorkFiles } from '../model/work-files.ts';
import type { BatchWorld } from '../model/world.ts';
import { refusalOf } from '../request/allowed-keys.ts';
import { passesFilters } from '../request/filter-by-head.ts';
import type { BatchMode, BatchRequest } from '../request/request.ts';
import { doRuleEntry, lineOfRuleJob } from './rule-entry.ts';
import { startKeyed } from './start-keyed.ts';
import { isBackup, prepareSync } from './sync-entry.ts';
import { verifyEntry } from './verify-entry.ts';

/** Names one object of a batch for good: its batch, page and place in it. */
export interface EntryName {
  batch: string;
  page: string;
  index: number;
}

/** `job`: the object is large, and its job goes its own way. */
export type EntryOutcome = { line: ResultLine } | { job: string };

/**
 * Does to one object what the batch asks for.
 *
 * @param attempt more than 1 when an earlier delivery may have done it already.
 * @throws RetryLater for what may pass; GiveUp StateUnusable.
 */
export async function doEntry(
  world: BatchWorld,
  request: BatchRequest,
  entry: PageEntry,
  { files, ...name }: EntryName & { files: WorkFiles },
  invocation: Invocation,
): Promise<EntryOutcome> {
  if (entry.error) return { line: failedLine(request, entry, entry.error) };
  // Asked when it was read as well, but who may write to the work folder may have written the page.
  const refusal = refusalOf(request, { source: entry, destination: entry.destination }, entry.options);
  if (refusal) return { line: failedLine(request, entry, errorFields(refusal)) };
  try {
    if (request.rule) return await doRuleEntry(world, request, entry, { id: name.batch, files }, invocation);
    if (entry.ask && !(await passesFilters(world, request, entry, invocation))) {
      return { line: { ...namesOf(entry), status: 'skipped', size: entry.size } };
    }
    if (request.mode === 'verify') return { line: await verifyEntry(world, request, entry, invocation) };
    const done = request.sync && (await prepareSync(world, request, entry, name, invocation));
    if (done) return 'job' in done ? done : { line: { ...namesOf(entry), ...done } };
    const copy = copyRequestOf(world, request, entry, name);
    const outcome = await startKeyed(world, copy, invocation);
    return outcome.kind === 'job' ? { job: outcome.job.id } : { line: lineOf(request, entry, outcome.result) };
  } catch (error) {
    if (!(error instanceof CopyError) || error instanceof RetryLater || gaveUp(error, 'StateUnusable')) throw error;
    return { line: failedLine(request, entry, errorFields(error)) };
  }
}

/** The end of a large object's job; undefined while it is under way, and for one after which the object itself is still to be copied. */
export function lineOfJob(request: BatchRequest, entry: PageEntry, job: Job): ResultLine | undefined {
  if (!isFinal(job.state) || isBackup(job)) return undefined;
  const seconds = (job.updatedAt - job.createdAt) / 1000;
  return { ...outcomeOfJob(request, entry, job), seconds, job: job.id };
}

function outcomeOfJob(request: BatchRequest, entry: PageEntry, job: Job): ResultLine {
  if (request.rule) return lineOfRuleJob(entry, job);
  if (job.state === 'done' && entry.extra) return { ...namesOf(entry), status: 'removed', size: entry.size };
  if (job.state === 'done' && job.result) return lineOf(request, entry, job.result);
  return failedLine(request, entry, errorFields(errorOf(job)));
}

export function copyRequestOf(
  world: BatchWorld,
  request: BatchRequest,
  entry: PageEntry,
  { batch, page, index }: EntryName,
): CopyRequest {
  const { bucket, key, versionId, etag, size, destination } = entry;
  const { store, onlyListed } = request;
  const mode = request.mode === 'sync' ? 'copy' : request.mode;
  if (mode === 'verify' || isRuleMode(mode)) throw new Error(`a batch of mode ${mode} asks for no copies of its own`);
  const { partSizeMin, directMax } = world.settings;
  // A rename must remember that the source is gone because we removed it; a large copy, or one that waits for a restore, that it is
  // done or on its way.
  const mayWait = { ...request.options, ...entry.options }.restore !== undefined;
  const keyed = mayWait || mode === 'rename' || size === undefined || size >= Math.min(partSizeMin, directMax);
  return {
    mode,
    store,
    source: { bucket, key, versionId },
    destination,
    options: { ...request.options, ...entry.options },
    ...(keyed && { idempotencyKey: `batch/${batch}/${page}/${index}` }),
    ...(mode === 'rename' && { journal: true }),
    ...(etag !== undefined && size !== undefined && { seen: { etag, size }, onlySeen: onlyListed }),
    labels: { ...request.labels, batch },
  };
}

type WritingMode = Exclude<BatchMode, 'verify' | RuleMode>;

const statusOf: Record<WritingMode, Status> = {
  copy: 'copied',
  sync: 'copied',
  rename: 'renamed',
  metadata: 'copied',
};

function lineOf(request: BatchRequest, entry: PageEntry, result: CopyResult): ResultLine {
  const mode = request.mode as WritingMode;
  const status = result.way === 'unchanged' && mode !== 'rename' ? 'unchanged' : statusOf[mode];
  return { ...namesOf(entry), status, ...resultFields(result) };
}

export function failedLine(request: BatchRequest, entry: PageEntry, error: LineError): ResultLine {
  // It was asked that what is there stays.
  const status =
    error.code === 'DestinationExists' && optionsOf(request, entry).overwrite === 'never' ? 'skipped' : 'failed';
  return { ...namesOf(entry), status, size: entry.size, error };
}

function optionsOf(request: BatchRequest, entry: PageEntry): CopyRequest['options'] {
  return { ...request.options, ...entry.options };
}
