/** What the service tells about itself, and to whom; and pages in a browser where authentication is off. */
import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { callerFrom } from '../../../lib/api/callers/callers.ts';
import { jsonResponse } from '../../../lib/api/http/http.ts';
import { noLog } from '../../../lib/log.ts';
import { mayMeasure, metricsReader } from '../../../lib/runtime/serve/guards.ts';
import { listen, type Listening } from '../../../lib/runtime/serve/http.ts';

const key = 'key-0123456789-0123456789-01';
const token = 'metrics-0123456789-0123456789';
const readers = [callerFrom({ name: 'a', keys: [key] }), ...metricsReader([token])];
let open: Listening | undefined;
afterEach(async () => {
  await open?.close(0);
});

/** A server as if it listened on `host`: the test's own requests come over loopback. */
async function start(host: string, withoutAuthentication = false): Promise<string> {
  open = await listen(
    {
      api: async () => ({ status: 200, headers: {}, body: 'api' }),
      postEvent: async () => jsonResponse(202, {}),
      admit: () => 'known',
      refuseBrowsers: withoutAuthentication,
      notReady: () => 'the disk is slow',
      mayMeasure: (head) => mayMeasure(host, readers, head),
      metrics: { count: () => {}, render: async () => 'ferry_events_open 7\n' },
      log: noLog,
    },
    { host: '127.0.0.1', port: 0 },
  );
  return open.url;
}

const ask = async (url: string, bearer?: string) => {
  const answer = await fetch(url, { headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` } });
  return { status: answer.status, text: await answer.text() };
};

describe('a service on an address that others reach', () => {
  it.each([undefined, 'another-key-0123456789-0123'])(
    'keeps its metrics and its reason from the key %s',
    async (bearer) => {
      const url = await start('0.0.0.0');
      expect(await ask(`${url}/metrics`, bearer)).toMatchObject({ status: 401 });
      expect((await ask(`${url}/metrics`, bearer)).text).not.toContain('ferry_events_open');
      expect(await ask(`${url}/readyz`, bearer)).toEqual({ status: 503, text: '{"status":"not ready"}' });
      expect((await ask(`${url}/healthz`, bearer)).status).toBe(200);
    },
  );

  it.each([key, token])('tells both to the key %s', async (bearer) => {
    const url = await start('0.0.0.0');
    expect(await ask(`${url}/metrics`, bearer)).toEqual({ status: 200, text: 'ferry_events_open 7\n' });
    expect((await ask(`${url}/readyz`, bearer)).text).toContain('the disk is slow');
  });
});

it('tells both to everything on its own machine when it listens on a loopback address', async () => {
  const url = await start('127.0.0.1');
  expect((await ask(`${url}/metrics`)).status).toBe(200);
  expect((await ask(`${url}/readyz`)).text).toContain('the disk is slow');
});

describe('without authentication', () => {
  /** `fetch` does not let its caller choose the Host header. */
  const withHost = (url: string, host: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      request(`${url}/v1/jobs`, { headers: { host } }, (answer) => resolve(answer.resume().statusCode))
        .once('error', reject)
        .end();
    });

  it.each(['evil.example:8470', 'evil.example', '127.0.0.1.evil.example', '[::2]:1', '192.168.0.1', 'localhost:1:2'])(
    'refuses a request to host %s',
    async (host) => {
      expect(await withHost(await start('127.0.0.1', true), host)).toBe(403);
    },
  );

  it.each(['localhost:8470', 'LOCALHOST', '127.0.0.1', '127.0.0.2:80', '[::1]:8470', '[::1]'])(
    'answers a request to host %s',
    async (host) => {
      expect(await withHost(await start('127.0.0.1', true), host)).toBe(200);
    },
  );
});
