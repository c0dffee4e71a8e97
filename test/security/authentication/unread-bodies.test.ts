/** A stranger's body is not kept, and those that are read share one bound. */
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { callerFrom, digest } from '../../../lib/api/callers/callers.ts';
import { jsonResponse } from '../../../lib/api/http/http.ts';
import { noLog } from '../../../lib/log.ts';
import { admissionOf } from '../../../lib/runtime/serve/admission.ts';
import { listen, type Deadlines, type Listening } from '../../../lib/runtime/serve/http.ts';
import { systemClock } from '../../../lib/runtime/shared/system-clock.ts';

/** The machine may be busy. */
const soon = { timeout: 20_000 };

const key = 'key-0123456789-0123456789-01';
const token = 'token-0123456789-0123456789';
const sockets: Socket[] = [];
let open: Listening | undefined;

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await open?.close(0);
});

/** A server that answers each request with the number of bytes it was given, and 401 to strangers. */
async function start(deadlines?: Deadlines): Promise<number> {
  const callers = [
    callerFrom({ name: 'a', keys: [key], secrets: [], read: [], write: [], callbackHosts: [], postsEvents: true }),
  ];
  const admission = { callers, tokenDigests: [digest(token)], clock: systemClock };
  const answer = (body: Uint8Array) => jsonResponse(200, { bytes: body.length });
  open = await listen(
    {
      api: async ({ body }) => ({ status: 401, headers: {}, body: JSON.stringify({ bytes: body.length }) }),
      postEvent: async ({ body }) => answer(body),
      admit: (head) => admissionOf(admission, head),
      refuseBrowsers: false,
      notReady: () => undefined,
      mayMeasure: () => true,
      metrics: { count: () => {}, render: async () => '' },
      log: noLog,
    },
    { host: '127.0.0.1', port: 0 },
    deadlines,
  );
  return Number(new URL(open.url).port);
}

/** Sends `sent` bytes of a body that is announced as `length`, and collects what comes back. */
function post(port: number, path: string, headers: string[], length: number, sent: number) {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  let text = '';
  socket.on('data', (chunk) => (text += String(chunk))).on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const lines = [`POST ${path} HTTP/1.1`, 'Host: x', `Content-Length: ${length}`, ...headers, '', ''];
  socket.write(lines.join('\r\n'));
  socket.write(Buffer.alloc(sent, 97));
  return { socket, closed, text: () => text };
}

const now = () => String(Math.floor(Date.now() / 1000));
const signed = () => ['webhook-id: a', `webhook-timestamp: ${now()}`, `webhook-signature: v1,${'A'.repeat(43)}=`];

describe('a body that is not complete', () => {
  it.each([
    ['no credentials', '/events', []],
    ['an unknown key', '/events', ['Authorization: Bearer another-key-0123456789']],
    ['an unknown token', '/events/another-token-0123456789-0', []],
    ['a stale signature', '/events', ['webhook-id: a', 'webhook-timestamp: 1', 'webhook-signature: v1,AAAA']],
    ['no credentials for the API', '/v1/copies', []],
  ])('is answered at once and not kept from a sender with %s', async (_what, path, headers) => {
    const port = await start();
    const { text } = post(port, path, headers, 200_000, 100_000);
    await expect.poll(text, soon).toContain('"bytes":0');
  });

  it('is waited for from a sender with a key or a token', async () => {
    const port = await start();
    const byKey = post(port, '/events', [`Authorization: Bearer ${key}`], 1000, 999);
    const byToken = post(port, `/events/${token}`, [], 1000, 999);
    const stranger = post(port, '/events', [], 1000, 999);
    await expect.poll(stranger.text, soon).toContain('"bytes":0');
    expect([byKey.text(), byToken.text()]).toEqual(['', '']);
    for (const { socket } of [byKey, byToken]) socket.write('a');
    for (const { text } of [byKey, byToken]) await expect.poll(text, soon).toContain('"bytes":1000');
  });

  it('is refused with 503 once unproven signatures hold 16 MiB, and a sender with a key is not', async () => {
    const port = await start();
    const all = Array.from({ length: 24 }, () => post(port, '/events', signed(), 1_048_576, 1_000_000));
    await expect
      .poll(() => all.filter(({ text }) => text().startsWith('HTTP/1.1 503')).length, soon)
      .toBeGreaterThan(0);
    const known = post(port, '/events', [`Authorization: Bearer ${key}`], 1_048_576, 1_048_576);
    await expect.poll(known.text, soon).toContain('"bytes":1048576');
    for (const { socket } of all) socket.destroy();
    const later = post(port, '/events', signed(), 1_048_576, 1_048_576);
    await expect.poll(later.text, soon).toContain('"bytes":1048576');
  });

  it('ends at its deadline, however slowly it comes', async () => {
    const port = await start({ headersMs: 200, requestMs: 400, checkMs: 50 });
    const { socket, closed, text } = post(port, `/events/${token}`, [], 100_000, 1);
    const drip = setInterval(() => socket.write('a'), 20);
    await closed;
    clearInterval(drip);
    expect(text()).toMatch(/^HTTP\/1.1 408/);
  });
});

it('eight signatures of a request are looked at, however many it carries', async () => {
  const { readClaim } = await import('../../../lib/api/callers/signature.ts');
  const many = Array.from({ length: 300 }, () => `v1,${'A'.repeat(43)}=`).join(' ');
  const claim = readClaim({ 'webhook-id': 'a', 'webhook-timestamp': '1000', 'webhook-signature': many }, 1_000_000);
  expect(claim.signatures).toHaveLength(8);
});
