import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** What tells one process from every other, also after another process got its pid. */
export interface ProcessIdentity {
  pid: number;
  /** Host name and, where there are such, the pid namespace: two containers on one disk do not know each other's pids. */
  host: string;
  /** Changes with every boot; absent where the system does not tell. */
  boot?: string;
  /** When the process began, in the system's own ticks; absent where the system does not tell. */
  started?: string;
}

export function thisProcess(): ProcessIdentity {
  const namespace = quietly(() => readlinkSync('/proc/self/ns/pid'));
  return {
    pid: process.pid,
    host: namespace === undefined ? hostname() : `${hostname()} ${namespace}`,
    boot: quietly(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    started: startOf(process.pid),
  };
}

/** Whether that process still runs; undefined when it cannot be seen from here. */
export function isRunning(other: ProcessIdentity, here: ProcessIdentity): boolean | undefined {
  if (other.host !== here.host) return undefined;
  if (other.boot !== here.boot) return false;
  try {
    process.kill(other.pid, 0);
  } catch (error) {
    // Not ours to signal, but there.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  const started = startOf(other.pid);
  return other.started === undefined || started === undefined || started === other.started;
}

/** Field 22 of /proc/PID/stat (proc(5)); the name before it may hold spaces and parentheses. */
function startOf(pid: number): string | undefined {
  const stat = quietly(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

function quietly<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
