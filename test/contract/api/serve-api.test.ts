import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it } from 'vitest';
import { readServeConfig } from '../../../lib/config/file.ts';
import { noLog } from '../../../lib/log.ts';
import { serve } from '../../../lib/runtime/serve/serve.ts';
import type { Receiver, Service } from './support.ts';
import { openReceiver, openService, secret, until } from './support.ts';

const MiB = 1024 * 1024;
const toClose: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of toClose.splice(0).reverse()) await one.close();
});

async function openBoth(answer?: (call: number) => number): Promise<Service & { receiver: Receiver }> {
  const receiver = await openReceiver(answer);
  toClose.push(receiver);
  const settings = { directMax: 4 * MiB, partSizeMin: MiB, partSizeMax: 2 * MiB };
  const service = await openService({ callbackHosts: [receiver.url], settings });
  toClose.push(service);
  return { ...service, receiver };
}

function newHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'ferry-serve-'));
  toClose.push({ close: async () => rmSync(home, { recursive: true, force: true }) });
  return home;
}

/** Signs like any client that has the public package. */
function signed(id: string, body: string): RequestInit {
  const at = new Date();
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, at, body),
  };
  return { method: 'POST', body, headers };
}

describe('a rename by signed webhook', () => {
  it.each([
    ['small', 5],
    ['in parts', 20 * MiB],
  ])('(%s) answers, is done, and calls back', async (_way, size) => {
    const { twin, url, receiver } = await openBoth();
    await twin.store.put('photos', 'old name+%20.bin', { size, meta: { owner: 'me' } });
    const body = JSON.stringify({
      from: 'oss://photos/old name+%20.bin',
      to: 'oss://backup/neu/ü.bin',
      callback: `${receiver.url}/done`,
    });
    const response = await fetch(`${url}/v1/renames`, signed('msg_1', body));
    expect(response.status).toBe(size > 4 * MiB ? 202 : 200);
    const job = (await response.json()) as { id: string };
    await until(async () => receiver.received.length > 0);
    const [{ headers, body: event } = { headers: {}, body: '' }] = receiver.received;
    const verified = new Webhook(secret).verify(event, headers as Record<string, string>);
    expect(verified).toMatchObject({ type: 'object-ferry.job.done', subject: job.id, data: { state: 'done' } });
    expect(await twin.store.head('photos', 'old name+%20.bin')).toBeUndefined();
    expect(await twin.store.head('backup', 'neu/ü.bin')).toMatchObject({ size, meta: { owner: 'me' } });

    // The same request again, as a sender that saw no answer would: nothing is done twice.
    const again = await fetch(`${url}/v1/renames`, signed('msg_1', body));
    expect([again.status, await again.json()]).toMatchObject([200, { id: job.id, state: 'done' }]);
  });

  it('calls back until it is heard, under one id', async () => {
    const { twin, url, receiver } = await openBoth((call) => (call === 0 ? 500 : 204));
    await twin.store.put('photos', 'a', { size: 1 });
    const body = JSON.stringify({ from: 'oss://photos/a', to: 'oss://backup/a', callback: receiver.url });
    expect((await fetch(`${url}/v1/renames`, signed('msg_2', body))).status).toBe(200);
    await until(async () => receiver.received.length === 2);
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });
});

describe('the rename of a prefix', () => {
  it('moves everything and calls back once', async () => {
    const { twin, call, receiver } = await openBoth();
    for (let i = 0; i < 60; i++) await twin.store.put('photos', `old/${i}`, { size: i });
    await twin.store.put('photos', 'old/big', { size: 9 * MiB });
    const body = { fromPrefix: 'oss://photos/old/', toPrefix: 'oss://backup/new/', callback: receiver.url };
    const { self } = (await (await call('/v1/renames', body)).json()) as { self: string };
    await until(async () => receiver.received.length > 0);
    expect(await (await call(self)).json()).toMatchObject({
      state: 'done',
      progress: { objectsDone: 61, objectsFailed: 0 },
    });
    expect(twin.store.keys('photos')).toEqual([]);
    expect(twin.store.keys('backup', 'new/').length).toBe(61);
    expect(receiver.received.length).toBe(1);
  });
});

describe('a job in parts', () => {
  it('tells its progress, and can be cancelled', async () => {
    const { twin, call } = await openBoth();
    await twin.store.put('photos', 'big', { size: 40 * MiB });
    const latency = { match: { operation: 'UploadPartCopy' }, effect: { kind: 'latency', ms: 400 } } as const;
    twin.faults.add(latency);
    const body = {
      source: 'oss://photos/big',
      destination: 'oss://backup/big',
      options: { concurrency: 2, partSize: 2 * MiB },
    };
    const started = (await (await call('/v1/copies', body)).json()) as { self: string };
    const copied = async () => {
      const { parts } = (await (await call(`${started.self}/parts`)).json()) as { parts: { copied: boolean }[] };
      expect(parts.length).toBe(20);
      return parts.filter((part) => part.copied).length;
    };
    await until(async () => (await copied()) > 0);
    const cancelled = await call(started.self, undefined, { method: 'DELETE' });
    expect([cancelled.status, await cancelled.json()]).toMatchObject([200, { state: 'cancelled' }]);
    expect(await twin.store.head('backup', 'big')).toBeUndefined();
    expect(twin.store.uploads('backup')).toEqual([]);
  });
});

describe('ferry serve', () => {
  it('says how it is', async () => {
    const { url } = await openBoth();
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: 'ok' });
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/^# TYPE ferry_http_requests_total counter$/m);
    expect(metrics).toMatch(/^ferry_http_requests_total\{status="200",to="healthz"\} 1$/m);
    expect(metrics).toMatch(/^ferry_events_open 0$/m);
    expect((await fetch(`${url}/openapi.json`)).status).toBe(200);
  });

  it('refuses a huge body without reading it, and a huge URL', async () => {
    const { url, call } = await openBoth();
    const large = await call('/v1/copies', { source: 'x'.repeat(300_000) });
    expect(large.status).toBe(413);
    expect((await fetch(`${url}/v1/jobs?cursor=${'x'.repeat(5000)}`)).status).toBe(414);
  });

  it('logs no key, token or signature', async () => {
    const { call, logs, url } = await openBoth();
    await call('/v1/copies', { source: 'oss://photos/none', destination: 'oss://backup/none' });
    await fetch(`${url}/events/wrong-token-wrong-token-wrong`, { method: 'POST', body: '{}' });
    expect(logs.join('\n')).not.toMatch(/contract-key|whsec_|wrong-token/);
  });

  it.each([
    ['no caller could use it', '', false, /No callers or event tokens are configured/],
    ['any host of the network could', 'host: 0.0.0.0', true, /only for a loopback address/],
    ['two options contradict each other', 'eventTokens: [abcdefghijklmnopqrstuvwxyz]', true, /contradicts/],
  ])('does not start when %s', async (_what, text, insecureNoAuth, message) => {
    const home = newHome();
    const started = serve({ serve: readServeConfig(text, {}), home, log: noLog, insecureNoAuth });
    await expect(started).rejects.toThrow(message);
  });

  it('without authentication refuses what a web page sends', async () => {
    const home = newHome();
    const serving = await serve({
      serve: readServeConfig('port: 0', {}),
      home,
      log: noLog,
      insecureNoAuth: true,
    });
    toClose.push(serving);
    expect((await fetch(`${serving.url}/v1/jobs`)).status).toBe(200);
    const page = { headers: { origin: 'https://evil.example' } };
    expect((await fetch(`${serving.url}/v1/jobs`, page)).status).toBe(403);
  });
});
