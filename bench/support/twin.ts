/** The twin in a process of its own, so that what it costs is not counted as ours. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export const keys = { accessKeyId: 'bench', secretAccessKey: 'bench-secret' };

export interface BenchTwin {
  url: string;
  /** Asks the twin's own interface. @throws Error with its answer when it refuses. */
  control(method: string, what: string, body?: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

/** With the buckets `photos` and `backup`; of the built program. */
export async function startTwin(): Promise<BenchTwin> {
  const buckets = ['--bucket', 'photos', '--bucket', 'backup'];
  const secrets = ['--access-key', keys.accessKeyId, '--secret', keys.secretAccessKey];
  const twin = spawn(process.execPath, ['dist/ferry.mjs', 'twin', '--port', '0', ...buckets, ...secrets], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await urlIn(twin.stdout);
  return {
    url,
    async control(method, what, body) {
      const init = { method, body: body === undefined ? undefined : JSON.stringify(body) };
      const answer = await fetch(`${url}/__twin/${what}`, init);
      if (!answer.ok) throw new Error(`${method} ${what}: ${answer.status} ${await answer.text()}`);
      return method === 'GET' ? await answer.json() : undefined;
    },
    async stop() {
      twin.kill();
      if (twin.exitCode === null && twin.signalCode === null) await once(twin, 'exit');
    },
  };
}

async function urlIn(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
    if (url) return url;
  }
  throw new Error('the twin ended before it listened');
}
