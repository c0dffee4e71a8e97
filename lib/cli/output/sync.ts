/** What `ferry sync` prints. */
import type { BatchView, ResultLine, SyncDifference, SyncPreview, SyncRequest } from '../../batch/index.ts';
import { formatBytes, formatCount, formatDuration, formatRate, plural, printable } from '../text/format.ts';

/** ` (--delete --backup-prefix s3://old/)`, or nothing. */
export function syncText({ delete: removes, backup, compareTime }: SyncRequest, scheme: string): string {
  const flags = [
    removes && '--delete',
    backup && `--backup-prefix ${printable(`${scheme}://${backup.bucket}/${backup.prefix}`)}`,
    compareTime && '--compare-time',
  ].filter(Boolean);
  return flags.length > 0 ? ` (${flags.join(' ')})` : '';
}

/** Objects of the source that were found, and are meant. */
export function sourcesOf({ counts: { entries, counts, passedOver } }: BatchView): number {
  return entries - (counts.removed ?? 0) + (passedOver['equal'] ?? 0);
}

/** `✓ 1,204 equal, copied 8 objects (53.2 MiB), removed 2 in 3 min 20 s`: what was compared or done, and nothing that was not. */
export function syncEndText({ counts: tally, summary, request }: BatchView, mark: string): string {
  const { copied = 0, removed = 0, unchanged = 0, skipped = 0, undecided = 0, failed = 0 } = tally.counts;
  const seconds = summary?.seconds ?? 0;
  const extra = tally.passedOver['extra'] ?? 0;
  const failures = Object.entries(tally.failures).map(([name, count]) => `${formatCount(count)} ${name}`);
  const rate = tally.bytes > 0 ? ` (${formatBytes(tally.bytes)}, ${formatRate(tally.bytes, seconds)})` : '';
  const pieces = [
    `${formatCount((tally.passedOver['equal'] ?? 0) + unchanged)} equal`,
    `copied ${plural(copied, 'object')}${rate}`,
    ...(request.sync?.delete ? [`removed ${formatCount(removed)}`] : []),
    ...(extra > 0 ? [`${formatCount(extra)} without a source left (--delete removes them)`] : []),
    ...(skipped > 0 ? [`${formatCount(skipped)} skipped, changed meanwhile`] : []),
    ...(undecided > 0 ? [`${formatCount(undecided)} undecided`] : []),
    ...(failed > 0 ? [`${formatCount(failed)} failed (${failures.join(', ')})`] : []),
  ];
  return `${mark} ${pieces.join(', ')}, in ${formatDuration(seconds)}`;
}

type Kind = 'copy' | 'overwrite' | 'remove' | 'undecided' | 'failed' | 'equal' | 'skipped';

export function kindOf({ entry, would }: SyncDifference): Kind {
  if ('error' in would) return 'failed';
  if ('act' in would) return would.act === 'remove' ? 'remove' : entry.there ? 'overwrite' : 'copy';
  return would.status === 'undecided' ? 'undecided' : would.status === 'skipped' ? 'skipped' : 'equal';
}

const signs: Partial<Record<Kind, string>> = { copy: '+', overwrite: '~', remove: '-', undecided: '?', failed: '!' };

/** `+ a.jpg (1.20 MiB)`, by the key of the destination; undefined for what is equal after all. */
export function syncDifferenceText(difference: SyncDifference, scheme: string): string | undefined {
  const { entry, would } = difference;
  const sign = signs[kindOf(difference)];
  if (sign === undefined) return undefined;
  const { bucket, key } = entry.destination;
  const why = 'error' in would ? `: ${would.error.message}` : ` (${formatBytes(entry.size ?? 0)})`;
  return printable(`${sign} ${scheme}://${bucket}/${key}${why}`);
}

export function syncDifferenceDocument(difference: SyncDifference): Record<string, unknown> | undefined {
  const { entry, would } = difference;
  const kind = kindOf(difference);
  if (kind === 'equal' || kind === 'skipped') return undefined;
  const { bucket, key, size, destination } = entry;
  const named = kind === 'remove' ? { destination } : { source: { bucket, key }, destination };
  return {
    status: 'planned',
    action: kind,
    ...named,
    size,
    ...('error' in would && { error: would.error.code, message: would.error.message }),
  };
}

/** What a dry run has found, in one line. */
export function syncPlanText(
  kinds: Partial<Record<Kind, number>>,
  { passedOver }: SyncPreview,
  removes: boolean,
): string {
  const count = (kind: Kind): number => kinds[kind] ?? 0;
  const equal = (passedOver['equal'] ?? 0) + count('equal');
  const extra = passedOver['extra'] ?? 0;
  return [
    `${formatCount(equal)} equal`,
    `${formatCount(count('copy'))} to copy (+)`,
    `${formatCount(count('overwrite'))} to overwrite (~)`,
    ...(removes ? [`${formatCount(count('remove'))} to remove (-)`] : []),
    ...(extra > 0 ? [`${formatCount(extra)} without a source left`] : []),
    ...(count('undecided') > 0 ? [`${formatCount(count('undecided'))} undecided (?)`] : []),
    ...(count('failed') > 0 ? [`${formatCount(count('failed'))} that cannot be looked at (!)`] : []),
  ].join(', ');
}

/** The document of `--json` for one object, where that of a copy does not fit. */
export function syncLineDocument({
  status,
  bucket,
  key,
  destination,
  size,
  why,
  differences = [],
}: ResultLine): Record<string, unknown> {
  const [found] = differences;
  const reason = why ?? found?.why;
  return {
    status,
    ...(status !== 'removed' && { source: { bucket, key } }),
    destination,
    size,
    ...(reason !== undefined && { why: reason }),
  };
}
