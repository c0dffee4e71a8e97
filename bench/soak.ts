/**
 * `ferry serve` under attack: hostile and honest requests side by side on a loopback address, for some minutes. Hostile are junk
 * bodies, bodies that never end, wrong signatures, patterns that are slow in backtracking engines, events of thousands of
 * records, packed lists that unpack to gigabytes, and callbacks to a host that never answers. Honest are uploads with their
 * events, batches and renames. Printed: percentiles of `/healthz`, the most memory, and what became of the honest work.
 *
 *   npm run bench -- soak [minutes]
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { openStore } from '../lib/store/open.ts';
import { keys, startTwin } from './support/twin.ts';

const minutes = Number(process.argv[2] ?? 10);
const token = 'soak-token-0123456789-0123456789';
const [alice, bob] = ['alice-key-0123456789-0123456789', 'bob-key-0123456789-0123456789ab'];
const home = mkdtempSync(join(tmpdir(), 'ferry-soak-'));
const sockets = new Set<Socket>();

const credentials = { OSS_ACCESS_KEY_ID: keys.accessKeyId, OSS_ACCESS_KEY_SECRET: keys.secretAccessKey };
const twin = await startTwin();
const address = { scheme: 'oss' as const, endpoint: twin.url, region: 'cn-hangzhou' };
const store = openStore({ address, credentials: async () => keys });

/** Accepts connections and never answers. */
const tarpit = createServer((socket) => {
  sockets.add(socket);
  socket.on('error', () => {});
});
await new Promise<void>((resolve) => tarpit.listen(0, '127.0.0.1', resolve));
const tarpitUrl = `http://127.0.0.1:${(tarpit.address() as AddressInfo).port}`;

const everything = { read: ['oss://photos', 'oss://backup'], write: ['oss://photos', 'oss://backup'] };
const config = {
  port: 0,
  stores: { oss: address },
  defaultStore: 'oss',
  callers: [
    { name: 'alice', keys: [alice], ...everything },
    {
      ...{ name: 'bob', keys: [bob], secrets: [`whsec_${randomBytes(32).toString('base64')}`], ...everything },
      callbackHosts: [tarpitUrl],
    },
  ],
  eventTokens: [token],
  callbacks: { allowAddresses: ['127.0.0.1'] },
  rules: [{ name: 'backup', source: { bucket: 'photos', prefix: 'honest/' }, destination: { bucket: 'backup' } }],
};
writeFileSync(join(home, 'ferry.yaml'), JSON.stringify(config));
const service = spawn(
  process.execPath,
  ['dist/ferry.mjs', 'serve', '--config', join(home, 'ferry.yaml'), '--state', home],
  { env: { PATH: process.env['PATH'] ?? '', ...credentials }, stdio: ['ignore', 'pipe', 'inherit'] },
);
const url = await new Promise<string>((resolve, reject) => {
  createInterface({ input: service.stdout }).on('line', (line) => {
    const [, found] = /"message":"serving","url":"([^"]+)"/.exec(line) ?? [];
    if (found !== undefined) resolve(found);
  });
  service.once('exit', (code) => reject(new Error(`ferry serve ended with ${code}`)));
});

/** Returns the status, or 0 when the connection failed. */
async function post(path: string, body: string | object, key = ''): Promise<[status: number, answer: string]> {
  try {
    const answer = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return [answer.status, await answer.text()];
  } catch {
    return [0, ''];
  }
}

const eventOf = (key: string) => ({
  eventName: 'ObjectCreated:PutObject',
  eventSource: 'acs:oss',
  eventTime: new Date().toISOString(),
  eventVersion: '1.0',
  oss: { bucket: { name: 'photos' }, object: { key, size: 8, eTag: 'x' }, ossSchemaVersion: '1.0' },
  region: 'cn-hangzhou',
});
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

const attacks: Record<string, () => Promise<unknown>> = {
  'junk of 1 MB': () => post(`/events/${token}`, { junk: 'x'.repeat(1_000_000) }),
  'deep JSON': () => post(`/events/${token}`, nested(400_000)),
  '4,000 events in one post': () =>
    post(`/events/${token}`, { events: Array.from({ length: 4_000 }, (_, n) => eventOf(`honest/none-${n}`)) }),
  'a long event id': () =>
    post(`/events/${token}`, { events: [{ ...eventOf('honest/x'), id: 'secret-'.repeat(100_000) }] }),
  'wrong keys': () =>
    Promise.all(Array.from({ length: 50 }, () => post('/v1/copies', {}, randomBytes(24).toString('hex')))),
  'bodies that never end': async () => {
    for (let n = 0; n < 100; n++) {
      const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
      socket.write(`POST /events HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n${'x'.repeat(100_000)}`);
    }
  },
  'patterns that backtrack': () =>
    post(
      '/v1/batches',
      {
        source: { prefix: 'oss://photos/' },
        mapping: { kind: 'pattern', pattern: '.*.*.{0,15}[^b]*b', to: 'x' },
        dryRun: true,
      },
      bob,
    ),
  'a list that unpacks to 1 GB': () =>
    post(
      '/v1/batches',
      { source: { inventory: 'oss://photos/lists/bomb.json.gz' }, destination: 'oss://backup/b/' },
      bob,
    ),
  'callbacks that never end': () =>
    Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        post(
          '/v1/copies',
          {
            source: 'oss://photos/lists/small',
            destination: `oss://backup/called/${n}`,
            callback: `${tarpitUrl}/hook`,
          },
          bob,
        ),
      ),
    ),
  'batches of its own': () =>
    post('/v1/batches', { source: { prefix: 'oss://photos/honest/' }, destination: 'oss://backup/bob/' }, bob),
};

const count = { uploads: 0, batches: 0, batchesDone: 0, renames: 0, renamesDone: 0, attacks: 0 };
const health: { ms: number; during: string }[] = [];
let underAttackBy = '';
let mostMemory = 0;
const until = performance.now() + minutes * 60_000;
const isOver = (): boolean => performance.now() > until;

async function watch(): Promise<void> {
  while (!isOver()) {
    const began = performance.now();
    await (await fetch(`${url}/healthz`)).text();
    health.push({ ms: performance.now() - began, during: underAttackBy });
    const pages = Number(readFileSync(`/proc/${service.pid}/statm`, 'utf8').split(' ')[1]);
    mostMemory = Math.max(mostMemory, pages * 4096);
    await sleep(100);
  }
}

async function attack(): Promise<void> {
  while (!isOver()) {
    for (const [name, one] of Object.entries(attacks)) {
      underAttackBy = name;
      await one();
      count.attacks += 1;
      await sleep(200);
    }
  }
}

async function upload(): Promise<void> {
  while (!isOver()) {
    const key = `honest/${count.uploads++}`;
    await store.putObject({ bucket: 'photos', key }, Buffer.from('a body'));
    // A sender sends again what was not accepted.
    while ((await post(`/events/${token}`, { events: [eventOf(key)] }))[0] !== 202) await sleep(500);
    await sleep(100);
  }
}

async function batches(): Promise<void> {
  while (!isOver()) {
    const n = count.batches++;
    const [, text] = await post(
      '/v1/batches',
      { source: { prefix: 'oss://photos/lists/set/' }, destination: `oss://backup/set-${n}/` },
      alice,
    );
    const { self } = JSON.parse(text) as { self: string };
    for (let isDone = false; !isDone; await sleep(250)) {
      const view = await (await fetch(url + self, { headers: { authorization: `Bearer ${alice}` } })).json();
      const { ended, counts } = view as { ended: boolean; counts: Record<string, number> };
      isDone = ended;
      if (ended && counts['copied'] === 30) count.batchesDone += 1;
    }
    await sleep(5_000);
  }
}

async function renames(): Promise<void> {
  while (!isOver()) {
    const n = count.renames++;
    await store.putObject({ bucket: 'photos', key: `move/${n}` }, Buffer.from('a body'));
    const [status] = await post(
      '/v1/renames',
      { from: `oss://photos/move/${n}`, to: `oss://photos/moved/${n}` },
      alice,
    );
    if (status === 200) count.renamesDone += 1;
    await sleep(1_000);
  }
}

try {
  await store.putObject({ bucket: 'photos', key: 'lists/small' }, Buffer.from('a body'));
  await store.putObject({ bucket: 'photos', key: 'lists/bomb.json.gz' }, gzipSync(Buffer.alloc(1_000_000_000, '\n')));
  for (let n = 0; n < 30; n++)
    await store.putObject({ bucket: 'photos', key: `lists/set/${n}` }, Buffer.from('a body'));
  await Promise.all([watch(), attack(), upload(), batches(), renames()]);
  let missing = Infinity;
  for (let tries = 0; missing > 0 && tries < 120; tries++) {
    missing = 0;
    for (let n = 0; n < count.uploads; n++) {
      const isThere = await store.head({ bucket: 'backup', key: `honest/${n}` }).catch(() => undefined);
      if (!isThere) missing += 1;
    }
    if (missing > 0) await sleep(1_000);
  }
  const sorted = health.toSorted((a, b) => a.ms - b.ms);
  const at = (share: number): string => (sorted[Math.floor(sorted.length * share)]?.ms ?? NaN).toFixed(0);
  console.log(`${minutes} minutes, ${count.attacks} attacks of ${Object.keys(attacks).length} kinds`);
  console.log(`/healthz      ${sorted.length} samples: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(0.99999)} ms`);
  const slow = sorted.filter(({ ms }) => ms > 250).map(({ during }) => during);
  console.log(`above 250 ms  ${slow.length} samples: ${[...new Set(slow)].join(', ')}`);
  console.log(`memory        at most ${Math.round(mostMemory / 1e6)} MB`);
  console.log(`uploads       ${count.uploads}, without replica ${missing}`);
  console.log(`batches       ${count.batches} of 30 objects, complete ${count.batchesDone}`);
  console.log(`renames       ${count.renames}, done ${count.renamesDone}`);
} finally {
  service.kill('SIGKILL');
  await twin.stop();
  for (const socket of sockets) socket.destroy();
  tarpit.close();
  await store.close();
  rmSync(home, { recursive: true, force: true });
}
