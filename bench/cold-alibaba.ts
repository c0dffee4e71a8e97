/**
 * What the bundles for Function Compute add to the start of a bare Node: whole processes, `node -e` with an import of the bundle and
 * without one, in turn, from a folder that holds what the package holds. The budget is 100 ms for each import, of
 * processor time: on a machine that others use, the clock counts their work too. Run `npm run build` first.
 *
 *   npm run bench -- cold-alibaba [PATH_OF_ANOTHER_NODE ...]
 */
import type { StdioOptions } from 'node:child_process';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const runs = 21;
const budgetMs = 100;
const names = ['object-created', 'work', 'api', 'sweep'];
const folder = mkdtempSync(join(tmpdir(), 'ferry-cold-'));

interface Times {
  /** Milliseconds of the whole process, by the clock. */
  wall: number;
  /** Milliseconds of processor time that it took, in all its threads. */
  cpu: number;
}

function timesOf(node: string, program: string): Times {
  const report = 'const { user, system } = process.cpuUsage(); console.log((user + system) / 1000)';
  const began = performance.now();
  const options = {
    cwd: folder,
    env: {},
    encoding: 'utf8' as const,
    stdio: ['ignore', 'pipe', 'ignore'] as StdioOptions,
  };
  const output = execFileSync(node, ['--input-type=module', '-e', `${program}; ${report}`], options);
  return { wall: performance.now() - began, cpu: Number(output.trim().split('\n').at(-1)) };
}

const median = (times: number[]): number => times.toSorted((a, b) => a - b)[(runs - 1) / 2] ?? 0;
const medians = (times: Times[]): Times => ({
  wall: median(times.map(({ wall }) => wall)),
  cpu: median(times.map(({ cpu }) => cpu)),
});

/** Bare and with the import by turns, so that a busy moment of the machine meets both. */
function measure(node: string, name: string): { bare: Times; imported: Times } {
  const [bare, imported]: [Times[], Times[]] = [[], []];
  for (let run = 0; run < runs; run += 1) {
    bare.push(timesOf(node, '0'));
    imported.push(timesOf(node, `await import('./${name}.mjs')`));
  }
  return { bare: medians(bare), imported: medians(imported) };
}

try {
  cpSync(join('dist', 'alibaba'), folder, { recursive: true });
  for (const node of [process.execPath, ...process.argv.slice(2)]) {
    const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
    console.log(`Node ${version}: medians of ${runs} processes`);
    for (const name of names) {
      const { bare, imported } = measure(node, name);
      const added = imported.cpu - bare.cpu;
      const size = (statSync(join(folder, `${name}.mjs`)).size / 1000).toFixed(0);
      const ratio = (which: keyof Times) => `${(imported[which] / bare[which]).toFixed(2)} times`;
      console.log(
        `  ${name}: ${size} kB; processor ${bare.cpu.toFixed(0)} to ${imported.cpu.toFixed(0)} ms (${ratio('cpu')}), ` +
          `clock ${bare.wall.toFixed(0)} to ${imported.wall.toFixed(0)} ms (${ratio('wall')}); ` +
          `${added.toFixed(0)} ms more, ${added < budgetMs ? 'within' : 'ABOVE'} ${budgetMs} ms`,
      );
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
