/** `cp`, `mv` and `meta` with a list of objects, or with an option that only batches have. */
import { hasWildcard } from '../../keys/wildcard.ts';
import type { BatchControlFlags, BatchFlags, BatchMappingFlags, BatchSourceFlags } from '../input/batch-options.ts';
import type { CopyFlags, MetaFlags } from '../input/options.ts';
import { parseUrl } from '../input/urls.ts';
import { UsageError } from '../process/exit.ts';

export type ManyAsBatchFlags = Omit<BatchSourceFlags, keyof CopyFlags> & BatchMappingFlags & BatchControlFlags;

const names = {
  manifest: '--manifest',
  inventory: '--inventory',
  glob: '--glob',
  suffix: '--suffix',
  class: '--class',
  withTag: '--with-tag',
  keyTemplate: '--key-template',
  keyPattern: '--key-pattern',
  keyTo: '--key-to',
  unfit: '--unfit',
  pageSize: '--page-size',
  priority: '--priority',
  rate: '--rate',
  prefixRate: '--prefix-rate',
  report: '--report',
  detach: '--detach',
} as const satisfies Partial<Record<keyof ManyAsBatchFlags, string>>;

/** The options of the command line that ask for a batch. */
export function batchOptionsIn(flags: ManyAsBatchFlags): string[] {
  const given = Object.entries(names).filter(([flag]) => flags[flag as keyof typeof names] !== undefined);
  return given.map(([, option]) => option);
}

/**
 * The same command, in the flags of `batch run`. A source has to stand for many objects: the options are about many.
 *
 * @throws UsageError for one object, and for --version-id.
 */
export function asBatch(
  mode: 'copy' | 'rename' | 'metadata',
  places: readonly string[],
  flags: (CopyFlags | MetaFlags) & ManyAsBatchFlags,
): { places: string[]; flags: BatchFlags } {
  const [option = ''] = batchOptionsIn(flags);
  if (flags.versionId !== undefined)
    throw new UsageError(`--version-id names a version of one object, and ${option} is about many.`);
  const isListed = flags.manifest !== undefined || flags.inventory !== undefined;
  const sources = isListed ? [] : [sourceOf(places[0] ?? '', option, flags.recursive)];
  const { objects, recursive: _recursive, ...rest } = flags;
  return {
    places: [...sources, ...places.slice(isListed ? 0 : 1)],
    flags: {
      ...rest,
      ...(objects !== undefined && { objects: Math.min(objects, 256) }),
      ...(mode === 'rename' && { rename: true }),
      ...(mode === 'metadata' && { inPlace: true, ...metadataOf(flags) }),
    } as BatchFlags,
  };
}

function sourceOf(text: string, option: string, recursive = false): string {
  const url = parseUrl(text);
  if (hasWildcard(url.key) || url.key.endsWith('/') || (url.key === '' && !url.bare)) return text;
  if (recursive) return `${text}/`;
  throw new UsageError(
    `"${text}" is one object, and ${option} is about many: end it with a slash, or add --recursive.`,
  );
}

/** `meta` has names of its own for what it sets. */
function metadataOf(flags: CopyFlags & MetaFlags): Partial<BatchFlags> {
  const { set, remove, replace } = flags;
  return {
    ...(set && { meta: set }),
    ...(remove && { removeMeta: remove }),
    ...(replace && { metadataDirective: 'replace' as const }),
  };
}
