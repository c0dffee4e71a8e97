import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';
import { build } from 'esbuild';
import type * as Simulation from '../search.ts';
import type { Mutant } from './mutant.ts';

/** The simulation with the engine as it is, or mutated. @throws Error as `loadMutated` does. */
export async function loadSimulation(mutant?: Mutant): Promise<typeof Simulation> {
  return (await loadMutated('test/simulation/search.ts', mutant)) as typeof Simulation;
}

/**
 * Bundles a module with everything that it imports, mutated if asked, and loads it.
 * @throws Error when an edit no longer matches the engine: it must be brought up to date or dropped.
 */
export async function loadMutated(entry: string, mutant?: Mutant): Promise<unknown> {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'silent',
    plugins: mutant ? [mutation(mutant)] : [],
  });
  const folder = await mkdtemp(join(tmpdir(), 'ferry-mutant-'));
  try {
    const file = join(folder, 'bundle.mjs');
    await writeFile(file, result.outputFiles[0]?.contents ?? '');
    return (await import(pathToFileURL(file).href)) as unknown;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function mutation({ name, file, edits }: Mutant): Plugin {
  return {
    name: 'mutation',
    setup({ onLoad, onEnd }) {
      let applied = false;
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (!path.replaceAll('\\', '/').endsWith(`/lib/${file}`)) return undefined;
        let contents = await readFile(path, 'utf8');
        for (const { find, replace } of edits) {
          const found = contents.split(find).length - 1;
          if (found !== 1) throw new Error(`mutant "${name}": this stands ${found} times in lib/${file}: ${find}`);
          contents = contents.replace(find, () => replace);
        }
        applied = true;
        return { contents, loader: 'ts' };
      });
      onEnd(({ errors }) => {
        if (errors.length === 0 && !applied) throw new Error(`mutant "${name}": lib/${file} is not in the bundle`);
      });
    },
  };
}
