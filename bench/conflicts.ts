/**
 * What the check of a list costs: a list in which five rows share each destination, a fifth of the list apart (200,000 rows). Every row is
 * refused, so what remains is reading, checking and writing the results; a list that cannot have conflicts (one destination
 * bucket, every row its own key) pays the same check. No store is asked but for the first destination.
 *
 *   npm run bench -- conflicts [ROWS]        default 1,000,000
 */
import { createWriteStream, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBatch } from '../lib/batch/index.ts';
import { openEmbedded } from '../lib/runtime/embedded/open.ts';
import { keys, startTwin } from './support/twin.ts';

const rows = Number(process.argv[2] ?? 1_000_000);
const apart = Math.ceil(rows / 5);
const twin = await startTwin();
const home = mkdtempSync(join(tmpdir(), 'ferry-bench-'));
const path = join(home, 'list.csv');

async function writeList(): Promise<void> {
  const file = createWriteStream(path);
  file.write('key,destination\n');
  for (let n = 0; n < rows; n += 1) {
    const line = `in/object-${String(n).padStart(9, '0')}.bin,out/object-${String(n % apart).padStart(9, '0')}.bin\n`;
    if (!file.write(line)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

try {
  await writeList();
  const embedded = await openEmbedded({ home, credentials: { s3: async () => keys } });
  const steps: Record<string, number> = {};
  let step = 'read';
  let since = performance.now();
  let most = 0;
  const sampler = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 100);
  const { id } = await createBatch(embedded.batches, {
    mode: 'rename',
    store: { scheme: 's3', endpoint: twin.url, region: 'us-east-1' },
    source: { kind: 'manifest', file: { path }, format: 'csv', bucket: 'photos' },
    options: {},
  });
  const running = embedded.runBatch(id);
  const watch = setInterval(() => void note(), 20);
  async function note(): Promise<void> {
    const job = await embedded.batches.state.get(id);
    const check = (job?.batch as { check?: { step: string; done?: true } } | undefined)?.check;
    const now = check?.done ? 'results' : (check?.step ?? 'read');
    if (now === step) return;
    steps[step] = (performance.now() - since) / 1000;
    step = now;
    since = performance.now();
  }
  const { summary } = await running;
  clearInterval(watch);
  clearInterval(sampler);
  steps[step] = (performance.now() - since) / 1000;
  await embedded.close();
  console.log(`${rows} rows: ${JSON.stringify(summary?.counts)}`);
  console.log(
    `seconds: ${Object.entries(steps)
      .map(([name, s]) => `${name} ${s.toFixed(1)}`)
      .join(', ')}`,
  );
  console.log(`memory at most ${(most / 1024 ** 2).toFixed(0)} MiB (RSS)`);
  const work = join(home, 'batches', id);
  for (const folder of ['pages', 'check', 'conflicts', 'verdicts', 'results']) {
    console.log(`${folder}: ${(sizeOf(join(work, folder)) / rows).toFixed(0)} bytes a row`);
  }
} finally {
  await twin.stop();
  rmSync(home, { recursive: true, force: true });
}
