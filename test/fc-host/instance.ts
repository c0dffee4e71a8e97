/**
 * One instance of a function with a custom runtime: a process that answers HTTP. It is started when it is needed, has several
 * invocations at once, and is frozen while it has none, as on Function Compute: its timers stop and its connections grow old.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../free-port.ts';

/** How long an instance may take until its port answers. */
const startMs = 120_000;
const loopback = fileURLToPath(new URL('loopback.mjs', import.meta.url));

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** What an invocation came to; `failed` is what the service calls a function error. */
export type Outcome = Answer | { failed: 'error' | 'timeout' | 'exit'; message: string };

export interface InstanceOptions {
  /** Folder of the unpacked code. */
  root: string;
  /** Program and its arguments. */
  command: string[];
  variables: Record<string, string>;
  /** Gets each line that the function writes. */
  onLine?: (line: string) => void;
}

export interface Call {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer;
}

export class Instance {
  readonly #child: ChildProcess;
  readonly #port: number;
  readonly #gone: Promise<void>;
  #frozen = false;
  alive = true;
  /** Stopped by `stall`: only the timeout ends it. */
  stalled = false;
  /** Bodies of the invocations under way. */
  readonly underWay = new Set<Buffer>();

  private constructor({ root, command, variables, onLine }: InstanceOptions, port: number) {
    const [program = '', ...args] = command;
    this.#port = port;
    this.#child = spawn(program, args, {
      cwd: root,
      env: { ...variables, FC_SERVER_PORT: String(port), NODE_OPTIONS: `--import=${loopback}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      let rest = '';
      stream?.on('data', (chunk) => {
        const lines = (rest + String(chunk)).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) onLine?.(line);
      });
    }
    this.#gone = once(this.#child, 'exit').then(() => void (this.alive = false));
  }

  /** Resolves when the port answers or the process has ended. */
  static async start(options: InstanceOptions): Promise<Instance> {
    const instance = new Instance(options, await freePort());
    const deadline = Date.now() + startMs;
    while (instance.alive && Date.now() < deadline && !(await answers(instance.#port))) await sleep(20);
    return instance;
  }

  /** What runs longer than `timeoutMs` is killed, and what else is under way in the instance with it. */
  async invoke({ method, path, headers, body: sentBody }: Call, timeoutMs: number): Promise<Outcome> {
    if (!this.alive) return { failed: 'exit', message: 'FunctionNotStarted: the process has ended' };
    // The same message may be under way twice.
    const body = Buffer.from(sentBody);
    this.underWay.add(body);
    this.#thaw();
    let timedOut = false;
    const sent = request({ host: '127.0.0.1', port: this.#port, method, path, headers, agent: false });
    const timer = setTimeout(() => {
      timedOut = true;
      this.kill();
    }, timeoutMs);
    try {
      sent.end(body);
      const [answer] = await once(sent, 'response');
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk as Buffer);
      const all = Buffer.concat(chunks);
      if (answer.headers['x-fc-status'] === '404' && path === '/invoke')
        return { failed: 'error', message: all.toString() };
      return { status: answer.statusCode, headers: answer.headers, body: all };
    } catch (error) {
      if (timedOut) return { failed: 'timeout', message: `Function timed out after ${timeoutMs / 1000} seconds` };
      return { failed: 'exit', message: `FunctionExited: ${String(error)}` };
    } finally {
      clearTimeout(timer);
      this.underWay.delete(body);
      if (this.underWay.size === 0 && this.alive) this.#freeze();
    }
  }

  /** SIGKILL: nothing of the function runs on. */
  kill(): void {
    this.alive = false;
    this.#child.kill('SIGKILL');
  }

  /** Stops a running instance in its tracks, so that the timeout finds it. */
  stall(): void {
    this.stalled = true;
    this.#child.kill('SIGSTOP');
  }

  async close(): Promise<void> {
    this.kill();
    await this.#gone;
  }

  #freeze(): void {
    this.#frozen = true;
    this.#child.kill('SIGSTOP');
  }

  #thaw(): void {
    if (this.#frozen) this.#child.kill('SIGCONT');
    this.#frozen = false;
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const isThere = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'close').then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return isThere;
}
