/** What `cp`, `mv` and `meta` of many objects print, from the tally and the results of their batch. */
import type { BatchView, ResultLine } from '../../batch/index.ts';
import { leftOut } from '../../copy/fidelity/acl.ts';
import {
  GiveUp,
  RetryLater,
  SourceChanged,
  Superseded,
  type CopyError,
  type GiveUpCode,
} from '../../copy/model/errors.ts';
import type { StoreAddress } from '../../copy/model/object.ts';
import type { CopyOptions } from '../../copy/model/request.ts';
import { transferCost, type Transfers } from '../../cost/transfer-prices.ts';
import { exit } from '../process/exit.ts';
import { formatBytes, formatCount, formatDuration, formatMoney, formatRate, plural } from '../text/format.ts';
import type { Paint } from '../text/paint.ts';
import { exitOf } from './batch.ts';
import { transferText } from './plan.ts';
import { errorDocument, leftOutText, resultDocument, type Subject } from './result.ts';

const verbs = {
  copy: 'copied',
  rename: 'moved',
  metadata: 'changed',
  sync: 'copied',
  verify: 'compared',
  replicate: 'replicated',
  reconcile: 'compared',
} as const;

/** `copied 1,204 objects, 53.2 GiB in 3 min 20 s (272 MiB/s); 16 unchanged; 3 failed (2 NotFound, 1 AccessDenied)`. */
export function manyEndLine(view: BatchView, paint: Paint): string {
  const { counts: tally, summary, request } = view;
  const { unchanged = 0, skipped = 0, failed = 0 } = tally.counts;
  const seconds = summary?.seconds ?? 0;
  const rate = tally.bytes > 0 ? ` (${formatRate(tally.bytes, seconds)})` : '';
  const failures = Object.entries(tally.failures).map(([name, count]) => `${formatCount(count)} ${name}`);
  // Objects that are as asked were compared, but neither copied nor changed.
  const done = tally.entries - failed - skipped - (request.mode === 'reconcile' ? 0 : unchanged);
  const pieces = [
    `${plural(done, 'object')}, ${formatBytes(tally.bytes)} in ${formatDuration(seconds)}${rate}`,
    ...(tally.transfers ? [`, ${crossedText(tally.transfers)}`] : []),
    ...(unchanged > 0 ? [`; ${formatCount(unchanged)} unchanged`] : []),
    ...(skipped > 0 ? [`; ${formatCount(skipped)} skipped`] : []),
    ...(failed > 0 ? [`; ${formatCount(failed)} failed (${failures.join(', ')})`] : []),
    ...(summary?.notKept ? [`; ${leftOutText(summary.notKept)}`] : []),
  ];
  const mark = exitOf(view) === exit.done ? paint('green', '✓') : paint('yellow', '!');
  return `${mark} ${verbs[request.mode]} ${pieces.join('')}`;
}

function crossedText(transfers: Transfers): string {
  return `${transferText(transfers)} (about ${formatMoney(transferCost(transfers), 'USD')} for the transfer)`;
}

/** The document of `--json` for one object of many. */
export function lineDocument(
  { mode, store, options }: { mode: Subject['mode']; store: StoreAddress; options: CopyOptions },
  line: ResultLine,
): Record<string, unknown> {
  const subject = subjectOf({ mode, store }, line);
  const {
    status,
    error,
    way = 'unchanged',
    size = 0,
    etag = '',
    parts,
    verifiedBy = 'store',
    lost = [],
    transfer,
  } = line;
  if (status === 'skipped') return { ...errorDocument(subject, errorOfLine(line)), status };
  if (error) return errorDocument(subject, errorOfLine(line));
  const result = {
    ...{ way, size, etag, versionId: line.destinationVersionId, parts, lost, transfer },
    verifiedBy: verifiedBy === 'bytes' ? ('store' as const) : verifiedBy,
    ...leftOut({ mode, options: { ...options, ...line.options } }),
    ...(status === 'renamed' && { sourceRemoved: true }),
  };
  const { seconds, ...document } = resultDocument(subject, result, line.seconds ?? 0, line.job);
  if (line.seconds !== undefined) document['seconds'] = seconds;
  return way === 'unchanged' && status === 'renamed' ? { ...document, status: verbs.rename } : document;
}

/** What made the object fail. */
export function errorOfLine({ error }: ResultLine): CopyError {
  const { code = 'Unsupported', message = 'not done', store: answer } = error ?? {};
  switch (code) {
    case 'RetryLater':
      return new RetryLater(message, { answer });
    case 'SourceChanged':
      return new SourceChanged(message, { answer });
    case 'Superseded':
      return new Superseded(message, { answer });
    default:
      return new GiveUp(code as GiveUpCode, message, { answer });
  }
}

function subjectOf(
  { mode, store }: Pick<Subject, 'mode' | 'store'>,
  { bucket, key, versionId, destination }: ResultLine,
): Subject {
  return { mode, store, source: { bucket, key, versionId }, destination };
}
