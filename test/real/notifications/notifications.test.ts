/** Ceph RGW's own bucket notifications, pushed over HTTP to the built `ferry serve`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { openStore } from '../../../lib/store/open.ts';
import { killAll, open, startServe } from '../../contract/api/process.ts';
import { freePort } from '../../free-port.ts';
import { token } from '../../contract/api/support.ts';
import { differences, useBucket } from '../../contract/replicate/workload.ts';
import { unique } from '../../contract/store/target.ts';
import { quirks } from '../quirks.ts';
import { startProxy } from '../servers/proxy.ts';
import { isSkipped, type ServerInfo } from '../servers/server.ts';
import { notify, putTopic, type TopicAttributes } from './topics.ts';

const servers = inject('servers').filter(({ kind }) => kind.startsWith('rgw'));

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  await killAll();
  for (const close of toClose.splice(0).reverse()) await close();
});

describe.each(servers)('notifications of $kind', (server) => {
  if (isSkipped(server)) {
    it.skip(server.why);
    return;
  }

  it('pushed at once, make both buckets equal', async () => {
    const { store, source, replica, playground, start } = await openRule(server, {});
    const ferry = await start();
    const objects = await useBucket(playground);
    await expectEqual(store, source, replica, () => ferry.metric(open));
    expect((await store.listObjects(replica)).contents.length).toBe(objects);
    expect((await store.listMultipartUploads(replica)).uploads).toEqual([]);
    expect(await ferry.metric(/_dead /)).toBe(0);
    expect(await ferry.stop()).toBe(0);
  });

  it('kept by the gateway, wait for a ferry that is away, and for one that is killed', async () => {
    const { store, source, replica, playground, start } = await openRule(server, {
      persistent: 'true',
      // Ceph 16 does not know it.
      ...(server.kind === 'rgw20' && { retry_sleep_duration: '1' }),
    });
    await useBucket(playground);
    const first = await start();
    await expect.poll(() => first.metric(/^ferry_events_kept_total /), { timeout: 120_000 }).toBeGreaterThan(10);
    await first.kill();
    await store.putObject({ bucket: source, key: 'while it was away' }, 'x');
    const second = await start();
    await expectEqual(store, source, replica, () => second.metric(open));
    expect(await second.metric(/_dead /)).toBe(0);
    expect(await second.stop()).toBe(0);
  });
});

/** Two buckets, a rule between them, and a topic that pushes to where `start` will listen. */
async function openRule(server: ServerInfo, more: Partial<TopicAttributes>) {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const address = { scheme: 's3', endpoint, region } as const;
  const store = openStore({ address, credentials: async () => ({ accessKeyId, secretAccessKey }) });
  const home = mkdtempSync(join(tmpdir(), 'ferry-notified-'));
  toClose.push(
    () => rmSync(home, { recursive: true, force: true }),
    () => store.close(),
  );
  const [source, replica, aside] = [unique('source'), unique('replica'), unique('aside')];
  for (const bucket of [source, replica, aside]) await store.createBucket(bucket);
  const port = await freePort();
  const receiver = server.kind === 'rgw16' ? await startPatientProxy(port) : `http://127.0.0.1:${port}`;
  const topic = { 'push-endpoint': `${receiver}/events/${token}`, ...more };
  await notify(server, source, await putTopic(server, unique('topic'), topic));
  const rule = { name: 'all', source: { bucket: source }, destination: { bucket: replica }, deletes: 'verified' };
  const config = { port, eventTokens: [token], stores: { ceph: address }, defaultStore: 'ceph', rules: [rule] };
  const env = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  // Ceph 16's gateway crashes on a multi-object delete in a bucket with notifications.
  const removesOneByOne = server.kind === 'rgw16';
  const playground = { store, bucket: source, aside, quirks: quirks[server.kind], removesOneByOne };
  return { store, source, replica, playground, start: () => startServe(home, config, env) };
}

/**
 * What a load balancer does while its server is away: answers 503, after a second. Ceph 16 tries what it kept again at once
 * when its connection is refused, hundreds of times a second, and was seen to stop for good after some two thousand.
 */
async function startPatientProxy(port: number): Promise<string> {
  const proxy = await startProxy(`http://127.0.0.1:${port}`);
  toClose.push(() => proxy.close());
  proxy.intervene = async () => {
    if (await listens(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    return { kind: 'answer', status: 503 };
  };
  return proxy.url;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** In the end, and with nothing left to do. */
async function expectEqual(
  store: ReturnType<typeof openStore>,
  source: string,
  replica: string,
  open: () => Promise<number>,
): Promise<void> {
  const wait = { timeout: 300_000, interval: 1_000 };
  await expect.poll(() => differences(store, source, replica), wait).toEqual([]);
  await expect.poll(open, wait).toBe(0);
  expect(await differences(store, source, replica, true)).toEqual([]);
}
