/** `ferry dead` on the queue that Function Compute sends failed messages to: stand-ins of both, and the command itself. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FcQueue } from '../../../lib/queue/fc/queue.ts';
import { Invoker } from '../../../lib/queue/fc/invoke.ts';
import { systemClock } from '../../../lib/runtime/shared/system-clock.ts';
import { seal } from '../../../lib/queue/fc/envelope.ts';
import type { FcHost } from '../../fc-host/host.ts';
import { startFcHost } from '../../fc-host/host.ts';
import type { SmqTwin } from '../../smq-twin.ts';
import { startSmqTwin } from '../../smq-twin.ts';
import { documents, useRig } from '../cli/harness.ts';

const rig = useRig();
let root = '';
let host: FcHost;
let smq: SmqTwin;
beforeEach(async () => {
  smq = await startSmqTwin();
  root = await mkdtemp(join(tmpdir(), 'ferry-dead-'));
  host = await startFcHost({ keys: () => [smq.keys] });
  await writeFile(
    join(root, 'index.mjs'),
    `import { createServer } from 'node:http';
     import { appendFileSync, existsSync } from 'node:fs';
     createServer(async (request, response) => {
       let body = '';
       for await (const chunk of request) body += chunk;
       if (!existsSync('mended')) {
         response.writeHead(404, { 'x-fc-status': '404' }).end('{"errorType":"GiveUp","errorMessage":"AccessDenied: no"}');
         return;
       }
       appendFileSync('notes', body + '\\n');
       response.end('null');
     }).listen(process.env.FC_SERVER_PORT, '0.0.0.0');`,
  );
  const options = {
    ...{ name: 'object-ferry-dev-work', root, command: [process.execPath, 'index.mjs'], variables: {} },
    ...{ timeoutSeconds: 60, instanceConcurrency: 8, mostInstances: 1, region: 'cn-hangzhou', keys: () => smq.keys },
  };
  host.deploy(options, { retryMs: 1 });
});
afterEach(async () => {
  await Promise.all([host.close(), smq.close()]);
  await rm(root, { recursive: true, force: true });
});

const ferry = (...args: string[]) =>
  rig.runWith(
    {
      OSS_ACCESS_KEY_ID: smq.keys.accessKeyId,
      OSS_ACCESS_KEY_SECRET: smq.keys.accessKeySecret,
      OSS_SESSION_TOKEN: smq.keys.securityToken,
      FERRY_FC_ENDPOINT: host.endpoint,
    },
    'dead',
    ...args,
    '--queue',
    smq.url,
  );
const finish = (n: number) => ({ kind: 'finish' as const, jobId: `job-${n}` });

/** Messages that fail for good, and what the platform keeps of them. */
async function fail(count: number): Promise<void> {
  const invoker = new Invoker({
    endpoint: host.endpoint,
    keys: async () => smq.keys,
    clock: systemClock,
    random: Math.random,
  });
  const name = 'object-ferry-dev-work';
  const functions = { copy: name, parts: name, finish: name, read: name, page: name, check: name, total: name };
  await new FcQueue({ invoker, functions, clock: systemClock }).send(
    Array.from({ length: count }, (_, n) => finish(n)),
  );
  await expect.poll(() => host.deadLetters.length, { timeout: 60_000 }).toBe(count);
  host.deadLetters.forEach((letter) => smq.send(JSON.stringify(letter)));
}

const received = async () =>
  (await readFile(join(root, 'notes'), 'utf8').catch(() => ''))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);

it('lists every letter with its function, its attempts, its reason and its message, and hides none', async () => {
  await fail(20);
  const { code, stdout, stderr } = await ferry('list', '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const letters = documents(stdout);
  expect(letters.map(({ id }) => id).sort()).toEqual(smq.kept().sort());
  expect(letters[0]).toMatchObject({
    function: 'object-ferry-dev-work',
    attempts: 4,
    reason: 'AccessDenied: no',
    message: { kind: 'finish' },
  });
  // They can be received again at once, not only when the queue's own time has passed.
  smq.clock.now += 1_000;
  expect((await ferry('list')).stdout.match(/AccessDenied: no/g)).toHaveLength(20);
});

it('says that nothing was given up', async () => {
  expect(await ferry('list')).toMatchObject({ code: 0, stdout: 'nothing was given up\n' });
});

it('starts the function of each letter again, with all deliveries before it, and deletes the letter', async () => {
  await fail(20);
  await writeFile(join(root, 'mended'), '');
  expect(await ferry('redrive', '--all')).toMatchObject({ code: 0, stdout: '20 letters sent again\n' });
  expect(smq.kept()).toEqual([]);
  await expect.poll(async () => (await received()).length, { timeout: 60_000 }).toBe(20);
  const wanted = Array.from({ length: 20 }, (_, n) => finish(n));
  expect(await received()).toEqual(expect.arrayContaining(wanted));
});

it('sends or drops those that are named, and leaves the others where they are', async () => {
  await fail(3);
  await writeFile(join(root, 'mended'), '');
  const [first = '', second = '', third = ''] = smq.kept();
  expect(await ferry('redrive', second)).toMatchObject({ code: 0, stdout: '1 letter sent again\n' });
  smq.clock.now += 1_000;
  expect(await ferry('drop', third)).toMatchObject({ code: 0, stdout: '1 letter dropped\n' });
  smq.clock.now += 1_000;
  expect(smq.kept()).toEqual([first]);
  expect(await ferry('drop', third)).toMatchObject({ code: 3, stdout: '0 letters dropped\n' });
});

it('keeps a letter whose function cannot be started', async () => {
  await fail(1);
  host.faults.busy = 1;
  const { code, stderr } = await ferry('redrive', '--all');
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/Function Compute did not accept an invocation of object-ferry-dev-work \(429/);
  expect(smq.kept()).toHaveLength(1);
});

it('reads letters in Base64, sends events of OSS as they came, and names letters of others', async () => {
  const event = { events: [{ eventName: 'ObjectCreated:PutObject' }] };
  const requestContext = { functionArn: 'acs:fc:cn-hangzhou:1:functions/object-ferry-dev-work/LATEST' };
  const sent = (requestPayload: string) => JSON.stringify({ requestContext, requestPayload, responsePayload: '' });
  smq.send(Buffer.from(sent(JSON.stringify(event))).toString('base64'));
  smq.send(sent(seal({ kind: 'event', n: 1 }, { earlier: 19, now: 0 }).body));
  const strange = smq.send('<hello & goodbye>');
  await writeFile(join(root, 'mended'), '');
  const { code, stderr } = await ferry('redrive', '--all');
  expect(code).not.toBe(0);
  expect(stderr).toContain(`2 sent again; these letters name no function, and stay: ${strange}`);
  expect(smq.kept()).toEqual([strange]);
  await expect.poll(async () => (await received()).length, { timeout: 60_000 }).toBe(2);
  expect(await received()).toEqual(expect.arrayContaining([event, { kind: 'event', n: 1 }]));
  smq.clock.now += 1_000;
  expect((await ferry('list', '--json')).stdout).toContain('<hello & goodbye>');
});

it('names what is wrong with the queue: its address, the keys, a network without it', async () => {
  const run = (url: string, secret = smq.keys.accessKeySecret) =>
    rig.runWith(
      {
        OSS_ACCESS_KEY_ID: smq.keys.accessKeyId,
        OSS_ACCESS_KEY_SECRET: secret,
        OSS_SESSION_TOKEN: smq.keys.securityToken,
      },
      'dead',
      'list',
      '--queue',
      url,
    );
  expect((await run('dead')).stderr).toMatch(/'dead' is no address of an SMQ queue, which is like https:\/\/ACCOUNT/);
  expect((await run(smq.url, 'wrong')).stderr).toMatch(/The queue dead refused GET \(403 SignatureDoesNotMatch/);
  expect((await run(`${smq.url}-2`)).stderr).toMatch(/The queue dead-2 refused GET \(404 QueueNotExist/);
  expect((await run('http://127.0.0.1:1/queues/dead')).stderr).toMatch(/cannot be reached \(/);
});
