/** `ferry serve` in this process, on a twin that posts its events to it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { readServeConfig } from '../../../lib/config/file.ts';
import type { Settings } from '../../../lib/copy/model/settings.ts';
import { jsonLog } from '../../../lib/log.ts';
import type { Serving } from '../../../lib/runtime/serve/serve.ts';
import { serve } from '../../../lib/runtime/serve/serve.ts';
import type { StoreClient } from '../../../lib/store/open.ts';
import { openStore } from '../../../lib/store/open.ts';
import type { EventShape, EventTarget } from '../../../lib/twin/events/target.ts';
import type { Twin } from '../../../lib/twin/start.ts';
import { startTwin } from '../../../lib/twin/start.ts';
import { freePort } from '../../free-port.ts';

export const key = 'contract-key-0123456789abcdef';
export const secret = 'whsec_Y29udHJhY3QtY29udHJhY3QtY29udHJhY3Q=';
export const token = 'token-0123456789-0123456789';

export interface Service {
  twin: Twin;
  client: StoreClient;
  home: string;
  url: string;
  logs: string[];
  serving: Serving;
  /** A request with the bearer key; a body is sent as JSON by POST. */
  call(path: string, body?: unknown, init?: RequestInit): Promise<Response>;
  /** Resolves when nothing that was kept is left to do. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export interface ServiceOptions {
  scheme?: 'oss' | 's3';
  shape?: EventShape;
  events?: Partial<EventTarget>;
  /** More of the configuration file. */
  config?: Record<string, unknown>;
  callbackHosts?: string[];
  settings?: Partial<Settings>;
  home?: string;
  twin?: Twin;
  /** Return at once, and not when the stores have been checked. */
  unchecked?: boolean;
}

export async function openService(options: ServiceOptions = {}): Promise<Service> {
  const { scheme = 'oss', shape, settings } = options;
  const port = await freePort();
  const target = { url: `http://127.0.0.1:${port}/events/${token}`, ...options.events };
  const twin =
    options.twin ??
    (await startTwin({
      buckets: [{ name: 'photos' }, { name: 'backup' }],
      events: shape ? [{ ...target, shape, delayMs: 30, attempts: 100 }] : [],
    }));
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'ferry-serve-'));
  const region = scheme === 'oss' ? 'cn-hangzhou' : 'us-east-1';
  const store = { scheme, endpoint: twin.url, region };
  const { accessKeyId, secretAccessKey } = twin;
  const credentials = async () => ({ accessKeyId, secretAccessKey });
  const logs: string[] = [];
  const config = {
    port,
    stores: { [scheme]: store },
    defaultStore: scheme,
    callers: [
      {
        name: 'contract',
        keys: [key],
        secrets: [secret],
        read: [`${scheme}://photos`, `${scheme}://backup`],
        write: [`${scheme}://photos`, `${scheme}://backup`],
        callbackHosts: options.callbackHosts ?? [],
        postsEvents: true,
      },
    ],
    eventTokens: [token],
    callbacks: { allowAddresses: ['127.0.0.1'] },
    sweepSeconds: 1,
    ...options.config,
  };
  const serving = await serve({
    serve: readServeConfig(stringify(config), {}),
    home,
    settings,
    credentials: { [scheme]: credentials },
    log: jsonLog({ write: (line) => void logs.push(line), level: 'debug' }),
  });
  const { url } = serving;
  if (!options.unchecked) {
    await until(async () => (await fetch(`${url}/readyz`)).status === 200);
    // Tests count the requests of what they do.
    if (!options.twin) twin.requests.reset();
  }
  const client = openStore({ address: store, credentials });
  const open = async (): Promise<number> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return [...text.matchAll(/^ferry_(?:events|messages|tasks)_open (\d+)$/gm)].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    );
  };
  return {
    ...{ twin, client, home, url, logs, serving },
    call: (path, body, init) =>
      fetch(url + path, {
        ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...init,
      }),
    async settled() {
      await twin.eventsSettled();
      await until(async () => (await open()) === 0);
    },
    async close() {
      await serving.close();
      await client.close();
      if (!options.twin) await twin.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Asks until it is so. The test's own timeout ends it otherwise. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 50));
}

export interface Receiver {
  url: string;
  received: { headers: IncomingHttpHeaders; body: string }[];
  close(): Promise<void>;
}

/** A server that is called back; `answer` tells the status of the n-th call, from 0. */
export async function openReceiver(answer: (call: number) => number = () => 204): Promise<Receiver> {
  const received: Receiver['received'] = [];
  const server = createServer((request, response) => {
    void (async () => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      received.push({ headers: request.headers, body });
      response.writeHead(answer(received.length - 1)).end();
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
