/**
 * Regular expressions over keys, with a bound on the work. JavaScript's matcher goes back and tries again, and a pattern such as
 * `(a+)+b` keeps it busy for years with a key of forty characters, which any writer of the bucket can choose.
 *
 * What is guarded: keys have at most 1,024 bytes; a pattern always matches the whole key, so it is tried at one place only; and
 * the ways in which a key can be divided among the pattern's pieces are counted before it is taken. A piece that repeats has
 * one way when the literal behind it cannot be part of it (`[^/]+/`), else as many as the key has characters. At most two pieces
 * of the second kind are allowed, so the work is at worst cubic in the length of the key: below a second. Refused are
 * repeated groups, back references and look-around, for which there is no such count.
 */
import { GiveUp } from '../copy/errors.ts';

/** Allows two unbounded quantifiers and a few options besides. */
const mostWays = 1024 ** 2 * 16;
const maxKeyChars = 1024;
const maxPatternChars = 1000;

/** `u`: characters, not halves of them. `s`: a dot also stands for a line break, which keys may hold. */
const flags = 'us';

const tokens =
  /(?<back>\\(?:[1-9]|k<))|(?<look>\(\?<?[=!])|(?<open>\((?:\?:|\?<[^=!>][^>]*>)?)|(?<close>\))|(?<either>\|)|(?<repeat>[*+?]\??|\{\d+(?:,\d*)?\}\??)|(?<edge>[$^]|\\[bB])|(?<atom>\\p\{[^}]*\}|\\P\{[^}]*\}|\\u\{[^}]*\}|\\u[\da-fA-F]{4}|\\x[\da-fA-F]{2}|\\c[A-Za-z]|\\.|\[(?:\\.|[^\]\\])*\]|.)/gsu;

interface Piece {
  kind: 'open' | 'close' | 'either' | 'atom' | 'edge';
  text: string;
  repeat?: string;
}

/**
 * A pattern for whole keys.
 * @throws GiveUp BadRequest for what is no regular expression, or one whose work has no bound.
 */
export function compilePattern(pattern: string): RegExp {
  if (pattern.length > maxPatternChars)
    throw refuse(pattern.slice(0, 40), `is longer than ${maxPatternChars} characters`);
  const compiled = compile(pattern);
  const ways = waysOf(piecesOf(pattern));
  if (ways > mostWays) {
    throw refuse(
      pattern,
      'can take very long: let at most two pieces like .* meet text they could match too; write [^/]* where a folder name is meant',
    );
  }
  return compiled;
}

function compile(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`, flags);
  } catch (error) {
    throw refuse(pattern, `is none: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function piecesOf(pattern: string): Piece[] {
  const pieces: Piece[] = [];
  for (const { 0: text, groups = {} } of pattern.matchAll(tokens)) {
    if (groups.back !== undefined) throw refuse(pattern, 'refers back to a group');
    if (groups.look !== undefined) throw refuse(pattern, 'looks ahead or behind');
    const before = pieces.at(-1);
    if (groups.repeat !== undefined) {
      if (before?.kind === 'close' && !/^\?/.test(text))
        throw refuse(pattern, `repeats a group (${text}); write it out`);
      if (before?.kind === 'open') throw refuse(pattern, `has a group of a kind that is not taken here: (${text}`);
      if (before) before.repeat = text;
    } else {
      const kind = (['open', 'close', 'either', 'edge'] as const).find((name) => groups[name] !== undefined);
      pieces.push({ kind: kind ?? 'atom', text });
    }
  }
  if (pieces.at(-1)?.text === '$') pieces.pop();
  return pieces;
}

/** An upper bound: every choice times every other. */
function waysOf(pieces: Piece[]): number {
  let ways = 1;
  const branches = [1];
  for (const [at, { kind, text, repeat }] of pieces.entries()) {
    if (kind === 'open') branches.push(1);
    else if (kind === 'either') branches.push((branches.pop() ?? 1) + 1);
    else if (kind === 'close') ways *= (branches.pop() ?? 1) * (repeat === undefined ? 1 : 2);
    else if (repeat !== undefined && !isDelimited(text, pieces.slice(at + 1))) ways *= timesOf(repeat);
  }
  return ways * (branches.pop() ?? 1);
}

/** Whether only one end is possible: a literal comes next that the piece cannot match, or the end of the key. */
function isDelimited(atom: string, rest: Piece[]): boolean {
  const next = rest.find(({ kind }) => kind !== 'open' && kind !== 'close');
  // A group that is closed here may be left out or stand beside others: only plain closing is looked through.
  const plain = rest.slice(0, next ? rest.indexOf(next) : undefined).every(({ repeat }) => repeat === undefined);
  if (!plain) return false;
  if (!next) return true;
  if (next.kind !== 'atom' || (next.repeat !== undefined && !next.repeat.startsWith('+'))) return false;
  if (rest.slice(0, rest.indexOf(next)).some(({ kind }) => kind === 'open')) return false;
  const [, escaped, plainly] = /^(?:\\(\W)|([^\\.[]))$/u.exec(next.text) ?? [];
  const literal = escaped ?? plainly;
  return literal !== undefined && !new RegExp(`^${atom}$`, flags).test(literal);
}

function timesOf(repeat: string): number {
  if (repeat.startsWith('?')) return 2;
  const [, least, comma, most] = /^\{(\d+)(,?)(\d*)\}/.exec(repeat) ?? [];
  if (least === undefined) return maxKeyChars;
  if (!comma) return 1;
  return most ? Number(most) - Number(least) + 1 : maxKeyChars;
}

function refuse(pattern: string, why: string): GiveUp {
  return new GiveUp('BadRequest', `The regular expression '${pattern}' ${why}.`);
}
