import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { splitWords } from '../input/words.ts';
import type { Context, DefineCommand } from '../process/context.ts';
import { exit, UsageError } from '../process/exit.ts';
import { formatCount, plural, printable } from '../text/format.ts';
import { paintFor } from '../text/paint.ts';

/** They do not end by themselves, or have no use in a file. */
const notHere = new Set(['run', 'serve', 'twin', 'demo', 'completion']);

interface RunFlags {
  failFast?: boolean;
  quiet?: boolean;
}

interface Line {
  number: number;
  text: string;
  words: string[];
}

export const defineRun: DefineCommand = (program, context) => {
  program
    .command('run')
    .description(
      'Runs the commands of a file, one a line, each as if it had been typed behind `ferry`. Empty lines and what follows a # are passed over; nothing is expanded. All lines are read before the first runs. No command asks a question: each does what it does without a terminal.',
    )
    .argument('<file>', 'the file, or - for standard input')
    .option('--fail-fast', 'stop at the first command that fails')
    .option('-q, --quiet', 'print no line about the whole')
    .action(async (file: string, flags: RunFlags) => {
      context.code = await runFile(context, file, flags);
    });
};

async function runFile({ io, ferry, names }: Context, file: string, { failFast, quiet }: RunFlags): Promise<number> {
  if (!ferry) throw new Error('no program to run commands with');
  const lines = await readLines(file, io.stdin, names);
  const paint = paintFor(io.stderr, io.env);
  const failed: number[] = [];
  let ran = 0;
  // The file may come from standard input, where no answers come from then.
  const { stdout, stderr, env } = io;
  const quietIo = { stdout, stderr, env, outliveReaders: () => io.outliveReaders?.() };
  for (const { number, text, words } of lines) {
    const code = await ferry(words, quietIo);
    ran += 1;
    if (code === exit.done) continue;
    failed.push(number);
    io.stderr.write(`${paint('red', '✗')} ${printable(file)}:${number}: exit code ${code}: ${printable(text)}\n`);
    if (code === exit.interrupted) return exit.interrupted;
    if (failFast) break;
  }
  const left = lines.length - ran;
  if (!quiet) {
    const bad = failed.length > 0 ? `, ${formatCount(failed.length)} failed (line ${listed(failed)})` : '';
    const mark = failed.length > 0 ? paint('yellow', '!') : paint('green', '✓');
    io.stderr.write(
      `${mark} ran ${plural(ran, 'command')}${bad}${left > 0 ? `, ${formatCount(left)} not begun` : ''}\n`,
    );
  }
  if (failed.length === 0) return exit.done;
  return failed.length < ran ? exit.someFailed : exit.failed;
}

const listedAtMost = 20;

function listed(numbers: readonly number[]): string {
  const more = numbers.length > listedAtMost ? ', ...' : '';
  return numbers.slice(0, listedAtMost).join(', ') + more;
}

/** @throws UsageError for a file that cannot be read, and for a line that names no command, before any line runs. */
async function readLines(
  file: string,
  stdin: NodeJS.ReadableStream | undefined,
  names: readonly string[] = [],
): Promise<Line[]> {
  const known = new Set(names);
  const input = file === '-' ? stdin : createReadStream(file);
  if (!input) throw new UsageError('there is no standard input here: name a file.');
  const lines: Line[] = [];
  let number = 0;
  try {
    for await (const text of createInterface({ input, crlfDelay: Infinity })) {
      number += 1;
      const words = wordsOf(file, number, text);
      const [name] = words;
      if (name === undefined) continue;
      if (!known.has(name) || notHere.has(name)) {
        const why = known.has(name) ? 'is no command for a file of commands' : 'is no command of ferry';
        throw new UsageError(`${file}:${number}: "${name}" ${why}; nothing was run.`);
      }
      lines.push({ number, text: text.trim(), words });
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new UsageError(`${file} cannot be read: ${String(error)}`, { cause: error });
  }
  if (lines.length === 0) throw new UsageError(`${file} holds no command.`);
  return lines;
}

/** A line may begin with the name of the program, as it was typed. */
function wordsOf(file: string, number: number, text: string): string[] {
  try {
    const words = splitWords(text);
    return words[0] === 'ferry' ? words.slice(1) : words;
  } catch (error) {
    throw new UsageError(
      `${file}:${number}: ${error instanceof Error ? error.message : String(error)} Nothing was run.`,
    );
  }
}
