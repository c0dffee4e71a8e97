import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ferry } from '../../../lib/cli/program.ts';

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const texts = [new PassThrough(), new PassThrough()].map((stream) => stream.setEncoding('utf8')) as [
    PassThrough,
    PassThrough,
  ];
  const [stdout, stderr] = texts;
  const code = await ferry(args, { stdout, stderr, env: {} });
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
