import type { LineReader } from './lines.ts';

/**
 * Longest row that may run over several lines. A row is that long only because a quote was never closed: without a limit it
 * would swallow the rest of the file.
 */
const maxSeveralLines = 16 * 1024;

/** A row, or why there is none. */
export type CsvRow = { fields: string[]; line: number } | { text: string; line: number; why: string };

/**
 * The next row as RFC 4180 has it; undefined when `lines` must read more, or is at its end. Empty lines are left out. A quote
 * inside a field that does not begin with one stands for itself. After a bad row the reading goes on with the next line.
 */
export function nextCsvRow(lines: LineReader): CsvRow | undefined {
  let text = lines.peek();
  while (text === '') {
    lines.take();
    text = lines.peek();
  }
  if (text === undefined) return undefined;
  const line = lines.line;
  const first = text;
  let fields = splitRow(text);
  for (let length = text.length; fields === 'open';) {
    const added = length < maxSeveralLines ? lines.peekFurther() : undefined;
    if (added === undefined) {
      if (length < maxSeveralLines && !lines.ended) return undefined;
      break;
    }
    length += added.length + 1;
    // Each line is looked at alone: splitting all lines again after each would let quotes cost the square of the row's length.
    if (staysOpen(added)) continue;
    text = lines.shown();
    fields = splitRow(text);
  }
  if (typeof fields === 'string') {
    lines.peek();
    lines.take();
    return { text: first, line, why: fields === 'open' ? 'a quote is never closed' : 'text after a closing quote' };
  }
  const valid = !text.includes('\uFFFD') || lines.shownValidText();
  lines.take();
  return valid ? { fields, line } : { text: first, line, why: 'not valid UTF-8' };
}

/** The fields; `open` when a quote is still open at the end, `trailing` for text after a closing quote. */
function splitRow(text: string): string[] | 'open' | 'trailing' {
  if (!text.includes('"')) return text.split(',');
  const plain = splitQuoted(text);
  if (plain) return plain;
  const fields: string[] = [];
  for (let start = 0; ;) {
    let end: number;
    if (text.charCodeAt(start) === 34) {
      const close = closingQuote(text, start + 1);
      if (close < 0) return 'open';
      const field = text.slice(start + 1, close);
      fields.push(field.includes('"') ? field.replaceAll('""', '"') : field);
      end = close + 1;
      if (end < text.length && text.charCodeAt(end) !== 44) return 'trailing';
    } else {
      end = text.indexOf(',', start);
      if (end < 0) end = text.length;
      fields.push(text.slice(start, end));
    }
    if (end >= text.length) return fields;
    start = end + 1;
  }
}

/** Whether a quote is still open at the end of a line that begins inside of one. */
function staysOpen(line: string): boolean {
  for (let start = 0; ;) {
    const close = closingQuote(line, start);
    if (close < 0) return true;
    let comma = close + 1;
    // Text behind the quote makes the row a bad one, whatever comes later.
    if (comma >= line.length || line.charCodeAt(comma) !== 44) return false;
    while (line.charCodeAt(comma + 1) !== 34) {
      comma = line.indexOf(',', comma + 1);
      if (comma < 0) return false;
    }
    start = comma + 2;
  }
}

/** The common case, and nothing else: all fields are quoted and none holds a quote. */
function splitQuoted(text: string): string[] | undefined {
  if (text.charCodeAt(0) !== 34) return undefined;
  const fields: string[] = [];
  for (let start = 1; ;) {
    const close = text.indexOf('"', start);
    if (close < 0) return undefined;
    fields.push(text.slice(start, close));
    if (close === text.length - 1) return fields;
    if (text.charCodeAt(close + 1) !== 44 || text.charCodeAt(close + 2) !== 34) return undefined;
    start = close + 3;
  }
}

/** A quote that is not doubled. */
function closingQuote(text: string, from: number): number {
  let at = text.indexOf('"', from);
  while (at >= 0 && text.charCodeAt(at + 1) === 34) at = text.indexOf('"', at + 2);
  return at;
}
