import { readFileSync, rmSync, writeFileSync } from 'node:fs';

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Paths locked by this process, whose own id in a lock file would otherwise look like a leftover. */
const held = new Set<string>();

/**
 * Takes a lock file that names this process; one left by a process that is gone is taken over. Returns the release.
 * Throws when another living process has it.
 */
export function takeLock(path: string): () => void {
  for (let attempt = 1; ; attempt++) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const pid = Number(readFileSync(path, 'utf8'));
      const other = pid === process.pid ? held.has(path) : alive(pid);
      if (other || attempt > 3) {
        throw new Error(`The data folder is in use by process ${pid} (${path}).`, { cause: error });
      }
      rmSync(path, { force: true });
    }
  }
  held.add(path);
  return () => {
    held.delete(path);
    rmSync(path, { force: true });
  };
}
