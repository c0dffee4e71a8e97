/** The flags of `ferry batch run` and `ferry batch verify`. */
import { Option, type Command } from 'commander';
import { manifestFormats, type ManifestFormat } from '../../sources/shared/source.ts';
import {
  addKeyOptions,
  addLossOption,
  addOutputOptions,
  addStoreOptions,
  addMetadataOptions,
  addOverwriteOptions,
  addRestoreOptions,
  addRunOptions,
  type KeyFlags,
  type OutputFlags,
  type RunFlags,
  type StoreFlags,
  type WriteFlags,
} from './options.ts';
import { collect, collectPair, wholeNumber } from './parse.ts';
import { addSelectionOptions, type SelectionFlags } from './selection.ts';

/** Where the objects are named, and which of them are meant. */
export interface BatchSourceFlags extends SelectionFlags {
  manifest?: string;
  inventory?: string;
  format?: ManifestFormat;
  columns?: string[];
  header?: boolean;
  encoding?: 'plain' | 'url' | 'form';
  bucket?: string;
  onBad?: 'skip' | 'fail';
  allVersions?: boolean;
  scheme?: 'oss' | 's3';
  glob?: string[];
  suffix?: string[];
  class?: string[];
  withTag?: Record<string, string>;
}

export interface BatchMappingFlags {
  keyTemplate?: string;
  keyPattern?: string;
  keyTo?: string;
  unfit?: 'fail' | 'skip' | 'keep';
}

export interface BatchControlFlags {
  objects?: number;
  pageSize?: number;
  priority?: number;
  rate?: number;
  prefixRate?: number;
  report?: string;
  detach?: boolean;
}

export interface BatchFlags
  extends
    StoreFlags,
    OutputFlags,
    WriteFlags,
    RunFlags,
    KeyFlags,
    BatchSourceFlags,
    BatchMappingFlags,
    BatchControlFlags {
  rename?: boolean;
  inPlace?: boolean;
  meta?: Record<string, string>;
  removeMeta?: string[];
  metadataDirective?: 'copy' | 'replace';
  taggingDirective?: 'copy' | 'replace';
  overwrite?: 'always' | 'never' | 'if-different';
  ifDifferent?: boolean;
  restore?: number;
  restoreTier?: string;
  deep?: boolean;
  compareAcl?: boolean;
}

export const batchJson = 'one JSON document per batch on stdout; `batch report` has one per object';

export function addSourceOptions(command: Command): Command {
  return addSelectionOptions(addListOptions(command));
}

/** Lists of objects, and choices that only batches have. */
export function addListOptions(command: Command): Command {
  return command
    .optionsGroup('Which objects:')
    .option('--manifest <file>', 'a list of objects: a local file, oss:// or s3:// object, or - for standard input')
    .option('--inventory <file>', 'the manifest.json of an S3 or OSS inventory')
    .addOption(
      new Option('--format <name>', 'of the manifest; default: by its name, else its first line').choices([
        ...manifestFormats,
      ]),
    )
    .option(
      '--columns <names>',
      'of a CSV or TSV without a header row, e.g. bucket,key,size; an empty name is ignored',
      splitNames,
    )
    .option('--header', 'the first row names the columns')
    .option('--no-header', 'the first row is an object like the others')
    .addOption(new Option('--encoding <how>', 'how keys are written in the list').choices(['plain', 'url', 'form']))
    .option('--bucket <name>', 'for rows of the manifest that name none')
    .addOption(new Option('--on-bad <what>', 'with malformed rows').choices(['skip', 'fail']).default('skip'))
    .option('--all-versions', 'of an inventory: versions that are not the latest as well')
    .addOption(new Option('--scheme <name>', 'store type, if no URL implies it').choices(['oss', 's3']))
    .option('--glob <pattern>', 'only keys that match (repeatable)', collect)
    .option('--suffix <text>', 'only keys that end so (repeatable)', collect)
    .option('--class <name>', 'only objects of this storage class (repeatable)', collect)
    .option('--with-tag <name=value>', 'only objects with this tag (repeatable)', collectPair);
}

export function addMappingOptions(command: Command): Command {
  return command
    .optionsGroup('Where to:')
    .option('--key-template <text>', 'key of the copy: {key} {relative} {dir} {name} {ext} {bucket}')
    .option('--key-pattern <regex>', 'regular expression that matches the whole key; needs --key-to')
    .option('--key-to <text>', 'what the key becomes: $1, $<name>, $& for all of it')
    .addOption(new Option('--unfit <what>', 'with keys that do not fit').choices(['fail', 'skip', 'keep']));
}

export function addControlOptions(command: Command): Command {
  addRunOptions(command).option('--objects <n>', 'objects of a page at once (default 32)', wholeNumber(1, 256));
  return addStoreOptions(addOutputOptions(addPaceOptions(command), batchJson));
}

/** How a batch is cut, paced and kept. */
export function addPaceOptions(command: Command): Command {
  return command
    .option('--page-size <n>', 'objects in a page (default 500)', wholeNumber(1, 5_000))
    .option('--priority <n>', 'a batch of a lower one waits (default 0)', wholeNumber(0, 1_000))
    .option('--rate <n>', 'requests a second at most', wholeNumber(1, 1_000_000))
    .option(
      '--prefix-rate <n>',
      'the same, shared with batches that write below the same prefix',
      wholeNumber(1, 1_000_000),
    )
    .option('--report <place>', 'folder or bucket URL that keeps pages, results and summary; default: the state folder')
    .option('--detach', 'only start it; `ferry batch resume`, or a `ferry serve` on the same state, goes on');
}

/** What is done to the objects. */
export function addModeOptions(command: Command): Command {
  command
    .optionsGroup('What:')
    .option('--rename', 'move: each source is removed after its copy was verified')
    .option('--in-place', 'no copy elsewhere: change metadata, tags or class where the objects are');
  return addMetadataOptions(addOverwriteOptions(addKeyOptions(addRestoreOptions(addLossOption(command)))));
}

/** How closely `verify` looks. */
export function addVerifyOptions(command: Command): Command {
  return addKeyOptions(command.optionsGroup('What:'))
    .option('--deep', 'read both objects where nothing else decides whether they are equal: their bytes come here')
    .option('--compare-acl', 'compare the ACLs too: two requests more for each object');
}

function splitNames(text: string): string[] {
  return text.split(',').map((name) => name.trim());
}
