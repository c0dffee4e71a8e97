/** `ferry serve` as people run it: the built program, in a process of its own that can be stopped and killed. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Built by `npm run build`, which `npm test` does first. */
const program = 'dist/ferry.mjs';

export interface ServeProcess {
  url: string;
  /** Lines of its log, parsed. */
  logs: Record<string, unknown>[];
  /** Values of all metrics of which a line matches, summed. */
  metric(name: RegExp): Promise<number>;
  /** SIGTERM. Returns the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

const running = new Set<() => Promise<void>>();

/** For `afterEach`: nothing stays behind a failed test. */
export async function killAll(): Promise<void> {
  for (const kill of running) await kill();
}

/**
 * @param home state folder, where the configuration is written to as well
 * @param env only these variables and the search path are handed on
 */
export async function startServe(home: string, config: object, env: Record<string, string>): Promise<ServeProcess> {
  const file = join(home, 'ferry.yaml');
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(config));
  const child = spawn(process.execPath, [program, 'serve', '--config', file, '--state', home], {
    env: { PATH: process.env['PATH'] ?? '', HOME: home, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const kill = async (): Promise<void> => {
    running.delete(kill);
    child.kill('SIGKILL');
    await exited;
  };
  running.add(kill);
  const logs: Record<string, unknown>[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const entry = JSON.parse(line) as Record<string, unknown>;
      logs.push(entry);
      if (entry['message'] === 'serving') resolve(String(entry['url']));
    });
    void exited.then((code) => reject(new Error(`ferry serve ended with ${code} before it served`)));
  });
  return {
    url,
    logs,
    kill,
    async metric(name) {
      const text = await (await fetch(`${url}/metrics`)).text();
      const values = text.split('\n').filter((line) => !line.startsWith('#') && name.test(line));
      return values.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
    },
    async stop() {
      child.kill('SIGTERM');
      const code = await exited;
      running.delete(kill);
      return code;
    },
  };
}

/** What was kept and is not done; not the tasks, for second looks wait among them for a quarter of an hour. */
export const open = /^ferry_(events|messages)_open /;
