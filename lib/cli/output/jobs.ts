/** What `ferry status` prints. */
import { batchRow } from '../../batch/rows/batch-row.ts';
import { isFinal, type Job } from '../../copy/model/job.ts';
import { describe } from '../../copy/model/object.ts';
import { partCount } from '../../copy/plan/plan.ts';
import type { Run } from '../../state/runs.ts';
import { commandText } from '../input/prefix-command.ts';
import type { TextStream } from '../process/io.ts';
import { formatBytes, formatCount, formatDuration, formatTime, printable } from '../text/format.ts';
import { factLines } from '../text/labelled-values.ts';
import type { Paint } from '../text/paint.ts';
import { formatTable } from '../text/table.ts';
import { batchText } from './batch.ts';
import { lossText, subjectText } from './result.ts';

/** How far a job is, 0 to 100; undefined while nothing is known. */
export function jobPercent(job: Job): number | undefined {
  if (job.state === 'done') return 100;
  if (!job.parts) return undefined;
  const counted = job.partsDone - (job.partsBase ?? 0);
  // The counter may over-count; only `done` means everything is there.
  return Math.min(99, Math.floor((counted / partCount(job.parts)) * 100));
}

/** One row per job under a heading. */
export function jobTable(jobs: readonly Job[], now: number): string[] {
  const rows = jobs.map((job) => [
    job.id,
    job.state,
    percentText(job),
    sizeText(job),
    age(now - job.createdAt),
    whatText(job),
  ]);
  return formatTable([['ID', 'STATE', 'DONE', 'SIZE', 'AGE', 'OBJECT'], ...rows], [2, 3, 4]);
}

/** Of a batch: what it has copied so far. */
function sizeText(job: Job): string {
  const size = batchRow(job)?.live.tally.bytes ?? job.pin?.size;
  return size === undefined ? '-' : formatBytes(size);
}

function whatText(job: Job): string {
  const request = batchRow(job)?.request;
  return request ? `batch: ${request.mode} ${batchText(request)}` : subjectText(job);
}

/** Everything about one job that helps to understand it. */
export function jobLines(job: Job, now: number, stream: TextStream, paint: Paint): string[] {
  const facts: [string, string | undefined][] = [
    ['state', [job.state, isFinal(job.state) ? '' : percentText(job)].filter(Boolean).join(', ')],
    ['mode', job.mode],
    ...(batchRow(job)
      ? [['what', whatText(job)] as [string, string]]
      : [
          ['source', printable(describe(job.store, job.source))] as [string, string],
          ['destination', printable(describe(job.store, job.destination))] as [string, string],
        ]),
    ['endpoint', job.store.endpoint],
    ['copied', batchRow(job) && sizeText(job)],
    ['size', job.pin && `${formatBytes(job.pin.size)} (${formatCount(job.pin.size)} bytes)`],
    ['parts', partsText(job)],
    ['way', job.result?.way],
    ['verified by', job.result?.verifiedBy],
    ['etag', job.result?.etag],
    ['not kept', job.result && job.result.lost.length > 0 ? job.result.lost.map(lossText).join('; ') : undefined],
    ['reason', job.reason && `${job.reason.code}: ${printable(job.reason.message)}`],
    ['upload', isFinal(job.state) && !job.abortPending ? undefined : job.uploadId],
    ['started', `${formatTime(job.createdAt)} (${age(now - job.createdAt)} ago)`],
    ['last change', `${formatTime(job.updatedAt)} (${age(now - job.updatedAt)} ago)`],
  ];
  return [
    `job ${job.id}`,
    ...factLines(
      facts.filter((fact): fact is [string, string] => fact[1] !== undefined),
      stream,
      paint,
    ),
  ];
}

function partsText(job: Job): string | undefined {
  if (!job.parts) return undefined;
  const total = partCount(job.parts);
  const counted = job.state === 'done' ? total : Math.min(total, job.partsDone - (job.partsBase ?? 0));
  return `${formatCount(counted)} of ${formatCount(total)} reported`;
}

function percentText(job: Job): string {
  const percent = jobPercent(job);
  return percent === undefined ? '-' : `${percent}%`;
}

function age(ms: number): string {
  return ms < 1_000 ? '0 s' : formatDuration(Math.max(1, Math.round(ms / 1000))).replace(/^(\d)\.0 s$/, '$1 s');
}

/** One row per interrupted command under a heading. */
export function runTable(runs: readonly Run[], now: number): string[] {
  const rows = runs.map((run) => [
    run.id,
    formatCount(run.counts['done'] ?? 0),
    formatBytes(run.counts['bytes'] ?? 0),
    age(now - run.createdAt),
    commandText(run.args),
  ]);
  return formatTable([['INTERRUPTED', 'OBJECTS', 'BYTES', 'AGE', 'COMMAND'], ...rows], [1, 2, 3]);
}
