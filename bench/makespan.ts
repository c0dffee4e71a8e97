/**
 * How close a copy comes to the shortest time that its concurrency allows, against a store that answers every part after
 * the same time. The bound is ceil(parts / concurrency) x latency, from the first part's arrival to Complete's; what is
 * above it is ours and the twin's, which runs in a process of its own but on the same machine. Prints the ratio to the bound:
 * the median of several runs, and the range.
 *
 *   npm run bench -- makespan
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openEmbedded } from '../lib/runtime/embedded.ts';

const MiB = 1024 ** 2;
const latencyMs = 50;
const concurrency = 16;
const runs = 5;
const keys = { accessKeyId: 'bench', secretAccessKey: 'bench-secret' };

const twin = spawn(
  process.execPath,
  [
    'dist/ferry.mjs',
    'twin',
    '--port',
    '0',
    '--bucket',
    'photos',
    '--bucket',
    'backup',
    '--access-key',
    keys.accessKeyId,
  ].concat(['--secret', keys.secretAccessKey]),
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const home = mkdtempSync(join(tmpdir(), 'ferry-bench-'));

async function twinUrl(): Promise<string> {
  for await (const line of createInterface({ input: twin.stdout })) {
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
    if (url) return url;
  }
  throw new Error('the twin ended before it listened');
}

async function control(url: string, method: string, what: string, body?: object): Promise<unknown> {
  const answer = await fetch(`${url}/__twin/${what}`, { method, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${what}: ${answer.status} ${await answer.text()}`);
  return method === 'GET' ? await answer.json() : undefined;
}

interface Records {
  requests: { operation: string; at: number }[];
}

/** Time from the first part's arrival to Complete's, as multiples of the bound. */
async function copyOnce(url: string, parts: number): Promise<number> {
  const embedded = await openEmbedded({ home, settings: { concurrency }, credentials: { oss: async () => keys } });
  try {
    await control(url, 'POST', 'objects', { bucket: 'photos', key: 'big', size: parts * MiB });
    await control(url, 'DELETE', 'requests');
    await embedded.run({
      mode: 'copy',
      store: { scheme: 'oss', endpoint: url, region: 'cn-hangzhou' },
      source: { bucket: 'photos', key: 'big' },
      destination: { bucket: 'backup', key: 'big' },
      options: { partSize: MiB },
    });
    const { requests } = (await control(url, 'GET', 'requests')) as Records;
    const times = (operation: string): number[] =>
      requests.filter((one) => one.operation === operation).map(({ at }) => at);
    const span = Math.max(...times('CompleteMultipartUpload')) - Math.min(...times('UploadPartCopy'));
    return span / (Math.ceil(parts / concurrency) * latencyMs);
  } finally {
    await embedded.close();
  }
}

try {
  const url = await twinUrl();
  await control(url, 'POST', 'faults', {
    match: { operation: 'UploadPartCopy' },
    effect: { kind: 'latency', ms: latencyMs },
  });
  await copyOnce(url, 64);
  for (const parts of [64, 512, 2048]) {
    const ratios: number[] = [];
    for (let run = 0; run < runs; run += 1) ratios.push(await copyOnce(url, parts));
    ratios.sort((a, b) => a - b);
    const [least, median, most] = [ratios[0], ratios[(runs - 1) / 2], ratios.at(-1)].map((ratio) => ratio?.toFixed(2));
    console.log(`${parts} parts, ${concurrency} at once, ${latencyMs} ms: ${median} x the bound (${least} to ${most})`);
  }
} finally {
  twin.kill();
  await once(twin, 'exit');
  rmSync(home, { recursive: true, force: true });
}
