/** The largest object there can be: 48.8 TB in 10,000 parts, by the command itself so that its memory can be seen. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startTwin } from '../../../lib/twin/start.ts';
import { oss } from '../../../lib/store/dialects/oss.ts';

const ferry = join(import.meta.dirname, '../../../dist/ferry.mjs');
const MiB = 1024 ** 2;

/** Highest resident set so far, bytes; only Linux tells. */
function peakMemory(pid: number): number {
  try {
    const [, kib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kib ?? 0) * 1024;
  } catch {
    return 0;
  }
}

test('48.8 TB in 10,000 parts, in less than 200 MiB of memory', { timeout: 600_000 }, async () => {
  const twin = await startTwin({ buckets: [{ name: 'photos' }, { name: 'backup' }] });
  const home = mkdtempSync(join(tmpdir(), 'ferry-largest-'));
  try {
    const source = await twin.store.put('photos', 'huge', { size: oss.facts.maxObjectSize, seed: 0 });
    const child = spawn(process.execPath, [ferry, 'cp', 'oss://photos/huge', 'oss://backup/huge', '--json'], {
      env: {
        ...process.env,
        OSS_ENDPOINT: twin.url,
        OSS_REGION: 'cn-hangzhou',
        OSS_ACCESS_KEY_ID: twin.accessKeyId,
        OSS_ACCESS_KEY_SECRET: twin.secretAccessKey,
        FERRY_HOME: home,
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    let peak = 0;
    const watch = setInterval(() => (peak = Math.max(peak, peakMemory(child.pid ?? 0))), 100);
    const [code] = (await once(child, 'exit')) as [number];
    clearInterval(watch);
    expect(code).toBe(0);
    expect(twin.requests.count('UploadPartCopy')).toBe(10_000);
    expect(twin.requests.count('ListParts')).toBe(10);
    const copy = await twin.store.head('backup', 'huge');
    expect(copy).toMatchObject({ size: source.size, crc64: source.crc64 });
    expect(peak).toBeLessThan(200 * MiB);
  } finally {
    await twin.close();
    rmSync(home, { recursive: true, force: true });
  }
});
