/** What the command line touches of its process; tests pass their own. */
import { exit } from './exit.ts';

/** A text sink; a terminal tells its width. */
export interface TextStream extends NodeJS.WritableStream {
  isTTY?: boolean;
  columns?: number;
  destroyed?: boolean;
}

export interface Io {
  /** Results, for people or machines. */
  stdout: TextStream;
  /** Everything else: progress, warnings, errors. */
  stderr: TextStream;
  /** Where people answer questions; absent: nowhere. */
  stdin?: NodeJS.ReadableStream & { isTTY?: boolean };
  env: NodeJS.ProcessEnv;
  /** `FERRY_` variables that stand for options of the command line. */
  knownVariables?: readonly string[];
  /** From now on a reader that closes its pipe does not end the process. */
  outliveReaders?(): void;
}

/**
 * A reader that closes early (`ferry ls ... | head`) is no failure: a command that only shows something ends, a command that
 * changes objects goes on to its end without the reader.
 */
export function processIo(): Io {
  let ends = true;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      if (ends) process.exit(exit.done);
    });
  }
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    get stdin() {
      return process.stdin;
    },
    env: process.env,
    outliveReaders: () => void (ends = false),
  };
}

/** Columns of a terminal; undefined for a pipe or a file, where lines have any length. */
export function widthOf({ isTTY, columns }: TextStream): number | undefined {
  return isTTY ? (columns ?? 80) : undefined;
}

/** Writes one line; resolves when the stream can take more, so that a slow reader slows us down instead of filling memory. */
export async function printLine(stream: TextStream, line: string): Promise<void> {
  await printBytes(stream, `${line}\n`);
}

/** The same for bytes as they are. */
export async function printBytes(stream: TextStream, bytes: string | Uint8Array): Promise<void> {
  if (stream.destroyed || stream.write(bytes)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      stream.removeListener('drain', done);
      stream.removeListener('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
  });
}
