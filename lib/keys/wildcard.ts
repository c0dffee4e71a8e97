/**
 * Wildcards as s5cmd and the AWS CLI have them: `*` any run of characters, slashes too; `?` one character; `[a-z]`, `[!a-z]` one of
 * a class; `**` + `/` any number of folders, also none. A backslash takes a special character as it stands.
 *
 * Any writer of a bucket chooses its keys, so the time of a match must not depend on how pattern and key meet: the matcher
 * walks along the key once and keeps the set of places in the pattern where it may stand.
 */
import { GiveUp } from '../copy/model/errors.ts';

const maxPatternChars = 2048;

type Token =
  | { kind: 'one'; char: string }
  | { kind: 'any-one' }
  | { kind: 'class'; negated: boolean; ranges: readonly (readonly [from: number, to: number])[] }
  | { kind: 'star' }
  /** Any text that ends in a slash, or nothing; `inside` is its second place, where a slash is still owed. */
  | { kind: 'folders' }
  | { kind: 'inside' };

export interface Wildcard {
  /** What every match begins with. */
  literal: string;
  test(text: string): boolean;
}

/** Whether a text has a character that a pattern reads as more than itself. */
export function hasWildcard(text: string): boolean {
  return /[*?[\\]/.test(text);
}

/** The text that a pattern without wildcards stands for; undefined where it has some. */
export function withoutEscapes(pattern: string): string | undefined {
  const tokens = readTokens(pattern);
  return tokens.every((token) => token.kind === 'one') ? tokens.map((token) => token.char).join('') : undefined;
}

/** @throws GiveUp BadRequest for a pattern that is too long, or a class that is not closed or runs backwards. */
export function compileWildcard(pattern: string): Wildcard {
  if (pattern.length > maxPatternChars)
    throw refuse(pattern.slice(0, 40), `is longer than ${maxPatternChars} characters`);
  const tokens = readTokens(pattern);
  const plain = tokens.findIndex((token) => token.kind !== 'one');
  const chars = tokens.map((token) => (token.kind === 'one' ? token.char : ''));
  const literal = (plain < 0 ? chars : chars.slice(0, plain)).join('');
  if (plain < 0) return { literal, test: (text) => text === literal };
  const rest = tokens.slice(plain);
  return { literal, test: (text) => text.startsWith(literal) && matches(rest, text.slice(literal.length)) };
}

function readTokens(pattern: string): Token[] {
  const tokens: Token[] = [];
  const chars = [...pattern];
  for (let at = 0; at < chars.length; at += 1) {
    const char = chars[at] as string;
    const next = chars[at + 1];
    if (char === '\\' && next !== undefined && /[*?[\]\\]/.test(next)) {
      tokens.push({ kind: 'one', char: next });
      at += 1;
    } else if (char === '?') tokens.push({ kind: 'any-one' });
    else if (char === '[') {
      const { token, end } = readClass(pattern, chars, at);
      tokens.push(token);
      at = end;
    } else if (char === '*') {
      let end = at;
      while (chars[end + 1] === '*') end += 1;
      const begins = at === 0 || chars[at - 1] === '/';
      if (end > at && begins && chars[end + 1] === '/') {
        tokens.push({ kind: 'folders' }, { kind: 'inside' });
        end += 1;
      } else tokens.push({ kind: 'star' });
      at = end;
    } else tokens.push({ kind: 'one', char });
  }
  return tokens;
}

/** A class begins behind `[`, or `[!` and `[^`; a `]` that stands first is one of its characters. */
function readClass(pattern: string, chars: readonly string[], open: number): { token: Token; end: number } {
  let at = open + 1;
  const negated = chars[at] === '!' || chars[at] === '^';
  if (negated) at += 1;
  const ranges: [number, number][] = [];
  for (const first = at; ; at += 1) {
    let char = chars[at];
    if (char === undefined) throw refuse(pattern, 'has a [ without its ]; write \\[ for the character itself');
    if (char === ']' && at > first) break;
    if (char === '\\' && chars[at + 1] !== undefined) char = chars[++at] as string;
    const from = codeOf(char);
    const isRange = chars[at + 1] === '-' && chars[at + 2] !== undefined && chars[at + 2] !== ']';
    const to = isRange ? codeOf(chars[(at += 2)] as string) : from;
    if (to < from) throw refuse(pattern, 'has a class that runs backwards; write [a-z]');
    ranges.push([from, to]);
  }
  return { token: { kind: 'class', negated, ranges }, end: at };
}

/** All places in the pattern where the reading may stand go on together, so each character is read once. */
function matches(tokens: readonly Token[], text: string): boolean {
  const end = tokens.length;
  let places = new Set<number>();
  enter(tokens, places, 0);
  for (const char of text) {
    const after = new Set<number>();
    for (const place of places) {
      const token = tokens[place];
      if (token === undefined) continue;
      if (token.kind === 'star') enter(tokens, after, place);
      else if (token.kind === 'inside') {
        after.add(place);
        if (char === '/') enter(tokens, after, place + 1);
      } else if (takes(token, char)) enter(tokens, after, place + 1);
    }
    if (after.size === 0) return false;
    // Nothing behind a star at the end can fail any more.
    if (tokens[end - 1]?.kind === 'star' && after.has(end - 1)) return true;
    places = after;
  }
  return places.has(end);
}

/** Adds a place, and every place that is reached from there without a character. */
function enter(tokens: readonly Token[], places: Set<number>, place: number): void {
  if (places.has(place)) return;
  const kind = tokens[place]?.kind;
  if (kind !== 'folders') places.add(place);
  if (kind === 'star') enter(tokens, places, place + 1);
  // A way that has been inside of it has been behind it, too.
  if (kind === 'folders' && !places.has(place + 1)) {
    places.add(place + 1);
    enter(tokens, places, place + 2);
  }
}

function takes(token: Token, char: string): boolean {
  if (token.kind === 'one') return token.char === char;
  if (token.kind !== 'class') return token.kind === 'any-one';
  const code = codeOf(char);
  return token.ranges.some(([from, to]) => code >= from && code <= to) !== token.negated;
}

function codeOf(char: string): number {
  return char.codePointAt(0) ?? 0;
}

function refuse(pattern: string, why: string): GiveUp {
  return new GiveUp('BadRequest', `The pattern '${pattern}' ${why}.`);
}
