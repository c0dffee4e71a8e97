import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BuildContext, Plugin } from 'esbuild';
import { context } from 'esbuild';
import { afterAll } from 'vitest';
import type * as Simulation from '../search.ts';
import type { Mutant } from './mutant.ts';

/** The simulation with the engine as it is, or mutated. @throws Error as `loadMutated` does. */
export async function loadSimulation(mutant?: Mutant): Promise<typeof Simulation> {
  return (await loadMutated('test/simulation/search.ts', mutant)) as typeof Simulation;
}

/** Per entry: a build that parses only what has changed since the last one, and the mutant it is to apply. */
const builders = new Map<string, Promise<Builder>>();

// A builder that is left open keeps its compiler from ending with the process.
afterAll(async () => {
  for (const builder of builders.values()) await (await builder).context.dispose();
  builders.clear();
});

interface Builder {
  context: BuildContext;
  mutant: Mutant | undefined;
}

/**
 * Bundles a module with everything that it imports, mutated if asked, and loads it. One call after another: they share a build.
 * @throws Error when an edit no longer matches the engine: it must be brought up to date or dropped.
 */
export async function loadMutated(entry: string, mutant?: Mutant): Promise<unknown> {
  const made = builders.get(entry) ?? openBuilder(entry);
  builders.set(entry, made);
  const builder = await made;
  builder.mutant = mutant;
  const result = await builder.context.rebuild();
  const folder = await mkdtemp(join(tmpdir(), 'ferry-mutant-'));
  try {
    const file = join(folder, 'bundle.mjs');
    await writeFile(file, result.outputFiles?.[0]?.contents ?? '');
    return (await import(pathToFileURL(file).href)) as unknown;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function openBuilder(entry: string): Promise<Builder> {
  const builder: Pick<Builder, 'mutant'> = { mutant: undefined };
  const made = await context({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'silent',
    plugins: [mutation(() => builder.mutant)],
  });
  return Object.assign(builder, { context: made });
}

function mutation(wanted: () => Mutant | undefined): Plugin {
  return {
    name: 'mutation',
    setup({ onLoad, onEnd }) {
      let applied: Mutant | undefined;
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const mutant = wanted();
        if (!mutant || !path.replaceAll('\\', '/').endsWith(`/lib/${mutant.file}`)) return undefined;
        applied = mutant;
        return { contents: mutated(await readFile(path, 'utf8'), mutant), loader: 'ts' };
      });
      onEnd(({ errors }) => {
        const mutant = wanted();
        if (errors.length > 0 || !mutant || applied === mutant) return;
        throw new Error(`mutant "${mutant.name}": lib/${mutant.file} is not in the bundle`);
      });
    },
  };
}

function mutated(contents: string, { name, file, edits }: Mutant): string {
  let text = contents;
  for (const { find, replace } of edits) {
    const found = text.split(find).length - 1;
    if (found !== 1) throw new Error(`mutant "${name}": this stands ${found} times in lib/${file}: ${find}`);
    text = text.replace(find, () => replace);
  }
  return text;
}
