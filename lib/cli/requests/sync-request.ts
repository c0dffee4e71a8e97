/** The command line of `ferry sync`, in the words of `lib/batch`. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { BatchInput, MaxDelete, SyncRequest, Undecided } from '../../batch/index.ts';
import type { StoreAddress } from '../../copy/model/object.ts';
import { present } from '../../copy/model/omit-undefined.ts';
import { UsageError } from '../process/exit.ts';
import { copyOptions } from './copy-request.ts';
import { atOnce } from './many-request.ts';
import {
  addMetadataOptions,
  addOutputOptions,
  addRestoreOptions,
  addRunOptions,
  addStoreOptions,
  type CopyFlags,
} from '../input/options.ts';
import { wholeNumber } from '../input/parse.ts';
import { addSelectionOptions, choiceOf, objectFilters } from '../input/selection.ts';
import { formatUrl, parsePrefix, parseUrl, type Prefix } from '../input/urls.ts';

export interface SyncFlags extends CopyFlags {
  delete?: boolean;
  maxDelete?: MaxDelete;
  backupPrefix?: string;
  compareTime?: boolean;
  undecided?: Undecided;
  rate?: number;
  detach?: boolean;
}

export interface SyncPlaces {
  scheme: StoreAddress['scheme'];
  source: Prefix;
  destination: Prefix;
}

export function addSyncOptions(command: Command): Command {
  command
    .optionsGroup('What:')
    .option('--delete', 'remove destination objects that have no source; both sides are listed to their ends first')
    .option(
      '--max-delete <n>',
      'with --delete: how many at most, as a number or a share such as 10%; more, and nothing is done (default 50%)',
      parseMaxDelete,
    )
    .option('--backup-prefix <url>', 'copy there what is overwritten or removed, before it is')
    .option('--compare-time', 'also copy what was written after its copy, although size and ETag are equal')
    .addOption(
      new Option(
        '--undecided <what>',
        'with equal sizes where neither ETags nor checksums tell more: report (exit code 3), keep, copy; default: report',
      ).choices(['report', 'keep', 'copy']),
    );
  addSelectionOptions(command).option('--objects <n>', 'objects at once (default 16)', wholeNumber(1, 1_000));
  addMetadataOptions(command);
  addRestoreOptions(addRunOptions(command))
    .option('--rate <n>', 'requests a second at most', wholeNumber(1, 1_000_000))
    .option('--detach', 'only start it; `ferry resume`, or a `ferry serve` on the same state, goes on');
  return addStoreOptions(addOutputOptions(command));
}

/** `20` objects, or `10%` of those that are there. */
function parseMaxDelete(text: string): MaxDelete {
  const [, number = '', percent] = /^(\d{1,12}(?:\.\d{1,3})?)(%?)$/.exec(text.trim()) ?? [];
  const value = Number(number);
  if (number === '' || (percent ? value > 100 : !Number.isInteger(value)))
    throw new InvalidArgumentError('Write a whole number of objects such as 100, or a share such as 10%.');
  return percent ? { percent: value } : { objects: value };
}

/** Both are prefixes, with or without a slash behind them. @throws UsageError. */
export function syncPlaces(from: string, to: string): SyncPlaces {
  const { scheme, ...source } = parsePrefix(from);
  const { scheme: other, ...destination } = parsePrefix(to);
  if (scheme !== other) {
    throw new UsageError(
      `cannot sync from ${scheme}:// to ${other}://: the store copies inside itself, so both must be in the same store.`,
    );
  }
  return { scheme, source, destination };
}

export function syncRequest(
  { scheme, source, destination }: SyncPlaces,
  store: StoreAddress,
  flags: SyncFlags,
): BatchInput {
  const { objects = 16, rate } = flags;
  if (flags.maxDelete !== undefined && !flags.delete) throw new UsageError('--max-delete needs --delete.');
  const isSamePrefix = source.prefix === destination.prefix;
  return present({
    mode: 'sync' as const,
    store,
    source: { kind: 'prefix' as const, ...source },
    destination: { bucket: destination.bucket },
    mapping: isSamePrefix ? undefined : { kind: 'prefix' as const, from: source.prefix, to: destination.prefix },
    choice: choiceOf(flags, source.prefix),
    filters: objectFilters(flags),
    sync: syncOf(scheme, flags),
    options: copyOptions(scheme, flags),
    limits: rate === undefined ? undefined : { requestsPerSecond: rate },
    ...atOnce(objects),
  });
}

function syncOf(scheme: StoreAddress['scheme'], flags: SyncFlags): SyncRequest {
  const { maxDelete, compareTime, undecided, backupPrefix, allowEmpty } = flags;
  const backup = backupPrefix === undefined ? undefined : parsePrefix(backupPrefix);
  if (backup && backup.scheme !== scheme)
    throw new UsageError(`--backup-prefix ${formatUrl(parseUrl(backupPrefix ?? ''))} must be in the same store.`);
  return present({
    delete: flags.delete,
    maxDelete,
    allowEmptySource: allowEmpty,
    backup: backup && { bucket: backup.bucket, prefix: backup.prefix },
    compareTime,
    undecided,
  });
}
