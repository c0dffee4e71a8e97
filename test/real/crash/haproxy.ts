import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServerInfo } from '../servers/server.ts';
import { freePort } from '../../free-port.ts';

const script = fileURLToPath(new URL('haproxy.sh', import.meta.url));

export interface Haproxy {
  url: string;
  down(): Promise<void>;
}

/**
 * Starts haproxy in front of a server; builds its root first where there is none yet. Of every ten copy requests it answers
 * one with 503, one with a late 500, and one not at all.
 *
 * @throws Error with what the script said.
 */
export async function startHaproxy({ endpoint, directory }: ServerInfo): Promise<Haproxy> {
  const port = await freePort();
  // Its end names this process, as that of every server's folder does: should it be killed, the next run cleans up.
  const folder = join(dirname(directory), `haproxy-${process.pid}`);
  await run('up', folder, String(port), new URL(endpoint).port);
  return { url: `http://127.0.0.1:${port}`, down: () => run('down', folder) };
}

async function run(...args: string[]): Promise<void> {
  const child = spawn(script, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += String(chunk)));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`haproxy.sh ${args.join(' ')} exited with ${code}:\n${errors}`);
}
