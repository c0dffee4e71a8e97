import type { TextStream } from './io.ts';
import type { Paint } from './paint.ts';

/**
 * Labelled values, one below the other. On a terminal a long value is broken at spaces and goes on below itself; in a pipe
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
    wrap(value, room).map((line, index) => `  ${paint('dim', (index === 0 ? label : '').padEnd(labels))}  ${line}`),
  );
}

/** Breaks a text into lines of at most `width` characters: between the items of a list if they fit, else between words. */
export function wrap(text: string, width: number): string[] {
  const items = text.split(/(?<=[,:;]) /);
  const fits = items.every((item) => [...item].length <= width);
  const lines: string[] = [];
  let line = '';
  for (const piece of fits ? items : text.split(' ')) {
    const longer = line === '' ? piece : `${line} ${piece}`;
    if (line !== '' && [...longer].length > width) {
      lines.push(line);
      line = piece;
    } else line = longer;
  }
  return [...lines, line];
}
