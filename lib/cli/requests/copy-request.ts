/** Flags to the words of the engine. */
import type { ContentHeaders, StoreAddress } from '../../copy/model/object.ts';
import { present } from '../../copy/model/omit-undefined.ts';
import type { CopyOptions, MetadataChange, TagChange } from '../../copy/model/request.ts';
import { UsageError } from '../process/exit.ts';
import type { CopyFlags, MetaFlags, RunFlags, WriteFlags } from '../input/options.ts';

/** @throws UsageError for flags that contradict each other or that the store does not know. */
export function copyOptions(scheme: StoreAddress['scheme'], flags: CopyFlags): CopyOptions {
  return {
    ...written(scheme, flags),
    ...how(flags),
    ...present({
      metadata: metadataChange(flags, {
        replace: flags.metadataDirective === 'replace',
        set: flags.meta,
        remove: flags.removeMeta,
      }),
      tags: tagChange(flags, flags.taggingDirective === 'replace'),
      overwrite: overwrite(flags),
      restore: restore(flags),
    }),
  };
}

/** @throws UsageError like `copyOptions`. */
export function metaOptions(scheme: StoreAddress['scheme'], flags: MetaFlags): CopyOptions {
  const metadata = metadataChange(flags, { replace: flags.replace === true, set: flags.set, remove: flags.remove });
  return { ...written(scheme, flags), ...how(flags), ...present({ metadata, tags: tagChange(flags, false) }) };
}

/** Whether `meta` has anything to write; else it shows what is there. */
export function changesAnything(options: CopyOptions): boolean {
  const { metadata, tags, storageClass, encryption, acl } = options;
  return [metadata, tags, storageClass, encryption, acl].some((value) => value !== undefined);
}

const algorithms: Record<StoreAddress['scheme'], readonly string[]> = {
  oss: ['AES256', 'KMS', 'SM4', 'default'],
  s3: ['AES256', 'aws:kms', 'aws:kms:dsse', 'default'],
};

function written(scheme: StoreAddress['scheme'], flags: WriteFlags): CopyOptions {
  if (flags.sseKeyId !== undefined && flags.sse === undefined) throw new UsageError('--sse-key-id needs --sse.');
  const algorithm = algorithms[scheme].find((name) => name.toLowerCase() === flags.sse?.toLowerCase());
  if (flags.sse !== undefined && algorithm === undefined) {
    throw new UsageError(
      `--sse ${flags.sse} is not known to ${scheme}:// stores: use ${algorithms[scheme].join(', ')}.`,
    );
  }
  if (flags.acl === '') throw new UsageError('--acl needs a value: keep, default, or a canned ACL such as private.');
  return present({
    storageClass: flags.storageClass,
    encryption: algorithm === undefined ? undefined : present({ algorithm, keyId: flags.sseKeyId }),
    acl: flags.acl,
  });
}

function how(flags: RunFlags): CopyOptions {
  const { verify, partSize, concurrency, acceptLoss } = flags;
  return present({ verify, partSize, concurrency, acceptLoss });
}

function overwrite(flags: CopyFlags): CopyOptions['overwrite'] {
  if (!flags.ifDifferent) return flags.overwrite;
  if (flags.overwrite !== undefined && flags.overwrite !== 'if-different') {
    throw new UsageError(`--if-different and --overwrite ${flags.overwrite} contradict each other.`);
  }
  return 'if-different';
}

function restore({
  restore: days,
  restoreTier: tier,
}: Pick<CopyFlags, 'restore' | 'restoreTier'>): CopyOptions['restore'] {
  if (days === undefined && tier !== undefined)
    throw new UsageError('--restore-tier needs --restore: say for how many days the restored copy is to stay.');
  return days === undefined ? undefined : present({ days, tier });
}

const contentFlags = [
  'contentType',
  'cacheControl',
  'contentDisposition',
  'contentEncoding',
  'contentLanguage',
  'expires',
] as const satisfies readonly (keyof ContentHeaders & keyof WriteFlags)[];

interface UserMetadataFlags {
  replace: boolean;
  set?: Record<string, string>;
  remove?: string[];
}

function metadataChange(flags: WriteFlags, user: UserMetadataFlags): MetadataChange | undefined {
  const content: ContentHeaders = {};
  const removeContent: (keyof ContentHeaders)[] = [];
  for (const name of contentFlags) {
    const value = flags[name];
    if (value === '') removeContent.push(name);
    else if (value !== undefined) content[name] = value;
  }
  const change: MetadataChange = {
    base: user.replace ? 'replace' : 'merge',
    ...present({
      content: filled(content),
      removeContent: removeContent.length > 0 ? removeContent : undefined,
      set: user.set,
      remove: user.remove?.map((name) => name.toLowerCase()),
    }),
  };
  return user.replace || Object.keys(change).length > 1 ? change : undefined;
}

function tagChange(flags: WriteFlags, replace: boolean): TagChange | undefined {
  if (!replace && flags.tag === undefined && flags.removeTag === undefined) return undefined;
  return { base: replace ? 'replace' : 'merge', ...present({ set: flags.tag, remove: flags.removeTag }) };
}

function filled<T extends object>(record: T): T | undefined {
  return Object.keys(record).length > 0 ? record : undefined;
}
