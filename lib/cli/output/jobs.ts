/** What `ferry status` prints. */
import { batchRow } from '../../batch/rows/batch-row.ts';
import { isFinal, type Job } from '../../copy/model/job.ts';
import { describe } from '../../copy/model/object.ts';
import { partCount } from '../../copy/plan/plan.ts';
import type { Run } from '../../state/runs.ts';
import { oldRunText, readOldRun } from '../requests/old-run.ts';
import type { TextStream } from '../process/io.ts';
import { formatBytes, formatCount, formatDuration, formatTime, plural, printable } from '../text/format.ts';
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

/** What else a table of jobs shows. */
export interface Unfinished {
  /** Ids of unfinished jobs that no living process works on. */
  interrupted?: ReadonlySet<string>;
  /** As of `formatTable`. */
  width?: number | undefined;
  /** Interrupted commands of a version before batches. */
  runs?: readonly Run[];
}

/** One row per job, batch and interrupted command under a heading. */
export function jobTable(
  jobs: readonly Job[],
  now: number,
  { interrupted, runs = [], width }: Unfinished = {},
): string[] {
  const rows = [
    ...runs.map((run) => [
      run.id,
      'interrupted',
      readOldRun(run.args)?.mode ?? '-',
      formatCount(run.counts['done'] ?? 0),
      formatBytes(run.counts['bytes'] ?? 0),
      age(now - run.createdAt),
      oldRunText(run.args),
    ]),
    ...jobs.map((job) => [
      job.id,
      batchRow(job)?.paused ? 'paused' : interrupted?.has(job.id) ? 'interrupted' : job.state,
      modeOf(job),
      percentText(job),
      sizeText(job),
      age(now - job.createdAt),
      placesText(job),
    ]),
  ];
  return formatTable([['ID', 'STATE', 'MODE', 'DONE', 'SIZE', 'AGE', 'WHAT'], ...rows], [3, 4, 5], width);
}

/** Of a batch: what it has copied so far. */
function sizeText(job: Job): string {
  const size = batchRow(job)?.live.tally.bytes ?? job.pin?.size;
  return size === undefined ? '-' : formatBytes(size);
}

function modeOf(job: Job): string {
  return batchRow(job)?.request.mode ?? job.mode;
}

function placesText(job: Job): string {
  const request = batchRow(job)?.request;
  return request ? batchText(request) : subjectText(job);
}

/** `rename oss://a/logs/ -> oss://b/old/ (12 of 60 objects)`; what goes on, in one line. */
export function workText(job: Job): string {
  return `${modeOf(job)} ${placesText(job)}${farText(job)}`;
}

function farText(job: Job): string {
  const live = batchRow(job)?.live;
  if (live?.entries === 0) return '';
  const far = live ? `${formatCount(live.tally.entries)} of ${plural(live.entries, 'object')}` : percentText(job);
  return far === '-' ? '' : ` (${far})`;
}

/** The same for an interrupted command of a version before batches. */
export function runText({ args, counts }: Run): string {
  const mode = readOldRun(args)?.mode ?? 'command';
  return `${mode} ${oldRunText(args)} (${plural(counts['done'] ?? 0, 'object')})`;
}

/** Everything about the job of one object that helps to understand it. */
export function jobLines(job: Job, now: number, stream: TextStream, paint: Paint): string[] {
  const facts: [string, string | undefined][] = [
    ['state', [job.state, isFinal(job.state) ? '' : percentText(job)].filter(Boolean).join(', ')],
    ['waits for', waitText(job, now)],
    ['mode', job.mode],
    ['source', printable(describe(job.store, job.source))],
    ['destination', printable(describe(job.store, job.destination))],
    ['endpoint', job.store.endpoint],
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

/** The restore of an archived source. */
function waitText({ restoringSince, state }: Job, now: number): string | undefined {
  if (restoringSince === undefined || isFinal(state)) return undefined;
  return `the restore of its archived source, for ${age(now - restoringSince)}`;
}

function partsText(job: Job): string | undefined {
  if (!job.parts) return undefined;
  const total = partCount(job.parts);
  const counted = job.state === 'done' ? total : Math.min(total, job.partsDone - (job.partsBase ?? 0));
  return `${formatCount(counted)} of ${formatCount(total)} reported`;
}

function percentText(job: Job): string {
  const live = batchRow(job)?.live;
  if (live) return `${formatCount(live.tally.entries)}/${formatCount(live.entries)}`;
  const percent = jobPercent(job);
  return percent === undefined ? '-' : `${percent}%`;
}

function age(ms: number): string {
  return ms < 1_000 ? '0 s' : formatDuration(Math.max(1, Math.round(ms / 1000))).replace(/^(\d)\.0 s$/, '$1 s');
}
