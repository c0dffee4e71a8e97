/**
 * Starts and stops the real servers. Each runs from a Debian root of its own below `.servers/`, on free loopback
 * ports, and leaves nothing but that root behind.
 */
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AnyKind, ServerInfo, Skipped } from './server.ts';

const here = dirname(fileURLToPath(import.meta.url));
const runs = join(process.env.FERRY_SERVERS ?? join(here, '../../../.servers'), 'run');

/** Exit code of the scripts for "this machine cannot run it", as opposed to "it broke". */
const unable = 3;

interface Recipe {
  script: string;
  /** Arguments after `up`, before the directory. */
  version: string[];
  /** How many ports it takes, from the one it is given. */
  ports: number;
}

const recipes: Record<AnyKind, Recipe> = {
  rgw20: { script: 'ceph.sh', version: ['20'], ports: 30 },
  rgw16: { script: 'ceph.sh', version: ['16'], ports: 30 },
  swift: { script: 'swift.sh', version: [], ports: 5 },
  moto: { script: 'moto.sh', version: [], ports: 1 },
};

/** A real server that this process started, and ways to hurt it. */
export interface RealServer<Kind extends AnyKind> extends ServerInfo<Kind> {
  /** Kills the server and deletes its data. */
  down(): Promise<void>;
}

/**
 * Starts one server, building its root first where there is none yet (about a minute, needs Debian's mirror).
 * @returns `Skipped` when the machine cannot run it: no root user, no mount namespaces, packages not to be had.
 * @throws Error when it should run here and does not; the message ends with what the script said.
 */
export async function startServer<Kind extends AnyKind>(kind: Kind): Promise<RealServer<Kind> | Skipped<Kind>> {
  if (process.platform !== 'linux') return { kind, why: `needs Linux, this is ${process.platform}` };
  await mkdir(runs, { recursive: true });
  await run('clean.sh', []);
  const { script, version, ports } = recipes[kind];
  const directory = join(runs, `${kind}-${process.pid}`);
  const { code, output, errors } = await run(script, ['up', ...version, directory, String(await freePorts(ports))]);
  if (code === 0) {
    const info = { ...(JSON.parse(output) as Omit<ServerInfo<Kind>, 'kind' | 'directory'>), kind, directory };
    return { ...info, down: () => control(info, 'down') };
  }
  if (code === unable) return { kind, why: lastLine(errors) };
  throw new Error(`${kind} did not start (${script} exited with ${code}):\n${errors}`);
}

/** Kills the S3 gateway at once, as a crash would; the storage behind it goes on. */
export const killGateway = (server: ServerInfo): Promise<void> => control(server, 'gateway', 'kill');
/** Starts a killed gateway again, on the same port, and waits until it answers. */
export const startGateway = (server: ServerInfo): Promise<void> => control(server, 'gateway', 'start');
/** Stops the storage behind the gateway in its tracks: requests are taken and hang. */
export const freezeStorage = (server: ServerInfo): Promise<void> => control(server, 'storage', 'freeze');
/** Lets frozen storage go on. */
export const thawStorage = (server: ServerInfo): Promise<void> => control(server, 'storage', 'thaw');
/** Allows the owner so many write requests per minute, the rest get 503; `undefined` lifts the limit. `rgw20` only. */
export const limitWrites = (server: ServerInfo, perMinute?: number): Promise<void> =>
  control(server, 'limit', perMinute === undefined ? 'off' : String(perMinute));

async function control<Kind extends AnyKind>(server: ServerInfo<Kind>, ...command: string[]): Promise<void> {
  const { script } = recipes[server.kind];
  const { code, errors } = await run(script, [...command, server.directory]);
  if (code !== 0) throw new Error(`${server.kind}: ${script} ${command.join(' ')} exited with ${code}:\n${errors}`);
}

/** The first of `count` neighbouring free ports, below the range the system hands out by itself. */
async function freePorts(count: number): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const first = 20_000 + 50 * Math.floor(Math.random() * 200);
    const free = await Promise.all(Array.from({ length: count }, (_, i) => isFree(first + i)));
    if (free.every(Boolean)) return first;
  }
  throw new Error(`no ${count} free neighbouring ports between 20000 and 30000`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function run(script: string, args: string[]): Promise<{ code: number; output: string; errors: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(here, script), args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [output, errors] = ['', ''];
    child.stdout.on('data', (chunk) => (output += String(chunk)));
    child.stderr.on('data', (chunk) => (errors += String(chunk)));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, output, errors }));
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? 'no reason given';
}
