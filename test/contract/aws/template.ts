/** The CloudFormation that `serverless package` writes; offline and without credentials. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/** Needs `npm run build`, which `npm test` does first. */
export async function packageStack(stage: string): Promise<Packaged> {
  const folder = await mkdtemp(join(tmpdir(), 'ferry-package-'));
  try {
    const program = join('node_modules', '.bin', 'serverless');
    await promisify(execFile)(program, ['package', '--stage', stage, '--package', folder], {
      env: { PATH: process.env['PATH'], HOME: folder },
    });
    const text = await readFile(join(folder, 'cloudformation-template-update-stack.json'), 'utf8');
    const template = JSON.parse(text) as { Resources: Packaged['resources'] };
    const names = (await readdir(folder)).filter((name) => name.endsWith('.zip'));
    const sizes = await Promise.all(names.map(async (name) => [name, (await stat(join(folder, name))).size] as const));
    return { resources: template.Resources, zips: Object.fromEntries(sizes) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Resources of a type, by their logical id. */
export function ofType({ resources }: Packaged, type: string): [id: string, Resource['Properties']][] {
  return Object.entries(resources)
    .filter(([, resource]) => resource.Type === type)
    .map(([id, resource]) => [id, resource.Properties]);
}
