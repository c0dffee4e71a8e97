/** What `ferry status --rules` prints. */
import type { RuleFigures, RuleStatus } from '../../api/views/rule-status.ts';
import { formatBytes, formatCount, formatDuration, printable } from '../text/format.ts';
import { formatTable } from '../text/table.ts';

const heading = [
  'RULE',
  'BACKLOG',
  'OLDEST',
  'DEAD',
  'DONE',
  'SKIPPED',
  'FAILED',
  'BYTES',
  'REQUESTS',
  'LAG P50/P95/P99',
  'LAST SUCCESS',
];

/** One row per rule under a heading. */
export function ruleTable(rules: readonly RuleStatus[], now: number): string[] {
  const rows = rules.map(({ name, figures }) => [printable(name), ...(figures ? cells(figures, now) : [])]);
  return formatTable([heading, ...rows], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

function cells(figures: RuleFigures, now: number): string[] {
  const { backlog, oldestAt, deadLetters, replicated, deleted, skipped, failed, bytes, requests, lastSuccessAt } =
    figures;
  return [
    formatCount(backlog),
    since(oldestAt, now),
    formatCount(deadLetters),
    formatCount(replicated + deleted),
    formatCount(total(skipped)),
    formatCount(total(failed)),
    formatBytes(bytes),
    formatCount(requests),
    lagText(figures),
    lastSuccessAt === undefined ? 'never' : `${since(lastSuccessAt, now)} ago`,
  ];
}

function total(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function since(at: number | undefined, now: number): string {
  return at === undefined ? '-' : formatDuration(Math.max(0, now - at) / 1000);
}

function lagText({ lag }: RuleFigures): string {
  return lag ? [lag.p50, lag.p95, lag.p99].map(formatDuration).join(' / ') : '-';
}
