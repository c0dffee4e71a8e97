/**
 * How fast `ferry serve` accepts a burst of object-created events: each is on the disk before its 202. Events come in single
 * posts over keep-alive connections, as stores send them, and then in posts of 100. Beside the figures stand the bounds of the
 * same machine at the same moment: the same posts to a bare HTTP server that keeps nothing, and the same rows written to the
 * same database in groups. At the end every object must have its replica.
 *
 *   npm run bench -- burst [events]
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DurableQueue } from '../lib/queue/durable.ts';
import { systemClock } from '../lib/runtime/shared/system-clock.ts';
import { StateDatabase } from '../lib/state/database.ts';

const events = Number(process.argv[2] ?? 10_000);
const connections = 64;
const recordsPerPost = 100;
const token = 'bench-token-0123456789-0123456789';
const keys = { accessKeyId: 'bench', secretAccessKey: 'bench-secret' };
const home = mkdtempSync(join(tmpdir(), 'ferry-burst-'));
const children: ChildProcess[] = [];

/** Starts the built program; returns the first match in its output. */
async function start(args: string[], env: Record<string, string>, what: RegExp): Promise<string> {
  const child = spawn(process.execPath, ['dist/ferry.mjs', ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const [, found] = what.exec(line) ?? [];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`${args[0]} ended with ${code}`)));
  });
}

/** An event as S3 writes it; about 800 bytes. */
function record(key: string): object {
  return {
    ...{ eventVersion: '2.1', eventSource: 'aws:s3', awsRegion: 'us-east-1', eventTime: new Date().toISOString() },
    ...{ eventName: 'ObjectCreated:Put', userIdentity: { principalId: 'AIDAJDPLRKLG7UEXAMPLE' } },
    requestParameters: { sourceIPAddress: '127.0.0.1' },
    responseElements: {
      'x-amz-request-id': key,
      'x-amz-id-2': 'FMyUVURIY8/IgAtTv8xRjskZQpcIZ9KG4V5Wp6S7S/JRWeUWerMUE5JgHvANOjpD',
    },
    s3: {
      ...{ s3SchemaVersion: '1.0', configurationId: 'burst' },
      bucket: { name: 'photos', ownerIdentity: { principalId: 'A3NL1KOZZKExample' }, arn: 'arn:aws:s3:::photos' },
      object: { key, size: 1, eTag: '9dd4e461268c8034f5c8564e155c67a6', sequencer: '0055AED6DCD90281E5' },
    },
  };
}

function postsOf(names: string[], perPost: number): string[] {
  const posts: string[] = [];
  for (let at = 0; at < names.length; at += perPost) {
    posts.push(JSON.stringify({ Records: names.slice(at, at + perPost).map(record) }));
  }
  return posts;
}

/** Posts them all; each connection sends its next when the last was answered. Returns milliseconds. */
async function postAll(url: string, posts: string[]): Promise<number> {
  const { hostname, port, host, pathname } = new URL(url);
  const head = `POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: `;
  const requests = posts.map((body) => Buffer.from(`${head}${Buffer.byteLength(body)}\r\n\r\n${body}`));
  const began = performance.now();
  const send = async (): Promise<void> => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    for (let request = requests.pop(); request; request = requests.pop()) {
      socket.write(request);
      // Answers are small: one piece.
      const [answer] = (await once(socket, 'data')) as [Buffer];
      if (!answer.subarray(9, 12).equals(Buffer.from('202'))) throw new Error(`refused: ${answer}`);
    }
    socket.destroy();
  };
  await Promise.all(Array.from({ length: connections }, send));
  return performance.now() - began;
}

/** The same posts to a server that reads them and keeps nothing. */
async function bareServer(posts: string[]): Promise<number> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', bare], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [port] = (await once(child.stdout!, 'data')) as [Buffer];
  const url = `http://127.0.0.1:${String(port).trim()}/`;
  await postAll(url, posts);
  return await postAll(url, posts);
}

const bare = `
import { createServer } from 'node:http';
const headers = { 'content-type': 'application/json', 'content-length': 14 };
createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(202, headers).end('{"accepted":1}'));
}).listen(0, '127.0.0.1', function () { console.log(this.address().port); });
`;

/** The same rows into the same kind of file, in groups as large as there are connections. */
async function bareInserts(posts: string[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-burst-'));
  const database = StateDatabase.openIn(folder);
  const queue = new DurableQueue<object>(database, { name: 'events', clock: systemClock, token: 'bench' });
  const began = performance.now();
  for (let at = 0; at < posts.length; at += connections) {
    await queue.send(posts.slice(at, at + connections).map((body) => ({ kind: 'posted', body })));
  }
  const ms = performance.now() - began;
  database.close();
  rmSync(folder, { recursive: true });
  return ms;
}

/** Processor seconds that a process has used so far, where the system tells. */
function cpuOf({ pid }: ChildProcess): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/\(.*\)/, '-')
      .split(' ');
    return (Number(fields[13]) + Number(fields[14])) / 100;
  } catch {
    return NaN;
  }
}

const line = (what: string, ms: number): void =>
  console.log(`${what.padEnd(46)} ${(ms / 1000).toFixed(2)} s, ${Math.round((events / ms) * 1000)} events/s`);

try {
  const twin = await start(
    ['twin', '--port', '0', '--bucket', 'photos', '--bucket', 'backup'].concat([
      '--access-key',
      keys.accessKeyId,
      '--secret',
      keys.secretAccessKey,
    ]),
    {},
    /(http:\/\/127\.0\.0\.1:\d+)/,
  );
  const store = { scheme: 's3', endpoint: twin, region: 'us-east-1' };
  const rule = { name: 'backup', source: { bucket: 'photos' }, destination: { bucket: 'backup' } };
  const config = { port: 0, eventTokens: [token], stores: { s3: store }, defaultStore: 's3', rules: [rule] };
  writeFileSync(join(home, 'ferry.yaml'), JSON.stringify(config));
  const env = { AWS_ACCESS_KEY_ID: keys.accessKeyId, AWS_SECRET_ACCESS_KEY: keys.secretAccessKey };
  const serve = ['serve', '--config', join(home, 'ferry.yaml'), '--state', home];
  const url = await start(serve, env, /"message":"serving","url":"([^"]+)"/);
  const server = children.at(-1)!;

  const metric = async (name: string): Promise<number> =>
    Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await (await fetch(`${url}/metrics`)).text())?.[1]);
  const replicated = async (): Promise<number> => {
    const began = performance.now();
    while ((await metric('ferry_events_open')) > 0) await new Promise((resolve) => setTimeout(resolve, 200));
    return performance.now() - began;
  };
  for (const [label, perPost] of [
    ['one event a post', 1],
    [`${recordsPerPost} events a post`, recordsPerPost],
  ] as const) {
    const names = Array.from({ length: events }, (_, i) => `${perPost} ${i}`);
    for (const key of names) {
      const body = JSON.stringify({ bucket: 'photos', key, body: 'x' });
      await fetch(`${twin}/__twin/objects`, { method: 'POST', body });
    }
    const posts = postsOf(names, perPost);
    line(`bound, ${label}: HTTP that keeps nothing`, await bareServer(posts));
    line(`bound, ${label}: rows in groups of ${connections}`, await bareInserts(posts));
    const before = cpuOf(server);
    line(`accepted, ${label}`, await postAll(`${url}/events/${token}`, posts));
    console.log(`  with ${(cpuOf(server) - before).toFixed(2)} s of processor time, work under way included`);
    line(`and replicated after`, await replicated());
  }
  const dead = await metric('ferry_events_dead');
  console.log(`dead letters: ${dead}`);
} finally {
  for (const child of children) child.kill();
  rmSync(home, { recursive: true, force: true });
}
