/** The process is killed in the middle of a burst of events: what it acknowledged is replicated all the same. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startTwin } from '../../../lib/twin/start.ts';
import { freePort, token, until } from './support.ts';

const objects = 600;

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function startServe(home: string, env: Record<string, string>): ChildProcess {
  const args = ['--import', 'tsx', 'lib/cli/main.ts', 'serve', '--config', join(home, 'ferry.yaml'), '--state', home];
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, args, { env: { PATH, HOME, ...env }, stdio: ['ignore', 'ignore', 'inherit'] });
  children.push(child);
  return child;
}

function eventFor(name: string): string {
  const object = { key: name, size: 1, eTag: '', deltaSize: 1 };
  const oss = { bucket: { name: 'photos' }, object, ossSchemaVersion: '1.0' };
  const about = {
    eventName: 'ObjectCreated:PutObject',
    eventSource: 'acs:oss',
    eventVersion: '1.0',
    region: 'cn-hangzhou',
  };
  const event = { ...about, eventTime: '2026-01-02T03:04:05.000Z', oss, responseElements: { requestId: name } };
  return JSON.stringify({ events: [event] });
}

/** The answer's status, or undefined when none came. */
function post(url: string, agent: Agent, body: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const sent = request(
      url,
      { method: 'POST', agent, headers: { 'content-length': Buffer.byteLength(body) } },
      (answer) => {
        answer.resume().on('close', () => resolve(answer.statusCode));
      },
    );
    sent.on('error', () => resolve(undefined));
    sent.end(body);
  });
}

describe('a burst of events', () => {
  it('loses none that was acknowledged, although the process is killed', async () => {
    const twin = await startTwin({ buckets: [{ name: 'photos' }, { name: 'backup' }] });
    const home = mkdtempSync(join(tmpdir(), 'ferry-burst-'));
    const port = await freePort();
    const names = Array.from({ length: objects }, (_, i) => `object ${i}`);
    for (const name of names) await twin.store.put('photos', name, { body: name });
    const config = { port, eventTokens: [token], defaultStore: 'oss', sweepSeconds: 1 };
    const rules = [{ name: 'backup', source: { bucket: 'photos' }, destination: { bucket: 'backup' } }];
    writeFileSync(join(home, 'ferry.yaml'), JSON.stringify({ ...config, rules }));
    const env = {
      ...{ OSS_ENDPOINT: twin.url, OSS_REGION: 'cn-hangzhou' },
      ...{ OSS_ACCESS_KEY_ID: twin.accessKeyId, OSS_ACCESS_KEY_SECRET: twin.secretAccessKey },
    };
    const url = `http://127.0.0.1:${port}`;
    const isUp = () =>
      fetch(`${url}/readyz`).then(
        (answer) => answer.ok,
        () => false,
      );
    const agent = new Agent({ keepAlive: true, maxSockets: 64 });

    const first = startServe(home, env);
    await until(isUp);
    const acknowledged: string[] = [];
    await Promise.all(
      names.map(async (name) => {
        const status = await post(`${url}/events/${token}`, agent, eventFor(name));
        if (status === 202) acknowledged.push(name);
        if (acknowledged.length === objects / 2) first.kill('SIGKILL');
      }),
    );
    expect(acknowledged.length).toBeGreaterThanOrEqual(objects / 2);
    expect(acknowledged.length).toBeLessThan(objects);
    expect(twin.store.keys('backup').length).toBeLessThan(acknowledged.length);

    const second = startServe(home, env);
    await until(async () => {
      const there = new Set(twin.store.keys('backup'));
      return acknowledged.every((name) => there.has(name));
    });
    for (const name of acknowledged.slice(0, 20)) {
      expect(String(await twin.store.bytes('backup', name))).toBe(name);
    }
    second.kill('SIGTERM');
    await new Promise((resolve) => second.once('exit', resolve));
    expect(second.exitCode).toBe(0);
    agent.destroy();
    await twin.close();
    rmSync(home, { recursive: true, force: true });
  });
});
