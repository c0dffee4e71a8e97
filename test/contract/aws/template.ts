/** The CloudFormation that `serverless package` writes; offline and without credentials. */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

export interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
}

export interface Packaged {
  resources: Record<string, Resource>;
  /** Zip files by name, with their size in bytes. */
  zips: Record<string, number>;
}

/** What a checkout holds that is packaged, or that describes it. */
const linked = ['deploy', 'dist', 'lib', 'node_modules', 'package.json', 'tsconfig.json'];

/**
 * Needs `npm run build`, which `npm test` does first.
 *
 * @param file text of `ferry.yaml`; null: there is none
 */
export async function packageStack(stage: string, file: string | null = 'rules: []\n'): Promise<Packaged> {
  const root = await mkdtemp(join(tmpdir(), 'ferry-package-'));
  const folder = join(root, 'package');
  try {
    const service = join(root, 'service');
    await mkdir(service);
    await Promise.all(linked.map((name) => symlink(resolve(name), join(service, name))));
    // The framework takes no link for its configuration.
    await copyFile('serverless.ts', join(service, 'serverless.ts'));
    if (file !== null) await writeFile(join(service, 'ferry.yaml'), file);
    const program = resolve('node_modules', '.bin', 'serverless');
    await promisify(execFile)(program, ['package', '--stage', stage, '--package', folder], {
      cwd: service,
      env: { PATH: process.env['PATH'], HOME: root },
    });
    const text = await readFile(join(folder, 'cloudformation-template-update-stack.json'), 'utf8');
    const template = JSON.parse(text) as { Resources: Packaged['resources'] };
    const names = (await readdir(folder)).filter((name) => name.endsWith('.zip'));
    const sizes = await Promise.all(names.map(async (name) => [name, (await stat(join(folder, name))).size] as const));
    return { resources: template.Resources, zips: Object.fromEntries(sizes) };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Resources of a type, by their logical id. */
export function ofType({ resources }: Packaged, type: string): [id: string, Resource['Properties']][] {
  return Object.entries(resources)
    .filter(([, resource]) => resource.Type === type)
    .map(([id, resource]) => [id, resource.Properties]);
}
