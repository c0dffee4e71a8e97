/** What `--dry-run` prints. */
import type { DryRun } from '../../copy/dry-run.ts';
import type { PartRun } from '../../copy/model/job.ts';
import type { CopyRequest } from '../../copy/model/request.ts';
import { costOf } from '../../cost/request-prices.ts';
import { wayBetween, type Transfers } from '../../cost/transfer-prices.ts';
import type { TextStream } from '../process/io.ts';
import { formatBytes, formatCount, formatMoney, plural } from '../text/format.ts';
import { factLines } from '../text/labelled-values.ts';
import type { Paint } from '../text/paint.ts';
import { leftOutText, lossText, subjectText } from './result.ts';

/** The plan of one object, for people. */
export function planLines(request: CopyRequest, plan: DryRun, stream: TextStream, paint: Paint): string[] {
  const facts: [string, string][] = [
    ['size', formatBytes(plan.size)],
    ['way', wayText(plan)],
    ['calls', callsText(plan.calls)],
    ['price', priceText(request, plan.calls, transfersOf(plan))],
    ['permissions', plan.permissions.join(', ')],
    ['lost', plan.lost.length === 0 ? 'nothing' : plan.lost.map(lossText).join('; ')],
    ...(plan.notKept ? [['left out', leftOutText(plan.notKept)] as [string, string]] : []),
  ];
  return [
    `plan for ${subjectText(request)} ${paint('dim', '(dry run: nothing is written)')}`,
    ...factLines(facts, stream, paint),
  ];
}

/** The plan of one object, for machines. */
export function planDocument(request: CopyRequest, plan: DryRun): Record<string, unknown> {
  const { scheme } = request.store;
  return {
    status: 'planned',
    mode: request.mode,
    source: `${scheme}://${request.source.bucket}/${request.source.key}`,
    destination: `${scheme}://${request.destination.bucket}/${request.destination.key}`,
    ...plan,
    price: costOf(request, plan.calls, transfersOf(plan)),
  };
}

/** Bytes of a plan that cross from one region to another. */
export function transfersOf({ transfer, size }: Pick<DryRun, 'transfer' | 'size'>): Transfers {
  return transfer ? { [wayBetween(transfer)]: size } : {};
}

/** Price of the calls at the class that is written, and of what crosses regions, in the currency of the store's list. */
export function priceOf(
  request: Pick<CopyRequest, 'store' | 'options'>,
  calls: Record<string, number>,
  transfers?: Transfers,
): number {
  return costOf(request, calls, transfers).amount;
}

export function priceText(
  request: Pick<CopyRequest, 'store' | 'options'>,
  calls: Record<string, number>,
  transfers: Transfers = {},
): string {
  const { amount, transfer, currency, asOf, region } = costOf(request, calls, transfers);
  const what =
    transfer === undefined
      ? 'requests only'
      : `requests, and ${formatMoney(transfer, currency)} for the transfer of ${transferText(transfers)}`;
  return `about ${formatMoney(amount, currency)} (${what}, list prices of ${asOf}, ${region})`;
}

/** `2.0 GiB from eu-west-1 to us-east-1`. */
export function transferText(transfers: Transfers): string {
  const ways = Object.entries(transfers).map(
    ([way, bytes]) => `${formatBytes(bytes)} from ${way.replace(' -> ', ' to ')}`,
  );
  return ways.join(', ');
}

export function callsText(calls: Record<string, number>): string {
  const entries = Object.entries(calls).filter(([, count]) => count > 0);
  const total = entries.reduce((sum, [, count]) => sum + count, 0);
  return `${formatCount(total)}: ${entries.map(([call, count]) => `${formatCount(count)} ${call}`).join(', ')}`;
}

const ways: Record<Exclude<DryRun['way'], 'parts'>, string> = {
  direct: 'one CopyObject',
  unchanged: 'nothing to do: the destination is already as asked',
  'attributes-only': 'only tags or the ACL are written',
};

function wayText(plan: DryRun): string {
  return plan.way === 'parts' ? layoutText(plan.parts ?? []) : ways[plan.way];
}

/** `16 parts: 15 of 64.0 MiB, 1 of 12.5 MiB`. */
function layoutText(runs: readonly PartRun[]): string {
  const total = runs.reduce((sum, run) => sum + run.count, 0);
  const sizes = runs.map((run) =>
    runs.length === 1 ? `of ${formatBytes(run.size)}` : `${formatCount(run.count)} of ${formatBytes(run.size)}`,
  );
  return `${plural(total, 'part')}${runs.length === 1 ? ' ' : ': '}${sizes.join(', ')}`;
}
