/** The command line of a batch, in the words of `lib/batch`. */
import { resolve } from 'node:path';
import type { BatchMode, BatchRequest, WorkPlace } from '../../batch/index.ts';
import type { StoreAddress } from '../../copy/model/object.ts';
import { present } from '../../copy/model/omit-undefined.ts';
import type { FileRef, SourceSpec } from '../../sources/shared/source.ts';
import { manifestFormat, sourceSchema } from '../../sources/shared/source.ts';
import { UsageError } from '../process/exit.ts';
import type { BatchFlags } from '../input/batch-options.ts';
import { copyOptions } from './copy-request.ts';
import { choiceOf, objectFilters, type KeyPattern } from '../input/selection.ts';
import { parseUrl, type StoreUrl } from '../input/urls.ts';

export interface BatchLine {
  /** Positional arguments. */
  places: readonly string[];
  flags: BatchFlags;
  /** `verify` compares and writes nothing. */
  verify: boolean;
  addressOf(scheme: StoreAddress['scheme']): StoreAddress;
  /** What the wildcards of the source mean, where it has some. */
  pattern?: KeyPattern;
}

/**
 * @param spooled where standard input was kept, when `--manifest -` was given.
 * @throws UsageError for what contradicts itself or is incomplete.
 */
export function batchRequest({ places, flags, verify, addressOf, pattern }: BatchLine, spooled?: string): BatchRequest {
  const { source: sourceUrl, destination } = placesOf(places, flags);
  const mode = modeOf(flags, verify);
  checkDestination(mode, destination, flags, sourceUrl);
  const scheme = schemeOf([sourceUrl, destination, listUrl(flags.manifest ?? flags.inventory)], flags);
  const store = addressOf(scheme);
  return present({
    mode,
    store,
    source: sourceOf(flags, sourceUrl && pattern ? { ...sourceUrl, key: pattern.literal } : sourceUrl, spooled),
    destination: destination && { bucket: destination.bucket },
    mapping: mappingOf(mode, flags, sourceUrl, destination),
    filters: filtersOf(flags),
    choice: choiceOf(flags, sourceUrl?.key ?? '', pattern),
    deep: flags.deep,
    compareAcl: flags.compareAcl,
    options: copyOptions(scheme, flags),
    limits: filled({ requestsPerSecond: flags.rate, prefixRequestsPerSecond: flags.prefixRate }),
    priority: flags.priority,
    pageSize: flags.pageSize,
    concurrency: flags.objects,
    work: flags.report === undefined ? undefined : workPlace(flags.report, store),
  });
}

interface Places {
  source?: StoreUrl;
  destination?: StoreUrl;
}

/** With a list there is no source among the arguments. */
function placesOf(places: readonly string[], flags: BatchFlags): Places {
  if (flags.manifest !== undefined && flags.inventory !== undefined)
    throw new UsageError('--manifest and --inventory contradict each other: name one list.');
  const listed = flags.manifest !== undefined || flags.inventory !== undefined;
  if (!listed && places.length === 0)
    throw new UsageError('name the objects: a prefix such as oss://photos/2024/, --manifest FILE or --inventory FILE.');
  if (places.length > (listed ? 1 : 2)) {
    throw new UsageError(
      listed ? 'the list names the objects; name only the destination beside it.' : 'too many arguments.',
    );
  }
  const [first, second] = places.map(parseUrl);
  return listed ? { destination: first } : { source: first, destination: second };
}

function modeOf(flags: BatchFlags, verify: boolean): BatchMode {
  if (verify) return 'verify';
  if (flags.rename && flags.inPlace) throw new UsageError('--rename and --in-place contradict each other.');
  return flags.rename ? 'rename' : flags.inPlace ? 'metadata' : 'copy';
}

function checkDestination(
  mode: BatchMode,
  destination: StoreUrl | undefined,
  flags: BatchFlags,
  source: StoreUrl | undefined,
): void {
  if (mode === 'metadata' && destination) throw new UsageError('--in-place takes no destination.');
  const remapped = flags.keyTemplate !== undefined || flags.keyPattern !== undefined;
  if (mode !== 'metadata' && source && !destination && !remapped) {
    throw new UsageError(
      'name a destination such as oss://backup/2024/, or --in-place to change the objects themselves.',
    );
  }
  if (!source || !destination || remapped || source.scheme !== destination.scheme) return;
  if (source.bucket !== destination.bucket) return;
  if (source.key === destination.key) throw new UsageError('source and destination are the same.');
  if (destination.key.startsWith(source.key)) {
    throw new UsageError(
      'the destination lies inside the source: the copy would copy its own results. Choose a destination outside the source.',
    );
  }
}

function schemeOf(urls: readonly (StoreUrl | undefined)[], { scheme }: BatchFlags): StoreAddress['scheme'] {
  const schemes = new Set([...urls.flatMap((url) => url?.scheme ?? []), ...(scheme ? [scheme] : [])]);
  const [first, second] = schemes;
  if (first === undefined)
    throw new UsageError('no URL tells which store this is about: add --scheme oss or --scheme s3.');
  if (second !== undefined) {
    throw new UsageError(
      `cannot copy from one store to another (${first}://, ${second}://): the store copies inside itself, so all must be in the same store.`,
    );
  }
  return first;
}

function sourceOf(flags: BatchFlags, url: StoreUrl | undefined, spooled: string | undefined): SourceSpec {
  const { manifest, inventory, format, columns, header, encoding, bucket, onBad, allVersions } = flags;
  const input =
    manifest !== undefined
      ? {
          kind: 'manifest',
          file: spooled === undefined ? fileOf(manifest) : { path: spooled },
          format: format ?? manifestFormat(manifest),
          columns,
          header,
          encoding,
          bucket,
          onBad,
        }
      : inventory !== undefined
        ? { kind: 'inventory', file: fileOf(inventory), versions: allVersions ? 'all' : 'latest', encoding, onBad }
        : { kind: 'prefix', bucket: url?.bucket, prefix: url?.key };
  const read = sourceSchema.safeParse(present(input));
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new UsageError(`invalid manifest options: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim());
}

function fileOf(text: string): FileRef {
  const url = listUrl(text);
  return url ? { bucket: url.bucket, key: url.key } : { path: resolve(text) };
}

function listUrl(text: string | undefined): StoreUrl | undefined {
  return text !== undefined && /^[a-z0-9]+:\/\//i.test(text) ? parseUrl(text) : undefined;
}

function mappingOf(
  mode: BatchMode,
  flags: BatchFlags,
  source?: StoreUrl,
  destination?: StoreUrl,
): BatchRequest['mapping'] {
  const { keyTemplate, keyPattern, keyTo, unfit } = flags;
  if (keyTemplate !== undefined && keyPattern !== undefined)
    throw new UsageError('--key-template and --key-pattern contradict each other.');
  if ((keyPattern === undefined) !== (keyTo === undefined))
    throw new UsageError('--key-pattern and --key-to belong together.');
  const otherwise = unfit ?? 'fail';
  if (keyTemplate === undefined && keyPattern === undefined) {
    // In place there is nowhere else that a prefix could lead.
    if (mode === 'metadata') return undefined;
    const [from, to] = [source?.key ?? '', destination?.key ?? ''];
    return from === to ? undefined : { kind: 'prefix', from, to, otherwise };
  }
  if (destination && destination.key !== '')
    throw new UsageError(
      'the whole key comes from --key-template or --key-to: put the prefix of the destination there.',
    );
  if (keyTemplate !== undefined) return { kind: 'template', template: keyTemplate };
  return { kind: 'pattern', pattern: keyPattern ?? '', to: keyTo ?? '', otherwise };
}

function filtersOf(flags: BatchFlags): BatchRequest['filters'] {
  const { glob, suffix, withTag, class: storageClasses } = flags;
  return filled({ ...objectFilters(flags), glob, suffix, storageClasses, tags: withTag });
}

function workPlace(text: string, store: StoreAddress): WorkPlace {
  const url = listUrl(text);
  if (!url) return { kind: 'folder', path: resolve(text) };
  if (url.scheme !== store.scheme) throw new UsageError(`--report ${text} must be in the same store, or a folder.`);
  const prefix = url.key === '' || url.key.endsWith('/') ? url.key : `${url.key}/`;
  return { kind: 'bucket', store, bucket: url.bucket, prefix };
}

function filled<T extends object>(record: T): T | undefined {
  const some = present(record);
  return Object.keys(some).length > 0 ? some : undefined;
}
