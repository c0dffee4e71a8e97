/** The package as others install it: what it exports, and that its types hold in a project of their own. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../../..');
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ferry-package-'));
  const installed = join(folder, 'node_modules/object-ferry');
  await mkdir(installed, { recursive: true });
  await symlink(join(root, 'package.json'), join(installed, 'package.json'));
  await symlink(join(root, 'node_modules'), join(installed, 'node_modules'));
  await mkdir(join(installed, 'dist'));
  await symlink(join(root, 'dist/index.mjs'), join(installed, 'dist/index.mjs'));
  await run('npx', ['tsc', '-p', 'tsconfig.types.json', '--outDir', join(installed, 'dist/types')], { cwd: root });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('gives what it exports to an import by its name', async () => {
  await writeFile(
    join(folder, 'use.mjs'),
    `import * as ferry from 'object-ferry';\nconsole.log(Object.keys(ferry).join(' '));`,
  );
  const { stdout } = await run('node', ['use.mjs'], { cwd: folder });
  expect(stdout.trim().split(' ')).toEqual(
    ['CopyError', 'CopyJob', 'GiveUp', 'RetryLater', 'SourceChanged', 'Stopped', 'Superseded']
      .concat(['changeMetadata', 'copyObject', 'moveObject', 'planCopy'])
      .sort(),
  );
});

it('loads no SQLite, no SDK of a cloud and no framework', async () => {
  const text = await readFile(join(root, 'dist/index.mjs'), 'utf8');
  const imported = [...text.matchAll(/(?:from |import\()"([a-z@][^"]*)"/g)].map(([, name]) => name ?? '');
  const packages = imported.filter((name) => !name.startsWith('node:')).map((name) => name.split('/')[0]);
  expect(new Set(packages)).toEqual(new Set(['undici', 'fast-xml-parser']));
});

it('has types that a strict project accepts', async () => {
  const program = `
    import { copyObject, CopyError, CopyJob, type Checkpoint } from 'object-ferry';
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
    const store = { scheme: 's3' as const, region: 'eu-central-1', credentials };
    const { etag, lost } = await copyObject({ store, source: 's3://a/k', destination: { bucket: 'b', key: 'k' } });
    const words: string[] = [etag, ...lost.map(({ what }) => what)];
    const job = new CopyJob({ store, source: 's3://a/k', destination: 's3://b/k', storageClass: 'STANDARD_IA' });
    for await (const { bytesDone, size } of job) console.log(bytesDone / size, words);
    const kept: Checkpoint | undefined = await job.stop();
    if (kept) await CopyJob.resume(kept, { store }).run().catch((error: unknown) => {
      if (error instanceof CopyError) console.log(error.decision satisfies 'retry' | 'give-up' | 'source-changed' | 'superseded');
    });
    // @ts-expect-error: a destination is missing
    await copyObject({ store, source: 's3://a/k' });
  `;
  await writeFile(join(folder, 'use.mts'), program);
  const options = ['--ignoreConfig', '--strict', '--noEmit', '--target', 'es2023', '--skipLibCheck', 'false'];
  const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')];
  const args = ['tsc', ...options, '--module', 'nodenext', ...types, join(folder, 'use.mts')];
  const outcome = await run('npx', args, { cwd: root }).catch((error: { stdout: string }) => error);
  expect(outcome.stdout).toBe('');
});
