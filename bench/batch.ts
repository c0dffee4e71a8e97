/**
 * A batch over many small objects on the embedded runtime: rate, CPU per object and memory of the process that ferries. The
 * twin runs in a process of its own, but on the same machine, and costs about as much as we do.
 *
 *   npm run bench -- batch [OBJECTS]        default 100,000
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createBatch } from '../lib/batch/batch.ts';
import { openEmbedded } from '../lib/runtime/embedded.ts';

const objects = Number(process.argv[2] ?? 100_000);
const keys = { accessKeyId: 'bench', secretAccessKey: 'bench-secret' };
const buckets = ['--bucket', 'photos', '--bucket', 'backup'];
const secrets = ['--access-key', keys.accessKeyId, '--secret', keys.secretAccessKey];
const twin = spawn(process.execPath, ['dist/ferry.mjs', 'twin', '--port', '0', ...buckets, ...secrets], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const home = mkdtempSync(join(tmpdir(), 'ferry-bench-'));

async function twinUrl(): Promise<string> {
  for await (const line of createInterface({ input: twin.stdout })) {
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
    if (url) return url;
  }
  throw new Error('the twin ended before it listened');
}

/** Keys as cameras and logs make them: folders of a thousand. */
async function furnish(url: string): Promise<void> {
  const some = 5_000;
  for (let from = 0; from < objects; from += some) {
    const put = Array.from({ length: Math.min(some, objects - from) }, (_, i) => {
      const n = from + i;
      const key = `in/${String(Math.floor(n / 1000)).padStart(4, '0')}/object-${String(n).padStart(7, '0')}.bin`;
      return { bucket: 'photos', key, size: 1000, seed: n };
    });
    await control(url, 'POST', 'objects', put);
  }
}

async function control(url: string, method: string, what: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(`${url}/__twin/${what}`, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method} ${what}: ${answer.status} ${await answer.text()}`);
  return await answer.json();
}

async function counts(url: string): Promise<Record<string, number>> {
  return ((await control(url, 'GET', 'requests')) as { counts: Record<string, number> }).counts;
}

try {
  const url = await twinUrl();
  await furnish(url);
  await control(url, 'DELETE', 'requests');
  const embedded = await openEmbedded({ home, credentials: { oss: async () => keys } });
  const before = process.cpuUsage();
  const startedAt = performance.now();
  let most = 0;
  const sampler = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 100);
  const { id } = await createBatch(embedded.batches, {
    mode: 'copy',
    store: { scheme: 'oss', endpoint: url, region: 'cn-hangzhou' },
    source: { kind: 'prefix', bucket: 'photos', prefix: 'in/' },
    destination: { bucket: 'backup' },
    options: {},
  });
  const { summary } = await embedded.runBatch(id);
  clearInterval(sampler);
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(before);
  await embedded.close();
  console.log(`${summary?.counts.copied} of ${objects} objects copied in ${seconds.toFixed(1)} s`);
  console.log(
    `${(objects / seconds).toFixed(0)} objects/s, ${((user + system) / objects).toFixed(0)} us of CPU an object`,
  );
  console.log(`memory at most ${(most / 1024 ** 2).toFixed(0)} MiB (RSS)`);
  console.log(`requests: ${JSON.stringify(await counts(url))}`);
} finally {
  twin.kill();
  await once(twin, 'exit');
  rmSync(home, { recursive: true, force: true });
}
