/**
 * How close a copy comes to the shortest time that its concurrency allows, against a store that answers every part after
 * the same time. The bound is ceil(parts / concurrency) x latency, from the first part's arrival to Complete's; what is
 * above it is ours and the twin's, which runs in a process of its own but on the same machine. Prints the ratio to the bound:
 * the median of several runs, and the range.
 *
 *   npm run bench -- makespan
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbedded } from '../lib/runtime/embedded/open.ts';
import { keys, startTwin } from './support/twin.ts';

const MiB = 1024 ** 2;
/** Above what the twin hashes: its MD5 of a small part would take longer than the part may. */
const partSize = 32 * MiB;
const latencyMs = 50;
const concurrency = 16;
const runs = 5;
const twin = await startTwin();
const home = mkdtempSync(join(tmpdir(), 'ferry-bench-'));

interface Records {
  requests: { operation: string; at: number }[];
}

/** Time from the first part's arrival to Complete's, as multiples of the bound. */
async function copyOnce(url: string, parts: number): Promise<number> {
  const embedded = await openEmbedded({ home, settings: { concurrency }, credentials: { oss: async () => keys } });
  try {
    await twin.control('POST', 'objects', { bucket: 'photos', key: 'big', size: parts * partSize });
    await twin.control('DELETE', 'requests');
    await embedded.run({
      mode: 'copy',
      store: { scheme: 'oss', endpoint: url, region: 'cn-hangzhou' },
      source: { bucket: 'photos', key: 'big' },
      destination: { bucket: 'backup', key: 'big' },
      options: { partSize },
    });
    const { requests } = (await twin.control('GET', 'requests')) as Records;
    const times = (operation: string): number[] =>
      requests.filter((one) => one.operation === operation).map(({ at }) => at);
    const span = Math.max(...times('CompleteMultipartUpload')) - Math.min(...times('UploadPartCopy'));
    return span / (Math.ceil(parts / concurrency) * latencyMs);
  } finally {
    await embedded.close();
  }
}

try {
  const { url } = twin;
  await twin.control('POST', 'faults', {
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
  await twin.stop();
  rmSync(home, { recursive: true, force: true });
}
