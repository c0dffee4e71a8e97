/** Which of many objects a command means: the options that `ls`, `du`, `cp`, `mv`, `meta` and `batch` share. */
import { InvalidArgumentError, type Command } from 'commander';
import { parseSize } from '../../config/env.ts';
import { present } from '../../copy/model/omit-undefined.ts';
import type { Choice } from '../../keys/choice.ts';
import { compileChoice } from '../../keys/choice.ts';
import type { FiltersConfig } from '../../keys/filters.ts';
import { compileFilters } from '../../keys/filters.ts';
import type { ListedObject } from '../../store/calls/client.ts';
import { parseWhen } from './when.ts';

/** One `--include` or `--exclude`, and its place among all of them. */
export interface NamePattern {
  pattern: string;
  at: number;
}

export interface SelectionFlags {
  include?: NamePattern[];
  exclude?: NamePattern[];
  regex?: string;
  newerThan?: number;
  olderThan?: number;
  minSize?: number;
  maxSize?: number;
  allowEmpty?: boolean;
}

/** A wildcard of a URL, and where the names of its objects begin. */
export interface KeyPattern {
  /** Of the whole key. */
  wildcard: string;
  /** What every match begins with: this is listed. */
  literal: string;
  /** The folder of it: what follows is kept below the destination. */
  below: string;
}

let patternsRead = 0;

function collectPattern(pattern: string, previous: NamePattern[] = []): NamePattern[] {
  if (pattern === '') throw new InvalidArgumentError("Write a pattern such as '*.csv'.");
  return [...previous, { pattern, at: patternsRead++ }];
}

function parseSizeOrZero(text: string): number {
  const bytes = parseSize(text);
  if (bytes === undefined) throw new InvalidArgumentError('Write a size such as 64MiB, 1GiB or 100000000.');
  return bytes;
}

/** @param helpPrefix what the help says before the words of each option: `of many: `. */
export function addSelectionOptions(command: Command, helpPrefix = ''): Command {
  return command
    .option(
      '--include <pattern>',
      `${helpPrefix}keep names that match; of all --include and --exclude the last that matches wins (repeatable)`,
      collectPattern,
    )
    .option('--exclude <pattern>', `${helpPrefix}leave out names that match (repeatable)`, collectPattern)
    .option('--regex <expression>', `${helpPrefix}only keys that match as a whole`)
    .option('--newer-than <when>', `${helpPrefix}only objects written since: 12h, 7d, 2024-05-31`, parseWhen)
    .option('--older-than <when>', `${helpPrefix}only objects written before`, parseWhen)
    .option('--min-size <size>', `${helpPrefix}only objects at least so large`, parseSizeOrZero)
    .option('--max-size <size>', `${helpPrefix}only objects at most so large`, parseSizeOrZero)
    .option('--allow-empty', `${helpPrefix}no object that matches is no error`);
}

/** What chooses by the key; undefined where everything is meant. @param below where the names begin that patterns look at. */
export function choiceOf(flags: SelectionFlags, below: string, pattern?: KeyPattern): Choice | undefined {
  const { include = [], exclude = [], regex } = flags;
  const rules = [
    ...include.map(({ pattern, at }) => ({ keep: true, pattern, at })),
    ...exclude.map(({ pattern, at }) => ({ keep: false, pattern, at })),
  ].sort((a, b) => a.at - b.at);
  const wildcard = pattern?.wildcard;
  if (rules.length === 0 && wildcard === undefined && regex === undefined) return undefined;
  const ordered = rules.map(({ keep, pattern }) => ({ keep, pattern }));
  const choice = present({ wildcard, regex, ...(rules.length > 0 && { below, rules: ordered }) });
  // What cannot be read is refused before anything is listed.
  compileChoice(choice);
  return choice;
}

/** What chooses by size and time; undefined where everything is meant. */
export function objectFilters(flags: SelectionFlags): FiltersConfig | undefined {
  const { minSize, maxSize, newerThan: modifiedFrom, olderThan: modifiedBefore } = flags;
  const filters = present({ minSize, maxSize, modifiedFrom, modifiedBefore });
  return Object.keys(filters).length > 0 ? filters : undefined;
}

/** A test of listed objects; undefined where every one is meant. */
export function listedFilter(
  flags: SelectionFlags,
  below: string,
  pattern?: KeyPattern,
): ((object: ListedObject) => boolean) | undefined {
  const choice = choiceOf(flags, below, pattern);
  const config = objectFilters(flags);
  if (!choice && !config) return undefined;
  const isChosen = choice ? compileChoice(choice) : () => true;
  const filters = compileFilters(config ?? {});
  return ({ key, size, lastModified }) => isChosen(key) && filters.size(size) && filters.time(lastModified);
}

/** What was asked for, for the message that nothing matches: ` with --include '*.csv' --newer-than ...`. */
export function selectionText(flags: SelectionFlags): string {
  const names: [keyof SelectionFlags, string][] = [
    ['include', '--include'],
    ['exclude', '--exclude'],
    ['regex', '--regex'],
    ['newerThan', '--newer-than'],
    ['olderThan', '--older-than'],
    ['minSize', '--min-size'],
    ['maxSize', '--max-size'],
  ];
  const given = names.filter(([name]) => flags[name] !== undefined).map(([, option]) => option);
  return given.length > 0 ? ` with ${given.join(', ')}` : '';
}
