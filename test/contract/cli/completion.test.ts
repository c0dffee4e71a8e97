/** The completion of shells, asked in a real bash, and files of commands. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { storeEnv, useRig } from './harness.ts';

const rig = useRig();
beforeAll(async () => {
  for (const key of ['2024/a.jpg', '2024/b.jpg', '2025/c.jpg', 'one two']) {
    await rig.twin.store.put('photos', key, { body: key });
  }
});

/** What bash would offer for a line: the words are those that readline cuts, at spaces, colons and equals signs. */
async function offered(line: string): Promise<string[]> {
  const script = join(rig.folder, 'completion.bash');
  if (!existsSync(script)) await writeFile(script, (await rig.run('completion', 'bash')).stdout);
  const words = [...line.matchAll(/[^\s:=]+|[:=]+|(?<=\s)$/g)].map(([word]) => `'${word}'`);
  const text = `
    ferry() { '${process.execPath}' '${resolve('dist/ferry.mjs')}' "$@"; }
    COMP_WORDBREAKS=$' \\t\\n:='
    source '${script}'
    COMP_LINE='${line}' COMP_POINT=${line.length} COMP_WORDS=(${words.join(' ')}) COMP_CWORD=${words.length - 1}
    _ferry
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const env = { PATH: process.env['PATH'], HOME: rig.folder, ...storeEnv(rig.twin) };
  const bash = spawn('bash', ['--norc', '-c', text], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  let out = '';
  bash.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
  await new Promise((done) => bash.on('close', done));
  return out.split('\n').filter((one) => one !== '');
}

describe('completion in bash', () => {
  it.each([
    ['ferry sy', ['sync']],
    ['ferry sync --max-d', ['--max-delete']],
    ['ferry sync --undecided ', ['report', 'keep', 'copy']],
    ['ferry batch re', ['resume', 'retry', 'report']],
    ['ferry batch run --key-t', ['--key-template', '--key-to']],
    ['ferry cp s3', ['s3://']],
    ['ferry cp s3://ph', ['//photos/']],
    ['ferry cp s3://photos/2024/a.jpg s3://b', ['//backup/']],
    ['ferry cp s3://photos/202', ['//photos/2024/', '//photos/2025/']],
    ['ferry cp oss://photos/2024/', ['//photos/2024/a.jpg', '//photos/2024/b.jpg']],
    ['ferry cp s3://photos/o', ['//photos/one\\ two']],
    ['ferry cp s3://nowhere/', []],
  ])('offers for %j: %j', async (line, words) => {
    expect(await offered(line)).toEqual(words);
  });

  it.each(['bash', 'zsh', 'fish'])('has a script for %s that names every option of sync', async (shell) => {
    const { code, stdout } = await rig.run('completion', shell);
    expect(code).toBe(0);
    for (const option of ['max-delete', 'backup-prefix', 'compare-time', 'dry-run']) expect(stdout).toContain(option);
  });

  it('refuses a shell that it does not know', async () => {
    expect((await rig.run('completion', 'tcsh')).code).toBe(2);
  });
});

describe('a file of commands', () => {
  const file = async (text: string): Promise<string> => {
    const path = join(rig.folder, 'commands.txt');
    await writeFile(path, text);
    return path;
  };

  it('runs each line, with quotes and comments, and counts them', async () => {
    const path = await file(
      '# a comment\n\ncp s3://photos/2024/a.jpg s3://backup/a # kept\nferry cp \'s3://photos/one two\' "s3://backup/b c"\n',
    );
    const { code, stderr } = await rig.run('run', path);
    expect(stderr).toMatch(/✓ ran 2 commands/);
    expect(code).toBe(0);
    expect(rig.twin.store.keys('backup')).toEqual(['a', 'b c']);
  });

  it('names the line that failed, goes on, and exits with 3', async () => {
    const path = await file('stat s3://photos/gone\ncp s3://photos/2025/c.jpg s3://backup/c\n');
    const { code, stderr } = await rig.run('run', path);
    expect(stderr).toMatch(/commands\.txt:1: exit code 1: stat s3:\/\/photos\/gone/);
    expect(stderr).toMatch(/! ran 2 commands, 1 failed \(line 1\)/);
    expect(code).toBe(3);
    expect(rig.twin.store.keys('backup')).toContain('c');
  });

  it('stops at the first failure when told to', async () => {
    const path = await file('stat s3://photos/gone\ncp s3://photos/2025/c.jpg s3://backup/d\n');
    const { code, stderr } = await rig.run('run', path, '--fail-fast');
    expect(stderr).toMatch(/1 not begun/);
    expect(code).toBe(1);
    expect(rig.twin.store.keys('backup')).not.toContain('d');
  });

  it.each([
    ['a word that is no command', 'cpp s3://a s3://b', ':2: "cpp" is no command'],
    ['a quote that is not closed', "cp 's3://a s3://b", ':2: a quote'],
    ['a file within the file', 'run other.txt', ':2: "run" is no command for a file'],
  ])('runs nothing for %s', async (_, line, why) => {
    const { code, stderr } = await rig.run('run', await file(`cp s3://photos/2025/c.jpg s3://backup/e\n${line}\n`));
    expect(stderr.replace(/\s+/g, ' ')).toContain(why);
    expect(code).toBe(2);
    expect(rig.twin.store.keys('backup')).not.toContain('e');
  });

  it('asks no question, also at a terminal', async () => {
    const path = await file('rm s3://photos/2024/b.jpg\n');
    const { code, stderr } = await rig.atTerminal('n', 'run', path);
    expect(stderr).not.toContain('[y/N]');
    expect(code).toBe(0);
    expect(rig.twin.store.keys('photos')).not.toContain('2024/b.jpg');
  });
});
