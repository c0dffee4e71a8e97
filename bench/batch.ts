/**
 * A batch over many small objects on the embedded runtime: rate, CPU per object and memory of the process that ferries. The
 * twin runs in a process of its own, but on the same machine, and costs about as much as we do.
 *
 *   npm run bench -- batch [OBJECTS]        default 100,000
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBatch } from '../lib/batch/index.ts';
import { openEmbedded } from '../lib/runtime/embedded/open.ts';
import { keys, startTwin } from './support/twin.ts';

const objects = Number(process.argv[2] ?? 100_000);
const twin = await startTwin();
const home = mkdtempSync(join(tmpdir(), 'ferry-bench-'));

/** Keys as cameras and logs make them: folders of a thousand. */
async function furnish(): Promise<void> {
  const some = 5_000;
  for (let from = 0; from < objects; from += some) {
    const put = Array.from({ length: Math.min(some, objects - from) }, (_, i) => {
      const n = from + i;
      const key = `in/${String(Math.floor(n / 1000)).padStart(4, '0')}/object-${String(n).padStart(7, '0')}.bin`;
      // The twin keeps a mebibyte for each seed.
      return { bucket: 'photos', key, size: 500 + (n % 1000), seed: n % 50 };
    });
    await twin.control('POST', 'objects', put);
  }
}

async function counts(): Promise<Record<string, number>> {
  return ((await twin.control('GET', 'requests')) as { counts: Record<string, number> }).counts;
}

try {
  const { url } = twin;
  await furnish();
  await twin.control('DELETE', 'requests');
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
  console.log(`requests: ${JSON.stringify(await counts())}`);
} finally {
  await twin.stop();
  rmSync(home, { recursive: true, force: true });
}
