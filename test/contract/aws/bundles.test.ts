/** The bundles as Lambda starts them: each in a fresh process, with nothing of ours around it. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const bundles = 'dist/functions';
const names = ['api', 'object-created', 'work', 'sweep'];
const queue = 'http://127.0.0.1:9/111122223333';
const env = {
  AWS_LAMBDA_FUNCTION_NAME: 'ferry',
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'key',
  AWS_SECRET_ACCESS_KEY: 'secret',
  // Nothing listens there.
  AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
  AWS_MAX_ATTEMPTS: '1',
  FERRY_TABLE: 'jobs',
  FERRY_PARTS_QUEUE_URL: `${queue}/parts`,
  FERRY_TASKS_QUEUE_URL: `${queue}/tasks`,
  FERRY_EVENTS_QUEUE_URL: `${queue}/events`,
};

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ferry-bundles-'));
  await cp(bundles, folder, { recursive: true });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What the handler answers, or the name of what it throws. */
async function invoke(name: string, event: unknown): Promise<unknown> {
  const program = join(folder, `invoke-${name}.mjs`);
  const context = `{ awsRequestId: 'r', getRemainingTimeInMillis: () => 30_000 }`;
  await writeFile(
    program,
    `import { handler } from './${name}.mjs';
     const answer = await handler(${JSON.stringify(event)}, ${context}).catch((error) => ({ threw: String(error) }));
     console.log('answer ' + JSON.stringify(answer));
     process.exit();`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [program], { env, cwd: folder });
  const line = stdout.split('\n').find((text) => text.startsWith('answer ')) ?? 'answer null';
  return JSON.parse(line.slice('answer '.length));
}

const message = (body: string) => ({
  messageId: 'm',
  receiptHandle: 'r',
  body,
  attributes: { ApproximateReceiveCount: '1' },
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn:aws:sqs:eu-central-1:111122223333:tasks',
});

/**
 * All files of a function: a mebibyte, and 128 KiB each for what reads Parquet and for the automaton of key patterns, which only
 * batches load, 96 KiB for what roles, profiles and proxies need, of which most is loaded where there are some, and 64 KiB for
 * batches by replication rules, restores, annotations and lists of other tools.
 */
const limit = 1440 * 1024;

describe('bundles', () => {
  it.each(names)('%s is small', async (name) => {
    const later = (await readdir(join(bundles, `${name}-later`))).map((file) => join(`${name}-later`, file));
    const sizes = await Promise.all([`${name}.mjs`, ...later].map((file) => stat(join(bundles, file))));
    expect(sizes.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(limit);
  });

  it.each(names)('%s loads no SDK before it needs one', async (name) => {
    expect((await stat(join(bundles, `${name}.mjs`))).size).toBeLessThan(100_000);
  });

  it.each(names)('%s reads Parquet by a file of its own', async (name) => {
    const files = (await readdir(join(bundles, `${name}-later`))).map((file) => join(bundles, `${name}-later`, file));
    const readers: string[] = [];
    for (const file of [join(bundles, `${name}.mjs`), ...files]) {
      if ((await readFile(file, 'utf8')).includes('footer != PAR1')) readers.push(file);
    }
    expect(readers).toEqual([expect.stringMatching(/-later\/rows-\w+\.mjs$/)]);
  });

  it.each(names)('%s is hidden by no file or folder of its name, which Lambda would try first', async (name) => {
    await expect(stat(join(bundles, name))).rejects.toThrow('ENOENT');
  });

  it('object-created does nothing without rules', async () => {
    const record = {
      eventSource: 'aws:s3',
      eventName: 'ObjectCreated:Put',
      eventTime: '2026-01-01T00:00:00.000Z',
      s3: { bucket: { name: 'photos' }, object: { key: 'a', size: 1 } },
    };
    const answer = await invoke('object-created', { Records: [message(JSON.stringify({ Records: [record] }))] });
    expect(answer).toEqual({ batchItemFailures: [] });
  });

  it('api says that no callers are configured', async () => {
    expect(await invoke('api', {})).toEqual({ threw: expect.stringContaining('no callers are configured') });
  });

  it('work reports a task whose table it cannot reach', async () => {
    const task = JSON.stringify({ kind: 'finish', jobId: 'j' });
    expect(await invoke('work', { Records: [message(task)] })).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm' }],
    });
  });

  it('sweep asks the table', async () => {
    expect(await invoke('sweep', {})).toEqual({ threw: expect.stringContaining('ECONNREFUSED') });
  });
});
