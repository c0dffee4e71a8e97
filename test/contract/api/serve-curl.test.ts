/** What the documentation tells people to type, typed: against the built `ferry serve`. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { afterEach, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startTwin, type Twin } from '../../../lib/twin/start.ts';
import { killAll, startServe, type ServeProcess } from './process.ts';
import { key, openReceiver, secret, until } from './support.ts';

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  await killAll();
  for (const close of toClose.splice(0).reverse()) await close();
});

/** The code blocks of a document that hold this text. */
function blocks(file: string, text: string): string[] {
  const found = [...readFileSync(file, 'utf8').matchAll(/^```(?:sh|yaml)\n(.*?)^```$/gms)];
  return found.map(([, code = '']) => code).filter((code) => code.includes(text));
}

async function type(commands: string, env: Record<string, string>): Promise<string> {
  const options = { env: { PATH: process.env['PATH'], ...env } };
  return (await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', commands], options)).stdout;
}

async function open(config: object, env: Record<string, string>): Promise<{ twin: Twin; ferry: ServeProcess }> {
  const twin = await startTwin({ buckets: [{ name: 'photos' }, { name: 'photos-backup' }] });
  const home = mkdtempSync(join(tmpdir(), 'ferry-curl-'));
  toClose.push(
    () => rmSync(home, { recursive: true, force: true }),
    () => twin.close(),
  );
  await twin.store.put('photos', 'a.jpg', { body: 'a picture' });
  const { accessKeyId, secretAccessKey } = twin;
  const keys = { OSS_ACCESS_KEY_ID: accessKeyId, OSS_ACCESS_KEY_SECRET: secretAccessKey };
  const where = { OSS_ENDPOINT: twin.url, OSS_REGION: 'cn-hangzhou' };
  return { twin, ferry: await startServe(home, { port: 0, ...config }, { ...keys, ...where, ...env }) };
}

it('the README renames an object with its configuration and its curl', async () => {
  const [config = ''] = blocks('README.md', '# ferry.yaml');
  const [commands = ''] = blocks('README.md', 'v1/renames');
  const curl = commands.slice(commands.indexOf('curl '));
  const { twin, ferry } = await open(parse(config) as object, { OPS_KEY: key });
  const answer = await type(curl.replace('localhost:8470', ferry.url), { OPS_KEY: key });
  expect(JSON.parse(answer)).toMatchObject({ state: 'done', destination: 'oss://photos/b.jpg' });
  expect(twin.store.keys('photos')).toEqual(['b.jpg']);
});

it('a batch by curl, as the documentation has it, is begun once and tells what failed', async () => {
  const caller = { name: 'ops', keys: ['env:OPS_KEY'], read: ['oss://photos/'], write: ['oss://photos/'] };
  const { twin, ferry } = await open({ callers: [caller] }, { OPS_KEY: key });
  await twin.store.put('photos', '2024/b.jpg', { body: 'another' });
  const [commands = ''] = blocks('docs/api.md', 'v1/batches');
  const env = { FERRY: ferry.url, OPS_KEY: key };
  await until(async () => (await type(commands, env)).includes('"ended":true'));
  expect(await type(commands, env)).toMatch(/"counts":\{"copied":1\}.*\{"results":\[\]\}/s);
  expect(twin.store.keys('photos').sort()).toEqual(['2024/b.jpg', 'a.jpg', 'archive/2024/b.jpg']);
});

it('a rename by curl, signed by hand as the documentation tells, answers and calls back', async () => {
  const receiver = await openReceiver();
  toClose.push(() => receiver.close());
  const caller = { name: 'ops', secrets: ['env:OPS_SECRET'], callbackHosts: [receiver.url] };
  const photos = { read: ['oss://photos/'], write: ['oss://photos/'] };
  const config = { callers: [{ ...caller, ...photos }], callbacks: { allowAddresses: ['127.0.0.1'] } };
  const { twin, ferry } = await open(config, { OPS_SECRET: secret });
  const [commands = ''] = blocks('docs/api.md', 'webhook-signature');
  const env = { FERRY: ferry.url, OPS_SECRET: secret, CALLBACK: `${receiver.url}/done` };
  const job = JSON.parse(await type(commands, env)) as { id: string };
  expect(job).toMatchObject({ state: 'done', result: { sourceRemoved: true } });
  expect(twin.store.keys('photos')).toEqual(['b.jpg']);
  await until(async () => receiver.received.length > 0);
  const [{ headers, body } = { headers: {}, body: '' }] = receiver.received;
  const told = new Webhook(secret).verify(body, headers as Record<string, string>);
  expect(told).toMatchObject({ type: 'object-ferry.job.done', subject: job.id });

  const forged = await type(commands, { ...env, OPS_SECRET: 'whsec_Zm9yZ2VkLWZvcmdlZC1mb3JnZWQtZm9yZ2Vk' });
  expect(JSON.parse(forged)).toMatchObject({ status: 401, type: '/problems/unauthorized' });
});
