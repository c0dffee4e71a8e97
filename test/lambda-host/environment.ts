/**
 * One execution environment: a Node process that runs a bundle through the Lambda Runtime API, which this serves. Between
 * invocations the process is frozen, as on Lambda: its timers stop and its connections grow old.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

/** How long a runtime may take until it asks for an invocation; on Lambda ten seconds. */
const startMs = 10_000;

const bootstrap = fileURLToPath(new URL('bootstrap.mjs', import.meta.url));

/** What an invocation came to; `failed` is what the service calls a function error. */
export type Outcome = { answer: unknown } | { failed: 'error' | 'timeout' | 'exit'; message: string };

export interface EnvironmentOptions {
  /** Folder of the deployed package. */
  root: string;
  /** `path/to/module.export` below it. */
  handler: string;
  variables: Record<string, string>;
  arn: string;
  /** Gets each line that the function writes. */
  onLine?: (line: string) => void;
  /** Program to run it with; default: this Node. */
  node?: string;
}

interface Current {
  id: string;
  event: string;
  /** Handed to the runtime by now. */
  taken: boolean;
  /** Starts its time; returns the deadline, epoch milliseconds. */
  begin(): number;
  end(outcome: Outcome): void;
}

export class Environment {
  readonly #options: EnvironmentOptions;
  readonly #gone: Promise<unknown>;
  readonly #child: ChildProcess;
  /** The runtime's question for the next invocation, while it waits. */
  #next: ServerResponse | undefined;
  #current: Current | undefined;
  #frozen = false;
  alive = true;
  /** Stopped by `stall`: only the timeout ends it. */
  stalled = false;

  private constructor(options: EnvironmentOptions, server: Server) {
    this.#options = options;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response));
    const { port } = server.address() as AddressInfo;
    const { root, handler, variables, node = process.execPath } = options;
    const own = { AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`, LAMBDA_TASK_ROOT: root, _HANDLER: handler };
    this.#child = spawn(node, [bootstrap], {
      cwd: root,
      env: { ...variables, ...own },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      let rest = '';
      stream?.on('data', (chunk) => {
        const lines = (rest + String(chunk)).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) options.onLine?.(line);
      });
    }
    this.#gone = once(this.#child, 'exit').then(([code, signal]) => {
      this.alive = false;
      this.#end({ failed: 'exit', message: `Runtime exited: ${signal ?? code}` });
      server.close();
      server.closeAllConnections();
    });
  }

  static async start(options: EnvironmentOptions): Promise<Environment> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Environment(options, server);
  }

  get busy(): boolean {
    return this.#current !== undefined;
  }

  /**
   * Runs one invocation; one at a time. What runs longer than `timeoutMs` is killed.
   * @param event as JSON
   */
  async invoke(event: string, timeoutMs: number): Promise<Outcome> {
    let timer: NodeJS.Timeout | undefined;
    const outcome = await new Promise<Outcome>((resolve) => {
      const limit = (ms: number): void => {
        clearTimeout(timer);
        timer = setTimeout(() => {
          this.#end({ failed: 'timeout', message: `Task timed out after ${ms / 1000} seconds` });
          this.kill();
        }, ms);
      };
      // The time of the start is not the handler's.
      limit(timeoutMs + startMs);
      const begin = (): number => {
        limit(timeoutMs);
        return Date.now() + timeoutMs;
      };
      this.#current = { id: randomUUID(), event, taken: false, begin, end: resolve };
      if (this.alive) this.#hand();
      else this.#end({ failed: 'exit', message: 'Runtime exited before it was asked' });
    });
    clearTimeout(timer);
    return outcome;
  }

  /** SIGKILL: nothing of the function runs on. */
  kill(): void {
    this.alive = false;
    this.#child.kill('SIGKILL');
  }

  /** Stops a running function in its tracks, so that the timeout finds it. */
  stall(): void {
    this.stalled = true;
    this.#child.kill('SIGSTOP');
  }

  async close(): Promise<void> {
    this.kill();
    await this.#gone;
  }

  #end(outcome: Outcome): void {
    const current = this.#current;
    this.#current = undefined;
    current?.end(outcome);
  }

  /** Gives the invocation to the runtime if both are there. */
  #hand(): void {
    const [current, next] = [this.#current, this.#next];
    if (!current || !next || current.taken) return;
    if (this.#frozen) this.#child.kill('SIGCONT');
    this.#frozen = false;
    this.#next = undefined;
    current.taken = true;
    next.writeHead(200, {
      'Content-Type': 'application/json',
      'Lambda-Runtime-Aws-Request-Id': current.id,
      'Lambda-Runtime-Deadline-Ms': String(current.begin()),
      'Lambda-Runtime-Invoked-Function-Arn': this.#options.arn,
      'Lambda-Runtime-Trace-Id': `Root=1-${current.id.slice(0, 8)}-${current.id.replaceAll('-', '').slice(0, 24)}`,
    });
    next.end(current.event);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').replace('/2018-06-01/runtime/', '');
    if (path === 'invocation/next') {
      this.#next = response;
      this.#hand();
      if (this.#next) {
        this.#frozen = true;
        this.#child.kill('SIGSTOP');
      }
      return;
    }
    const body = await text(request);
    response.writeHead(202).end('{}');
    const [, id, what] = /^invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
    if (path === 'init/error') this.#end({ failed: 'error', message: body });
    else if (id === this.#current?.id && what === 'response') this.#end({ answer: JSON.parse(body) });
    else if (id === this.#current?.id) this.#end({ failed: 'error', message: body });
  }
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    // The runtime was killed while it spoke.
  }
  return Buffer.concat(chunks).toString('utf8');
}
