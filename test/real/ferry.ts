/** Runs the built command line as people do: as a process of its own, which can be killed. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../dist/ferry.mjs', import.meta.url));

/** One line of `--json`; the fields that the tests look at. */
export interface Document {
  status: string;
  way?: string;
  parts?: number;
  size?: number;
  etag?: string;
  verifiedBy?: string;
  lost?: { what: string }[];
  sourceRemoved?: boolean;
  job?: string;
  error?: { code: string; message: string };
}

export interface Finished {
  /** Null when it was killed. */
  code: number | null;
  documents: Document[];
  /** Everything it wrote, for the message of a failed assertion. */
  text: string;
}

export interface Running {
  kill(): void;
  /** Stops it in its tracks: what it has sent goes on its way, and it learns of no answer. */
  freeze(): void;
  finished: Promise<Finished>;
}

/** Starts `ferry` with these arguments and `--json`. Only `env` and the search path are handed on, so that no setting of this machine counts. */
export function startFerry(args: readonly string[], env: Record<string, string>): Running {
  const child = spawn(process.execPath, [program, ...args, '--json'], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  child.stderr.on('data', (chunk) => (errors += String(chunk)));
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, documents: documents(output), text: output + errors }));
  });
  return { kill: () => void child.kill('SIGKILL'), freeze: () => void child.kill('SIGSTOP'), finished };
}

function documents(output: string): Document[] {
  const lines = output.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as Document);
}
