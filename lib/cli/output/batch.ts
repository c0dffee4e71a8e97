/** What `ferry batch` prints. */
import type { BatchDryRun, BatchRequest, BatchView, Tally } from '../../batch/index.ts';
import { destinationPlaceOf, sourcePlaceOf } from '../../batch/request/places.ts';
import type { ObjectRef } from '../../copy/model/object.ts';
import { costOf } from '../../cost/request-prices.ts';
import { exit } from '../process/exit.ts';
import type { TextStream } from '../process/io.ts';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMoney,
  formatRate,
  formatTime,
  plural,
  printable,
} from '../text/format.ts';
import { factLines } from '../text/labelled-values.ts';
import type { Paint } from '../text/paint.ts';
import { formatTable } from '../text/table.ts';
import { callsText, priceOf, priceText } from './plan.ts';
import { leftOutText } from './result.ts';
import { syncText } from './sync.ts';
import { ruleCounts, ruleEndText, ruleText } from './rule.ts';

/** `oss://photos/2024/ -> oss://backup/2024/`, `list.csv -> s3://backup/`, `oss://a/ -> oss://b/ (rule nightly, --fix)`. */
export function batchText(request: BatchRequest): string {
  const { mode, store, source, rule, sync } = request;
  const url = ({ bucket, key }: ObjectRef): string => printable(`${store.scheme}://${bucket}/${key}`);
  const place = sourcePlaceOf(request);
  const from =
    source.kind === 'results'
      ? `${source.statuses.join(' and ')} objects of ${source.batchId}`
      : place && 'bucket' in place
        ? url(place)
        : printable(place?.path ?? '');
  if (rule) return `${from} -> ${rule.destinations.map(url).join(', ')} (${ruleText(rule)})`;
  const to = mode === 'metadata' ? undefined : destinationPlaceOf(request);
  if (!to) return from;
  return `${from} -> ${url(to)}${sync ? syncText(sync, store.scheme) : ''}`;
}

/** `copied 1,204, unchanged 3, failed 2 (1 NotFound, 1 AccessDenied)`; in the order in which people ask. */
export function tallyText(tally: Tally): string {
  const pieces = Object.entries(tally.counts)
    .filter(([, count]) => count > 0)
    .map(
      ([status, count]) => `${status} ${formatCount(count)}${status === 'failed' ? ` (${list(tally.failures)})` : ''}`,
    );
  if (tally.rejected > 0) pieces.push(`${plural(tally.rejected, 'malformed row')}`);
  const over = list(tally.passedOver);
  if (over !== '') pieces.push(`passed over ${over}`);
  return pieces.join(', ') || 'nothing';
}

function list(counts: Readonly<Record<string, number | undefined>>): string {
  return Object.entries(counts)
    .map(([name, count = 0]) => `${formatCount(count)} ${name}`)
    .join(', ');
}

/** What stands right of the progress bar, besides bytes and speed. */
export function countText(view: BatchView): string {
  const { counts, objectsKnown, pages, throttled, rate, passedOverKnown = 0, request } = view;
  const known = `${formatCount(objectsKnown)}${pages.complete ? '' : '+'}`;
  const failed = counts.counts.failed ?? 0;
  return [
    `${formatCount(counts.entries)}/${known} objects`,
    ...(request.sync ? [`${formatCount(passedOverKnown)} equal`] : []),
    `${formatCount(rate)}/s`,
    ...(view.etaSeconds !== undefined && !view.ended ? [`${formatDuration(view.etaSeconds)} left`] : []),
    ...(failed > 0 ? [`${formatCount(failed)} failed`] : []),
    ...(throttled > 0 ? [`throttled ${formatCount(throttled)}x`] : []),
    ...(view.pace !== undefined ? [`pace ${formatCount(view.pace)}/s`] : []),
    ...(view.paused ? ['paused'] : []),
  ].join(', ');
}

/** One row per batch under a heading. @param width as of `formatTable` */
export function batchTable(views: readonly BatchView[], width?: number): string[] {
  const rows = views.map((view) => [
    view.id,
    view.paused ? 'paused' : view.state,
    `${formatCount(view.counts.entries)}/${formatCount(view.objectsKnown)}${view.pages.complete ? '' : '+'}`,
    formatCount(view.counts.counts.failed ?? 0),
    formatBytes(view.counts.bytes),
    `${view.request.mode} ${batchText(view.request)}`,
  ]);
  return formatTable([['ID', 'STATE', 'OBJECTS', 'FAILED', 'SIZE', 'WHAT'], ...rows], [2, 3, 4], width);
}

/** Everything about one batch that helps to understand it. */
export function batchLines(view: BatchView, stream: TextStream, paint: Paint): string[] {
  const { counts, pages, pace, request } = view;
  const facts: [string, string | undefined][] = [
    ['state', view.paused ? `${view.state}, paused` : view.state],
    ['mode', request.mode],
    ['what', batchText(request)],
    [
      'objects',
      `${formatCount(counts.entries)} of ${formatCount(view.objectsKnown)}${pages.complete ? '' : ' read so far'}`,
    ],
    ['pages', `${formatCount(pages.done)} of ${formatCount(pages.known)}${pages.complete ? '' : ' read so far'}`],
    ['results', tallyText(counts)],
    ['copied', formatBytes(counts.bytes)],
    ['read', counts.bytesRead === undefined ? undefined : formatBytes(counts.bytesRead)],
    ['not kept', list(counts.losses) || undefined],
    ['differences', list(counts.differences) || undefined],
    ['calls', hasCalls(counts) ? callsText(counts.calls) : undefined],
    ['price', hasCalls(counts) ? priceText(request, counts.calls, counts.transfers) : undefined],
    ['rate', `${formatCount(view.rate)} objects/s`],
    ['throttled', view.throttled > 0 ? plural(view.throttled, 'answer') : undefined],
    ['pace', pace === undefined ? undefined : `${formatCount(pace)} requests/s`],
    ['left', view.etaSeconds === undefined || view.ended ? undefined : formatDuration(view.etaSeconds)],
    ['reason', view.reason && `${view.reason.code}: ${printable(view.reason.message)}`],
    ['started', formatTime(view.startedAt)],
    ['last change', formatTime(view.updatedAt)],
    ['report', reportPlace(view)],
  ];
  const known = facts.filter((fact): fact is [string, string] => fact[1] !== undefined);
  return [`batch ${view.id}`, ...factLines(known, stream, paint)];
}

function reportPlace({ id, request: { work } }: BatchView): string | undefined {
  if (!work) return undefined;
  if (work.kind === 'folder') return printable(`${work.path}/${id}`);
  return printable(`${work.store.scheme}://${work.bucket}/${work.prefix}${id}/`);
}

/** The last line of a run. */
export function endLine(view: BatchView, paint: Paint): string {
  const { summary, counts } = view;
  const byRule = ruleCounts(view);
  const text = byRule ? `${tallyText(counts)}; ${ruleEndText(view, byRule)}` : tallyText(counts);
  const seconds = summary?.seconds ?? 0;
  const mark = exitOf(view) === exit.done ? paint('green', '✓') : paint('yellow', '!');
  const bytes = counts.bytes > 0 ? `, ${formatBytes(counts.bytes)} (${formatRate(counts.bytes, seconds)})` : '';
  const read = counts.bytesRead === undefined ? '' : `, read ${formatBytes(counts.bytesRead)}`;
  const pace = `in ${formatDuration(seconds)}, ${formatCount(summary?.objectsPerSecond ?? 0)} objects/s`;
  const cost = hasCalls(counts) ? `, ${costText(view)}` : '';
  const leftOut = summary?.notKept ? `; ${leftOutText(summary.notKept)}` : '';
  return `${mark} batch ${view.id} ${view.state}: ${text}${bytes}${read} ${pace}${cost}${leftOut}`;
}

function hasCalls({ calls }: Tally): boolean {
  return Object.keys(calls).length > 0;
}

/** `1,204 requests, about 0.0054 USD`. */
export function costText({ request, counts: { calls, transfers } }: BatchView): string {
  const sent = Object.values(calls).reduce((sum, count) => sum + count, 0);
  const { amount, transfer, currency } = costOf(request, calls, transfers);
  const between =
    transfer === undefined ? '' : `, ${formatMoney(transfer, currency)} of it for transfer between regions`;
  return `${plural(sent, 'request')}, about ${formatMoney(amount, currency)}${between}`;
}

/**
 * 3 where some of many failed, differ or could not be compared, and for any difference of a rule; 1 where all did or the batch
 * itself failed.
 */
export function exitOf({ state, counts, request }: BatchView): number {
  if (state === 'failed' || state === 'cancelled') return exit.failed;
  const bad =
    (counts.counts.failed ?? 0) + (counts.counts.different ?? 0) + (counts.counts.undecided ?? 0) + counts.rejected;
  if (bad === 0) return exit.done;
  if (request.mode === 'reconcile') return exit.someFailed;
  // Of a sync, what the listings prove equal is no entry, and what is undecided may well be equal.
  if (request.sync)
    return (counts.counts.failed ?? 0) < counts.entries || counts.passedOver['equal'] ? exit.someFailed : exit.failed;
  return bad < counts.entries + counts.rejected ? exit.someFailed : exit.failed;
}

/** The plan of a batch, for people. */
export function dryRunLines(request: BatchRequest, plan: BatchDryRun, stream: TextStream, paint: Paint): string[] {
  const calls = scaledCalls(plan);
  const more = plan.more ? ' at least: the first were read' : '';
  const facts: [string, string][] = [
    ['objects', `${plural(plan.objects, 'object')}, ${formatBytes(plan.bytes)}${more}`],
    ['left out', formatCount(plan.leftOut)],
    [
      'malformed',
      plan.rejected.length === 0 ? 'none' : plan.rejected.map(({ line, why }) => `line ${line}: ${why}`).join('; '),
    ],
    ...(Object.keys(plan.ways).length > 0 ? [['ways', list(plan.ways)] as [string, string]] : []),
    ['calls', callsText(calls)],
    ['price', priceText(request, calls, scaledTransfers(plan))],
    ...(plan.bytesReadAtMost === undefined
      ? []
      : [
          ['read', `at most ${formatBytes(plan.bytesReadAtMost)}, which come here; traffic is not in the price`] as [
            string,
            string,
          ],
        ]),
    ['duration', `about ${formatDuration(secondsOf(request, calls))} at ${formatCount(paceOf(request))} requests/s`],
    ['permissions', plan.permissions.join(', ') || '-'],
    ...(request.mode === 'verify' ? [] : [['lost', list(plan.lost) || 'nothing'] as [string, string]]),
    ...(plan.notKept ? [['not carried', leftOutText(plan.notKept)] as [string, string]] : []),
    ['would fail', list(plan.failures) || 'none of those looked at'],
    ...conflictFacts(plan),
    ...plan.examples.map(({ source, destination }): [string, string] => [
      'for example',
      printable(`${source.bucket}/${source.key} -> ${destination.bucket}/${destination.key}`),
    ]),
  ];
  return [
    `plan for ${batchText(request)} ${paint('dim', `(dry run: nothing is written, from a look at ${plural(plan.looked, 'object')})`)}`,
    ...factLines(facts, stream, paint),
  ];
}

const conflictWords = {
  'same-destination': 'write an object that another row writes',
  'other-source': "write another row's source",
  'same-source': 'move an object that another row moves',
  repeated: 'are listed twice and done once',
} as const;

function conflictFacts({ conflicts }: BatchDryRun): [string, string][] {
  if (!conflicts) return [];
  const found = Object.entries(conflicts.counts) as [keyof typeof conflictWords, number][];
  const among = `${conflicts.more ? 'the first ' : ''}${plural(conflicts.rows, 'row')}`;
  const text = found.map(([kind, count]) => `${formatCount(count)} ${conflictWords[kind]}`).join(', ');
  return [
    ['conflicts', text === '' ? `none among ${among}` : `${text}, of ${among}`],
    ...conflicts.examples.map(({ line, source, why }): [string, string] => [
      'conflict',
      printable(`${line === undefined ? '' : `line ${line}, `}${source.bucket}/${source.key}: ${why}`),
    ]),
  ];
}

/** The plan of a batch, for machines. */
export function dryRunDocument(request: BatchRequest, plan: BatchDryRun): Record<string, unknown> {
  const calls = scaledCalls(plan);
  const transfers = scaledTransfers(plan);
  return {
    status: 'planned',
    ...plan,
    calls,
    ...(transfers && { transfers }),
    price: priceOf(request, calls, transfers),
    seconds: secondsOf(request, calls),
  };
}

/** Calls of those looked at, for all that were read. */
function scaledCalls(plan: BatchDryRun): Record<string, number> {
  return scaled(plan.calls, plan);
}

function scaledTransfers(plan: BatchDryRun): Record<string, number> | undefined {
  return plan.transfers && scaled(plan.transfers, plan);
}

function scaled(counts: Record<string, number>, { looked, objects }: BatchDryRun): Record<string, number> {
  const factor = looked === 0 ? 0 : objects / looked;
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, Math.round(count * factor)]));
}

/** What stores usually take from one client before they ask it to slow down. */
const usualPace = 1_000;

function paceOf({ limits }: BatchRequest): number {
  return Math.min(usualPace, limits?.requestsPerSecond ?? Infinity, limits?.prefixRequestsPerSecond ?? Infinity);
}

function secondsOf(request: BatchRequest, calls: Record<string, number>): number {
  return Object.values(calls).reduce((sum, count) => sum + count, 0) / paceOf(request);
}
