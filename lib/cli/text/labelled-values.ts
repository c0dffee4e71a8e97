import type { TextStream } from '../process/io.ts';
import type { Paint } from './paint.ts';

/**
 * Labelled values, one below the other. On a terminal a long value is broken and goes on below itself; in a pipe
 * every fact stays one line.
 */
export function factLines(
  facts: readonly (readonly [label: string, value: string])[],
  stream: TextStream,
  paint: Paint,
): string[] {
  const labels = Math.max(...facts.map(([label]) => label.length));
  const room = stream.isTTY ? Math.max(30, (stream.columns ?? 80) - labels - 5) : Infinity;
  return facts.flatMap(([label, value]) =>
    wrapItems(value, room).map(
      (line, index) => `  ${paint('dim', (index === 0 ? label : '').padEnd(labels))}  ${line}`,
    ),
  );
}

/** Breaks a list into lines of at most `width` characters, between its items if they fit. */
export function wrapItems(text: string, width: number): string[] {
  const items = text.split(/(?<=[,:;]) /);
  return items.every((item) => [...item].length <= width) ? fill(items, width) : wrapWords(text, width);
}

/** Breaks a text between words; a word longer than a line stays whole, to be copied as it is. */
export function wrapWords(text: string, width: number): string[] {
  return fill(text.split(' '), width);
}

function fill(pieces: readonly string[], width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const piece of pieces) {
    const longer = line === '' ? piece : `${line} ${piece}`;
    if (line !== '' && [...longer].length > width) {
      lines.push(line);
      line = piece;
    } else line = longer;
  }
  return [...lines, line];
}
