/** The command line against a twin: in this process, or as a program of its own where signals and kills matter. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll } from 'vitest';
import { ferry } from '../../../lib/cli/program.ts';
import type { TwinOptions } from '../../../lib/twin/options.ts';
import { startTwin, type Twin } from '../../../lib/twin/start.ts';

export const MiB = 1024 * 1024;

/** Built by `npm run build`, which `npm test` does first. */
const program = 'dist/ferry.mjs';

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Rig {
  readonly twin: Twin;
  /** A folder of this file's tests. */
  readonly folder: string;
  /** Runs a command line in this process, with a state folder of its own unless one is named. */
  run(...args: string[]): Promise<Outcome>;
  /** The same with other variables; `undefined` takes one away. */
  runWith(env: Record<string, string | undefined>, ...args: string[]): Promise<Outcome>;
  /** The same as `run`, at a terminal where the user types `answer`. */
  atTerminal(answer: string, ...args: string[]): Promise<Outcome>;
  /** Starts a command line as a program. */
  start(...args: string[]): Running;
}

export interface Running {
  child: ChildProcess;
  done: Promise<Outcome>;
}

/** A twin with the buckets `photos` and `backup`, for the tests of one file. */
export function useRig(options: TwinOptions = {}): Rig {
  let twin: Twin | undefined;
  let folder = '';
  const children = new Set<ChildProcess>();
  let runs = 0;
  const opened = (): Twin => {
    if (!twin) throw new Error('the twin is not up yet');
    return twin;
  };
  const envNow = (): Record<string, string | undefined> => ({
    PATH: process.env['PATH'],
    HOME: folder,
    FERRY_HOME: join(folder, `state-${++runs}`),
    ...storeEnv(opened()),
  });
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ferry-cli-'));
    twin = await startTwin({ buckets: [{ name: 'photos' }, { name: 'backup' }], ...options });
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await twin?.close();
    await rm(folder, { recursive: true, force: true });
  });
  const runWith: Rig['runWith'] = async (env, ...args) => {
    const [stdout, stderr] = [textSink(), textSink()];
    const code = await ferry(args, { stdout: stdout.stream, stderr: stderr.stream, env: { ...envNow(), ...env } });
    return { code, stdout: stdout.text(), stderr: stderr.text() };
  };
  return {
    get twin() {
      return opened();
    },
    get folder() {
      return folder;
    },
    run: (...args) => runWith({}, ...args),
    runWith,
    async atTerminal(answer, ...args) {
      const [stdout, stderr, stdin] = [textSink(), textSink(), new PassThrough()];
      stdin.end(`${answer}\n`);
      const terminal = { isTTY: true };
      const code = await ferry(args, {
        stdout: stdout.stream,
        stderr: Object.assign(stderr.stream, terminal),
        stdin: Object.assign(stdin, terminal),
        env: envNow(),
      });
      return { code, stdout: stdout.text(), stderr: stderr.text() };
    },
    start(...args) {
      if (!existsSync(program)) throw new Error(`${program} is not there: npm run build`);
      const child = spawn(process.execPath, [program, ...args], { env: envNow(), stdio: ['ignore', 'pipe', 'pipe'] });
      children.add(child);
      return { child, done: outcomeOf(child) };
    },
  };
}

export function storeEnv(twin: Twin): Record<string, string> {
  return {
    OSS_ENDPOINT: twin.url,
    OSS_REGION: 'cn-hangzhou',
    OSS_ACCESS_KEY_ID: twin.accessKeyId,
    OSS_ACCESS_KEY_SECRET: twin.secretAccessKey,
    AWS_ENDPOINT_URL: twin.url,
    AWS_REGION: 'cn-hangzhou',
    AWS_ACCESS_KEY_ID: twin.accessKeyId,
    AWS_SECRET_ACCESS_KEY: twin.secretAccessKey,
  };
}

/** The documents of `--json`, one a line; fails on anything else. */
export function documents(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Waits until something holds, and fails when it does not come to hold. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let look = 0; look < 600; look++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited in vain: ${what}`);
}

function textSink(): { stream: PassThrough; text: () => string } {
  const stream = new PassThrough({ encoding: 'utf8' });
  let text = '';
  stream.on('data', (chunk: string) => (text += chunk));
  return { stream, text: () => text };
}

async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stdout, stderr };
}
