/** The flags that several commands share. */
import { Option, type Command } from 'commander';
import { collect, collectMeta, collectPair, parseEndpoint, parseBytes, wholeNumber } from './parse.ts';
import { addSelectionOptions, type SelectionFlags } from './selection.ts';

export interface StoreFlags {
  endpointUrl?: string;
  region?: string;
  addressing?: 'auto' | 'path' | 'virtual';
  state?: string;
  profile?: string;
  requestPayer?: 'requester';
  debug?: boolean;
}

export interface OutputFlags {
  json?: boolean;
  quiet?: boolean;
  /** False for `--no-progress`. */
  progress?: boolean;
}

/** Where the keys of the customer (SSE-C) are found. */
export interface KeyFlags {
  sseC?: string;
  sseCSource?: string;
}

/** What to write beside the bytes; `cp`, `mv` and `meta` have these. */
export interface WriteFlags {
  storageClass?: string;
  sse?: string;
  sseKeyId?: string;
  acl?: string;
  contentType?: string;
  cacheControl?: string;
  contentDisposition?: string;
  contentEncoding?: string;
  contentLanguage?: string;
  expires?: string;
  tag?: Record<string, string>;
  removeTag?: string[];
}

export interface RunFlags {
  verify?: 'auto' | 'size';
  partSize?: number;
  concurrency?: number;
  dryRun?: boolean;
  /** `mv`, `meta` and `batch run` have this. */
  acceptLoss?: boolean;
}

/** Of `cp`, `mv` and `meta`: many objects in place of one. */
export interface ManyFlags extends SelectionFlags {
  recursive?: boolean;
  objects?: number;
}

export interface CopyFlags extends StoreFlags, OutputFlags, WriteFlags, RunFlags, ManyFlags, KeyFlags {
  meta?: Record<string, string>;
  removeMeta?: string[];
  metadataDirective?: 'copy' | 'replace';
  taggingDirective?: 'copy' | 'replace';
  overwrite?: 'always' | 'never' | 'if-different';
  ifDifferent?: boolean;
  versionId?: string;
  restore?: number;
  restoreTier?: string;
}

export interface MetaFlags extends StoreFlags, OutputFlags, WriteFlags, RunFlags, ManyFlags, KeyFlags {
  set?: Record<string, string>;
  remove?: string[];
  replace?: boolean;
  versionId?: string;
}

export function addStoreOptions(command: Command): Command {
  return command
    .optionsGroup('Store and state:')
    .addOption(
      new Option(
        '--endpoint-url <url>',
        'the store (also OSS_ENDPOINT; AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL)',
      ).argParser(parseEndpoint),
    )
    .option('--region <name>', 'region of the store (also OSS_REGION; AWS_REGION)')
    .addOption(
      new Option('--addressing <style>', 'how the bucket is named in requests').choices(['auto', 'path', 'virtual']),
    )
    .option(
      '--profile <name>',
      'whose keys, endpoint and region: a profile of ~/.aws/config (also AWS_PROFILE) or ~/.ossutilconfig (OSSUTIL_PROFILE)',
    )
    .addOption(
      new Option('--request-payer <who>', 'pay for the requests, where the owner of a bucket demands it').choices([
        'requester',
      ]),
    )
    .option('--state <dir>', 'folder that keeps jobs (also FERRY_HOME; default .ferry)')
    .option('-v, --debug', 'each request on stderr: operation, object, status, time, request id, retry');
}

export function addOutputOptions(command: Command, json = 'one JSON document per finished object on stdout'): Command {
  return command
    .optionsGroup('Output:')
    .option('--json', json)
    .option('-q, --quiet', 'print errors only')
    .option('--no-progress', 'no progress on stderr');
}

/** Content headers, class, encryption, ACL and tags; an empty content header drops it. */
export function addWriteOptions(command: Command): Command {
  return command
    .option('--content-type <type>', 'set Content-Type; an empty text drops it, here and below')
    .option('--cache-control <text>', 'set Cache-Control')
    .option('--content-disposition <text>', 'set Content-Disposition')
    .option('--content-encoding <text>', 'set Content-Encoding')
    .option('--content-language <text>', 'set Content-Language')
    .option('--expires <date>', 'set Expires, as an HTTP date')
    .option('--tag <name=value>', 'set a tag, keep the others (repeatable)', collectPair)
    .option('--remove-tag <name>', 'drop a tag (repeatable)', collect)
    .option('--storage-class <class>', "write this storage class, e.g. IA or STANDARD_IA; default: the source's")
    .option(
      '--sse <algorithm>',
      'server-side encryption: AES256, KMS, SM4 (OSS); AES256, aws:kms, aws:kms:dsse (S3); default: as the bucket has it',
    )
    .option('--sse-key-id <id>', 'key for --sse')
    .option('--acl <acl>', "keep (the source's), default (the store's), or a canned ACL such as private");
}

/** Many objects in place of one. @param as what else means them. */
export function addManyOptions(command: Command, as = ''): Command {
  command.optionsGroup('What:').option('-r, --recursive', `everything below the source${as}`);
  return addSelectionOptions(command, 'of many: ').option(
    '--objects <n>',
    'with a prefix: objects at once (default 16)',
    wholeNumber(1, 1_000),
  );
}

export function addRunOptions(command: Command): Command {
  return command
    .optionsGroup('How:')
    .addOption(
      new Option('--verify <how>', 'proof that the copy is equal: the strongest there is, or the size').choices([
        'auto',
        'size',
      ]),
    )
    .option('--part-size <size>', 'size of the parts, e.g. 64MiB; default: planned', parseBytes)
    .option('--concurrency <n>', 'part copies at once', wholeNumber(1, 1_000))
    .option('-n, --dry-run', 'write nothing; print the plan: calls, cost, permissions, what would be lost');
}

/** For commands that read one object and write another. */
export function addKeyOptions(command: Command): Command {
  return command
    .option('--sse-c <ref>', 'encrypt the copy with your own key (SSE-C): env:NAME or file:PATH, never the key itself')
    .option('--sse-c-source <ref>', 'the key that encrypts the source, named in the same way');
}

/** For commands about objects where they are. */
export function addOwnKeyOption(command: Command): Command {
  return command
    .option(
      '--sse-c <ref>',
      'your own key that encrypts the object (SSE-C): env:NAME or file:PATH, never the key itself',
    )
    .addOption(new Option('--sse-c-source <ref>').hideHelp());
}

/** For commands that leave no second object that still has what is lost. */
export function addLossOption(command: Command): Command {
  return command.option('--accept-loss', 'go on although something of the object (tags, ACL, ...) cannot be kept');
}

/** For commands that read their sources. */
export function addRestoreOptions(command: Command): Command {
  return command
    .option(
      '--restore <days>',
      'have archived sources restored for so many days, wait until they are readable, then copy; the store charges for it',
      wholeNumber(1, 365),
    )
    .option('--restore-tier <tier>', "how soon: Expedited, Standard, Bulk; default: the store's");
}

export function addOverwriteOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--overwrite <when>',
        'if the destination exists; without it a move keeps it, a copy replaces it',
      ).choices(['always', 'never', 'if-different']),
    )
    .option('--if-different', 'short for --overwrite if-different');
}

/** User metadata, what `addWriteOptions` adds, and what they start from. */
export function addMetadataOptions(command: Command): Command {
  command
    .optionsGroup('Metadata:')
    .option('--meta <name=value>', 'set user metadata, keep the rest (repeatable)', collectMeta)
    .option('--remove-meta <name>', 'drop user metadata (repeatable)', collect)
    .addOption(
      new Option('--metadata-directive <what>', 'start from the source (copy) or from nothing (replace)').choices([
        'copy',
        'replace',
      ]),
    );
  return addWriteOptions(command).addOption(
    new Option('--tagging-directive <what>', 'start from the tags of the source or from none').choices([
      'copy',
      'replace',
    ]),
  );
}

/** Everything `cp` and `mv` take. @param more of one of them alone, or of batches. */
export function addCopyOptions(command: Command, more = (command: Command): Command => command): Command {
  addManyOptions(command, ', as with a source that ends in a slash').option(
    '--version-id <id>',
    'this version of the source',
  );
  addOverwriteOptions(command);
  addMetadataOptions(command);
  more(addKeyOptions(addRestoreOptions(addRunOptions(command))));
  addOutputOptions(command);
  return addStoreOptions(command);
}
