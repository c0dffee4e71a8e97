/** The process is killed again and again in a burst of events: what it acknowledged is replicated all the same. */
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { startTwin } from '../../../lib/twin/start.ts';
import { killAll, startServe } from './process.ts';
import { freePort } from '../../free-port.ts';
import { token } from './support.ts';

const objects = 2_000;
const kills = 3;

afterEach(killAll);

function eventFor(name: string): object {
  const object = { key: name, size: name.length, eTag: '', deltaSize: 1 };
  const oss = { bucket: { name: 'photos' }, object, ossSchemaVersion: '1.0' };
  const about = { eventName: 'ObjectCreated:PutObject', eventSource: 'acs:oss', eventVersion: '1.0' };
  const event = { ...about, region: 'cn-hangzhou', eventTime: '2026-01-02T03:04:05.000Z', oss };
  return { ...event, responseElements: { requestId: name } };
}

/** The answer's status, or undefined when none came. */
function post(url: string, agent: Agent, body: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const headers = { 'content-length': Buffer.byteLength(body) };
    const sent = request(url, { method: 'POST', agent, headers }, (answer) => {
      answer.resume().on('close', () => resolve(answer.statusCode));
    });
    sent.on('error', () => resolve(undefined));
    sent.end(body);
  });
}

it('loses no event that was acknowledged, in single posts and in batches, although the process is killed', async () => {
  const twin = await startTwin({ buckets: [{ name: 'photos' }, { name: 'backup' }] });
  const home = mkdtempSync(join(tmpdir(), 'ferry-burst-'));
  const port = await freePort();
  const names = Array.from({ length: objects }, (_, i) => `object ${i}`);
  for (const name of names) await twin.store.put('photos', name, { body: name });
  const stores = { oss: { scheme: 'oss', endpoint: twin.url, region: 'cn-hangzhou' } };
  const rules = [{ name: 'backup', source: { bucket: 'photos' }, destination: { bucket: 'backup' } }];
  const config = { port, eventTokens: [token], stores, defaultStore: 'oss', sweepSeconds: 1, rules };
  const env = { OSS_ACCESS_KEY_ID: twin.accessKeyId, OSS_ACCESS_KEY_SECRET: twin.secretAccessKey };
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });

  // One half in single posts, the other ten to a post.
  const singles = names.slice(0, objects / 2).map((name) => [name]);
  const tens = names.slice(objects / 2).flatMap((_, i, rest) => (i % 10 === 0 ? [rest.slice(i, i + 10)] : []));
  const posts = [...singles, ...tens];
  const acknowledged: string[] = [];
  let unanswered = 0;
  for (let life = 1; life <= kills; life++) {
    const share = posts.filter((_, i) => i % kills === life - 1);
    const ferry = await startServe(home, config, env);
    let answered = 0;
    await Promise.all(
      share.map(async (group) => {
        const body = JSON.stringify({ events: group.map(eventFor) });
        const status = await post(`${ferry.url}/events/${token}`, agent, body);
        if (status === 202) acknowledged.push(...group);
        else unanswered += 1;
        if (++answered === Math.floor(share.length / 2)) void ferry.kill();
      }),
    );
    await ferry.kill();
  }
  expect(unanswered).toBeGreaterThan(0);
  expect(acknowledged.length).toBeGreaterThan(objects / 4);
  expect(twin.store.keys('backup').length).toBeLessThan(acknowledged.length);

  const last = await startServe(home, config, env);
  const missing = (): string[] => {
    const there = new Set(twin.store.keys('backup'));
    return acknowledged.filter((name) => !there.has(name));
  };
  await expect.poll(missing, { timeout: 50_000, interval: 200 }).toEqual([]);
  for (const name of acknowledged) expect(String(await twin.store.bytes('backup', name))).toBe(name);
  expect(await last.metric(/_dead /)).toBe(0);
  expect(await last.stop()).toBe(0);
  agent.destroy();
  await twin.close();
  rmSync(home, { recursive: true, force: true });
});
