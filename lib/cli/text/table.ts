/** Columns of text, each as wide as its widest cell. */

/**
 * One line for each row; `right` aligns numbers. On a terminal where a line would not fit, each row's last cell goes on a line of its own,
 * and what is still too long is broken between its words: whole names are there to be copied.
 *
 * @param width columns of the terminal; undefined for anything else, where a row is one line
 */
export function formatTable(
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
  width?: number,
): string[] {
  const lines = alignedRows(rows, right);
  if (width === undefined || lines.every((line) => lengthOf(line) <= width)) return lines;
  const short = alignedRows(
    rows.map((row) => row.slice(0, -1)),
    right,
  );
  return rows.flatMap((row, at) => {
    const last = row.at(-1) ?? '';
    return [...broken(short[at] ?? '', width, ''), ...broken(last, width, '  ')];
  });
}

function alignedRows(rows: readonly (readonly string[])[], right: readonly number[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, lengthOf(cell))));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const padding = ' '.repeat((widths[column] ?? 0) - lengthOf(cell));
        return right.includes(column) ? padding + cell : cell + padding;
      })
      .join('  ')
      .trimEnd(),
  );
}

/** Words are kept whole but where one alone is too long; the lines after the first are indented by two more. */
function broken(text: string, width: number, indent: string): string[] {
  if (lengthOf(indent + text) <= width) return text === '' ? [] : [indent + text];
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(/ +/)) {
    const longer = line.trim() === '' ? line + word : `${line} ${word}`;
    if (lengthOf(longer) <= width || line.trim() === '') line = longer;
    else {
      lines.push(line);
      line = `${indent}  ${word}`;
    }
    for (let chars = [...line]; chars.length > width; chars = [...line]) {
      lines.push(chars.slice(0, width).join(''));
      line = `${indent}  ${chars.slice(width).join('')}`;
    }
  }
  return [...lines, line];
}

function lengthOf(text: string): number {
  return [...text].length;
}
