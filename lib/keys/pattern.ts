/**
 * Regular expressions over keys. Callers write the pattern and any writer of the bucket chooses the keys, so the time of
 * a match must not depend on how the two meet: an automaton (RE2) reads each character of a key once, and the work for a key
 * is at most its length times the size of the pattern, both of which are bounded here. JavaScript's own matcher goes back and
 * tries again, and a short pattern keeps it busy for years.
 *
 * Patterns are JavaScript's, with the flags `us`. What RE2 does not know, or reads in another way, is refused by name or
 * rewritten (`\s`): no pattern means something else than it would in JavaScript.
 */
import { RE2JS } from 're2js';
import { GiveUp } from '../copy/model/errors.ts';
import type { Replacement } from './replacement.ts';

const maxPatternChars = 1000;
/** Instructions of the automaton; a literal character is one, `x{0,30}` some sixty. */
const mostSteps = 1000;

/** `u`: characters, not halves of them. `s`: a dot also stands for a line break, which keys may hold. */
const flags = 'us';

const tokens =
  /(?<back>\\(?:[1-9]|k<))|(?<look>\(\?<?[=!])|(?<open>\((?:\?:|\?<[^=!>][^>]*>)?)|(?<close>\))|(?<either>\|)|(?<repeat>[*+?]\??|\{\d+(?:,\d*)?\}\??)|(?<edge>[$^]|\\[bB])|(?<atom>\\[pP]\{[^}]*\}|\\u\{[^}]*\}|\\u[\da-fA-F]{4}|\\x[\da-fA-F]{2}|\\c[A-Za-z]|\\.|\[(?:\\.|[^\]\\])*\]|.)/gsu;

/** What `\s` stands for in JavaScript: the white space and line ends of Unicode, where RE2 knows five of ASCII. */
const blanks =
  '\\t\\n\\x{b}\\f\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}';

/** A compiled pattern. It always matches the whole key. */
export interface KeyPattern {
  /** How many groups with parentheses it has. */
  groups: number;
  /** Numbers of the groups with a name. */
  names: Readonly<Record<string, number>>;
  test(key: string): boolean;
  /** What the key becomes; undefined when it does not match. */
  replace(key: string, replacement: Replacement): string | undefined;
}

/**
 * A pattern for whole keys.
 * @throws GiveUp BadRequest for what is no regular expression, one that RE2 does not take, or one that is too large.
 */
export function compilePattern(pattern: string): KeyPattern {
  if (pattern.length > maxPatternChars)
    throw refuse(pattern.slice(0, 40), `is longer than ${maxPatternChars} characters`);
  checkSyntax(pattern);
  const compiled = compile(pattern, `^(?:${translated(pattern)})$`);
  if (compiled.programSize() > mostSteps) {
    throw refuse(pattern, `is too large: write its repetitions with smaller numbers, or with * and +`);
  }
  return {
    groups: compiled.groupCount(),
    names: compiled.namedGroups(),
    test: (key) => compiled.matcher(key).find(),
    replace: (key, replacement) => {
      const found = compiled.matcher(key);
      return found.find() ? replacement((group) => found.group(group) ?? '') : undefined;
    },
  };
}

/** JavaScript says what is a regular expression; nothing is matched with it. */
function checkSyntax(pattern: string): void {
  try {
    new RegExp(`^(?:${pattern})$`, flags);
  } catch (error) {
    throw refuse(pattern, `is none: ${messageOf(error)}`);
  }
}

function compile(pattern: string, translation: string): RE2JS {
  try {
    return RE2JS.compile(RE2JS.translateRegExp(translation), RE2JS.DOTALL);
  } catch (error) {
    throw refuse(pattern, `uses what is not taken here (${messageOf(error)})`);
  }
}

/** The same pattern as RE2 would write it. */
function translated(pattern: string): string {
  let result = '';
  const opened: number[] = [];
  let lastGroup: string | undefined;
  for (const { 0: text, groups = {} } of pattern.matchAll(tokens)) {
    if (groups.back !== undefined) throw refuse(pattern, 'refers back to a group');
    if (groups.look !== undefined) throw refuse(pattern, 'looks ahead or behind');
    if (groups.repeat !== undefined) {
      if (lastGroup !== undefined) checkRepeatedGroup(pattern, lastGroup, text);
      if (result.endsWith('(')) throw refuse(pattern, `has a group of a kind that is not taken here: (${text}`);
    }
    if (groups.open !== undefined) opened.push(result.length);
    result += groups.atom === undefined ? text : atomOf(pattern, text);
    lastGroup = groups.close === undefined ? undefined : result.slice(opened.pop());
  }
  return result;
}

/**
 * What a group holds after its second turn differs between the two, and a count in a count multiplies. Where an optional group
 * can match nothing, JavaScript goes back for something that it can match, and RE2 does not.
 */
function checkRepeatedGroup(pattern: string, group: string, repeat: string): void {
  if (!repeat.startsWith('?')) throw refuse(pattern, `repeats a group (${repeat}); write it out`);
  if (compile(pattern, `^(?:${group})$`).matcher('').find())
    throw refuse(pattern, 'makes a group optional that can match nothing already; leave its ? away');
}

function atomOf(pattern: string, text: string): string {
  if (text === '\\s') return `[${blanks}]`;
  if (text === '\\S') return `[^${blanks}]`;
  if (text === '\\0') return '\\x{0}';
  if (text === '[^]') return '[\\x{0}-\\x{10ffff}]';
  if (text === '[]') throw refuse(pattern, 'has an empty class []');
  if (!text.startsWith('[')) return text;
  if (/^\[(?:[^\\]|\\[^S])*\\S/su.test(text)) throw refuse(pattern, 'has \\S in a class; write the class out');
  const inside = text.slice(1).replace(/\\s|\\0|\\.|\[/gsu, (part) => {
    if (part === '\\s') return blanks;
    if (part === '\\0') return '\\x{0}';
    // A bracket in a class may begin one of POSIX there, but never in JavaScript.
    return part === '[' ? '\\[' : part;
  });
  return `[${inside}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function refuse(pattern: string, why: string): GiveUp {
  return new GiveUp('BadRequest', `The regular expression '${pattern}' ${why}.`);
}
