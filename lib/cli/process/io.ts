/** What the command line touches of its process; tests pass their own. */

/** A text sink; a terminal tells its width. */
export interface TextStream extends NodeJS.WritableStream {
  isTTY?: boolean;
  columns?: number;
}

export interface Io {
  /** Results, for people or machines. */
  stdout: TextStream;
  /** Everything else: progress, warnings, errors. */
  stderr: TextStream;
  env: NodeJS.ProcessEnv;
}

export function processIo(): Io {
  return { stdout: process.stdout, stderr: process.stderr, env: process.env };
}

/** Writes one line; resolves when the stream can take more, so that a slow reader slows us down instead of filling memory. */
export async function printLine(stream: TextStream, line: string): Promise<void> {
  if (stream.write(`${line}\n`)) return;
  await new Promise<void>((resolve) => stream.once('drain', resolve));
}
