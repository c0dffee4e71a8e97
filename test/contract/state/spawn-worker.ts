import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const worker = fileURLToPath(new URL('worker.ts', import.meta.url));

export interface Told {
  sum?: number;
  id?: number;
  landed?: boolean;
  got?: number;
  sent?: string;
  refused?: string;
}

export interface Worker {
  child: ChildProcess;
  told: Told[];
  /** Exit code, or the signal that ended it. */
  ended: Promise<number | string>;
}

/** Starts `worker.ts`; `fileLimit`, in blocks of 512 bytes, bounds the files it may write. */
export function spawnWorker(home: string, work: string, name: string, count: number, fileLimit?: number): Worker {
  const args = ['--import', 'tsx', worker, home, work, name, String(count)];
  const child =
    fileLimit === undefined
      ? spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      : spawn('sh', ['-c', `ulimit -f ${fileLimit}; exec "$0" "$@"`, process.execPath, ...args], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
  onTestFinished(() => void child.kill('SIGKILL'));
  const told: Told[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => told.push(JSON.parse(line) as Told));
  const ended = Promise.all([once(child, 'exit'), once(lines, 'close')]).then(([[code, signal]]) => code ?? signal);
  return { child, told, ended };
}
