import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { groups } from '../../../lib/cli/commands.ts';
import { ferry } from '../../../lib/cli/program.ts';

const run = (...args: string[]) => runWith({}, ...args);

async function runWith(
  env: Record<string, string>,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const texts = [new PassThrough(), new PassThrough()].map((stream) => stream.setEncoding('utf8')) as [
    PassThrough,
    PassThrough,
  ];
  const [stdout, stderr] = texts;
  const code = await ferry(args, { stdout, stderr, env });
  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}

describe('the program', () => {
  it('explains itself', async () => {
    const { code, stdout, stderr } = await run('--help');
    expect(code).toBe(0);
    expect(stderr).toBe('');
    for (const command of ['cp', 'mv', 'meta', 'ls', 'status', 'resume', 'cancel', 'sweep', 'doctor', 'twin', 'demo']) {
      expect(stdout).toMatch(new RegExp(`^  ${command} .*  [a-z]`, 'm'));
    }
    expect(stdout).toContain('Exit codes: 0 done, 1 failed, 2 usage');
    expect(await run('--version')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    });
  });

  it.each(['cp', 'mv', 'meta', 'ls', 'status', 'resume', 'cancel', 'sweep', 'doctor', 'twin', 'demo'])(
    'explains %s',
    async (command) => {
      const { code, stdout } = await run(command, '--help');
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`^Usage: ferry ${command} `));
    },
  );

  it('lists each command as the command itself says that it is used', async () => {
    const { stdout } = await run('--help');
    for (const [name, commands] of groups.flatMap(([, commands]) => commands.map((one) => [one[0], one] as const))) {
      const [, usage, summary] = commands;
      expect((await run(name, '--help')).stdout.split('\n')[0]).toBe(`Usage: ferry ${name} ${usage}`);
      expect(stdout).toMatch(new RegExp(`^  ${name} .* ${summary.split(' ')[0]}`, 'm'));
    }
  });

  it('shows its help when nothing was asked', async () => {
    const { code, stdout, stderr } = await run();
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Usage: ferry');
  });

  it('gives machines a document, people a line', async () => {
    const machine = await run('cp', 'gs://a/b', 'oss://c/d', '--json');
    expect(machine.code).toBe(2);
    expect(JSON.parse(machine.stdout)).toMatchObject({ status: 'failed', error: { code: 'Usage' } });
    const person = await run('cp', 'gs://a/b', 'oss://c/d');
    expect(person).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^✗ "gs:\/\/" is not/) as string,
    });
  });

  it('says what is wrong with an option', async () => {
    expect((await run('cp', 'oss://a/b', 'oss://c/d', '--part-size', '-1')).stderr).toMatch(
      /^✗ option '--part-size <size>' argument '-1' is invalid\. Write a size such as 64MiB/,
    );
  });
});

describe('a variable', () => {
  it('stands for an option that a command must have', async () => {
    const words = ['replicate', '--existing', 'nightly'];
    expect((await run(...words)).stderr).toContain("required option '--config <file>'");
    expect(await runWith({ FERRY_CONFIG: '/nowhere.yaml' }, ...words)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('cannot read /nowhere.yaml') as string,
    });
    expect((await runWith({ FERRY_EXISTING: 'x', FERRY_CONFIG: '/nowhere.yaml' }, 'replicate')).stderr).toContain(
      'cannot read',
    );
  });

  const endpoint = { OSS_ENDPOINT: 'http://127.0.0.1:1', OSS_ACCESS_KEY_ID: 'a', OSS_ACCESS_KEY_SECRET: 'b' };
  const copy = ['cp', 'oss://a/b', 'oss://c/d'];
  const batch = ['batch', 'run', 'oss://a/b/'];
  it.each([
    [{ FERRY_OVERWRITE: 'always' }, [...copy, '--if-different', '--overwrite', 'never'], true],
    [{ FERRY_OVERWRITE: 'always' }, [...copy, '--if-different'], false],
    [{ FERRY_IF_DIFFERENT: '1' }, [...copy, '--overwrite', 'always'], false],
    [{ FERRY_RENAME: '1' }, [...batch, '--in-place', '--meta', 'a=b'], false],
    [{ FERRY_IN_PLACE: '1' }, [...batch, 'oss://c/', '--rename'], false],
    [{ FERRY_KEY_PATTERN: 'a', FERRY_KEY_TO: 'b' }, [...batch, 'oss://c/', '--key-template', '{key}'], false],
    [{ FERRY_KEY_TEMPLATE: '{key}' }, [...batch, 'oss://c/', '--key-pattern', 'a', '--key-to', 'b'], false],
    [{ FERRY_MANIFEST: '/none' }, ['batch', 'run', '--inventory', '/nowhere', 'oss://c/'], false],
    [{ FERRY_INVENTORY: '/none' }, ['batch', 'run', '--manifest', '/nowhere', 'oss://c/'], false],
    [{ FERRY_HUMAN_READABLE: '1' }, ['ls', 'oss://a', '--bytes'], false],
    [{ FERRY_BYTES: '1' }, ['ls', 'oss://a', '--human-readable'], false],
  ])('%o does not contradict what is typed: %s', async (variable, words, contradicts) => {
    const state = ['--state', '/proc/none', '--dry-run'].slice(0, words[0] === 'ls' ? 2 : 3);
    const { stderr } = await runWith({ ...endpoint, ...variable }, ...words, ...state);
    expect(stderr).not.toBe('');
    expect(/contradict|cannot be used with/.test(stderr), stderr).toBe(contradicts);
  });

  it('names both variables that exclude each other', async () => {
    const { code, stderr } = await runWith({ FERRY_BYTES: '1', FERRY_HUMAN_READABLE: '1' }, 'ls', 'oss://a');
    expect(code).toBe(2);
    expect(stderr).toContain('FERRY_HUMAN_READABLE');
    expect(stderr).toContain('FERRY_BYTES');
  });

  it('that is wrong leaves the help alone', async () => {
    expect((await runWith({ FERRY_DRY_RUN: 'perhaps' }, 'cp', '--help')).code).toBe(0);
    expect((await runWith({ FERRY_DRY_RUN: 'perhaps' }, 'help', 'batch', 'run')).code).toBe(0);
    expect((await runWith({ FERRY_DRY_RUN: 'perhaps' }, ...copy)).stderr).toContain('FERRY_DRY_RUN is "perhaps"');
  });

  it('of a time does not lengthen one that is typed', async () => {
    const keys = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_REGION: 'us-east-1' };
    const words = ['presign', 's3://photos/a', '--expire', '60', '--state', '/proc/none'];
    const { stdout } = await runWith({ ...keys, FERRY_EXPIRES_IN: '7d' }, ...words);
    expect(stdout).toContain('X-Amz-Expires=60&');
  });
});
