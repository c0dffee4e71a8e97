/**
 * What a cold start costs: size of each function's bundle, and the time to import it in a fresh process (median of several,
 * less that of an empty module). Run `npm run build` first.
 *
 *   npm run bench -- cold
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const runs = 11;
const folder = mkdtempSync(join(tmpdir(), 'ferry-cold-'));

/** Milliseconds that the import took, by the process's own clock. */
function importTime(file: string): number {
  const probe = join(folder, 'probe.mjs');
  const url = JSON.stringify(pathToFileURL(resolve(file)).href);
  writeFileSync(
    probe,
    `const t = performance.now(); await import(${url}); console.log(performance.now() - t); process.exit(0);`,
  );
  return Number(execFileSync(process.execPath, [probe], { encoding: 'utf8' }).trim().split('\n').at(-1));
}

function median(file: string): number {
  const times = Array.from({ length: runs }, () => importTime(file)).sort((a, b) => a - b);
  return times[(runs - 1) / 2] ?? 0;
}

try {
  const empty = join(folder, 'empty.mjs');
  writeFileSync(empty, 'export {};');
  const floor = median(empty);
  for (const name of readdirSync('dist/functions').filter((file) => file.endsWith('.mjs'))) {
    const file = join('dist/functions', name);
    const kib = (statSync(file).size / 1024).toFixed(0);
    console.log(`${name}: ${kib} KiB, import ${(median(file) - floor).toFixed(0)} ms (Node ${process.version})`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
