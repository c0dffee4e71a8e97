/**
 * Splits one line into words as a POSIX shell does: quotes, backslashes, and a comment behind `#`. Nothing is expanded.
 *
 * @throws Error that says what is wrong with the line.
 */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: '"' | "'" | undefined;
  for (let at = 0; at < line.length; at += 1) {
    const char = line[at] as string;
    if (quote) {
      if (char === quote) quote = undefined;
      else if (char === '\\' && quote === '"' && /["\\$`]/.test(line[at + 1] ?? '')) word += line[++at] as string;
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (char === '\\') {
      if (at + 1 === line.length) throw new Error('the line ends in a backslash; a command is one line.');
      word = (word ?? '') + (line[++at] as string);
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === '#' && word === undefined) break;
    else word = (word ?? '') + char;
  }
  if (quote) throw new Error(`a quote (${quote}) is opened and not closed.`);
  return word === undefined ? words : [...words, word];
}
