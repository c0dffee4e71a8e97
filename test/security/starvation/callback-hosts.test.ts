/** A receiver that never answers holds up its own callbacks only. */
import { createServer as createTcp, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { CallbackGate } from '../../../lib/api/callbacks/gate.ts';
import { openReceiver, openService, type Receiver, type Service } from '../../contract/api/support.ts';

describe('the gate of callbacks', () => {
  const limits = { perHost: 2, perCaller: 3, together: 5 };
  const kinds = (gate: CallbackGate, ...calls: [host: string, caller: string][]) =>
    calls.map(([host, caller]) => gate.enter(host, caller).kind);

  it('lets two to a host, three of a caller and five together go at once', () => {
    const gate = new CallbackGate(() => 0, limits);
    expect(kinds(gate, ['h1', 'a'], ['h1', 'a'], ['h1', 'b'], ['h2', 'a'], ['h3', 'a'])).toEqual([
      'go',
      'go',
      'full',
      'go',
      'full',
    ]);
    expect(kinds(gate, ['h3', 'b'], ['h4', 'b'], ['h5', 'c'])).toEqual(['go', 'go', 'full']);
  });

  it('makes room when one has ended, whatever came of it', () => {
    const gate = new CallbackGate(() => 0, { ...limits, perHost: 1 });
    const pass = gate.enter('h', 'a');
    expect(gate.enter('h', 'a').kind).toBe('full');
    if (pass.kind === 'go') pass.end(true);
    expect(gate.enter('h', 'a').kind).toBe('go');
  });

  it('leaves a host alone that gave no answer, twice as long each time, then tries one callback', () => {
    let now = 0;
    const gate = new CallbackGate(() => now, limits);
    const fail = (): void => {
      const pass = gate.enter('h', 'a');
      expect(pass.kind).toBe('go');
      if (pass.kind === 'go') pass.end(false);
    };
    fail();
    expect(kinds(gate, ['h', 'a'], ['other', 'a'])).toEqual(['broken', 'go']);
    now += 15_000;
    fail();
    now += 29_999;
    expect(gate.enter('h', 'a').kind).toBe('broken');
    now += 1;
    const pass = gate.enter('h', 'a');
    expect(gate.enter('h', 'b').kind).toBe('full');
    if (pass.kind === 'go') pass.end(true);
    expect(kinds(gate, ['h', 'a'], ['h', 'b'])).toEqual(['go', 'go']);
  });
});

let service: Service | undefined;
let receiver: Receiver | undefined;
let stop: (() => void) | undefined;
afterEach(async () => {
  stop?.();
  await service?.close();
  await receiver?.close();
});

it('a host that never answers keeps no callback of another host and no rename of a prefix waiting', async () => {
  const open = new Set<Socket>();
  const tarpit = createTcp((socket) => void open.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => tarpit.listen(0, '127.0.0.1', resolve));
  stop = () => {
    for (const socket of open) socket.destroy();
    tarpit.close();
  };
  const { port } = tarpit.address() as { port: number };
  const dead = `http://127.0.0.1:${port}`;
  receiver = await openReceiver();
  const { url } = receiver;
  const here = (service = await openService({ callbackHosts: [dead, url] }));
  for (const key of ['a', 'old/a']) await here.twin.store.put('photos', key, { size: 1 });
  const copy = (n: number, callback: string) =>
    here.call('/v1/copies', { source: 'oss://photos/a', destination: `oss://photos/copy/${n}`, callback });
  for (let n = 0; n < 40; n += 1) expect((await copy(n, `${dead}/`)).status).toBe(200);
  await expect.poll(() => open.size, { timeout: 20_000 }).toBeGreaterThan(0);
  await copy(100, `${url}/`);
  const rename = { fromPrefix: 'oss://photos/old/', toPrefix: 'oss://photos/new/' };
  expect((await here.call('/v1/renames', rename)).status).toBe(202);
  const theirs = receiver.received;
  // Nothing has told the dead host's callbacks off yet: its first connections still wait for their answer.
  await expect
    .poll(() => [theirs.length, here.twin.store.keys('photos').includes('new/a')], { timeout: 14_000 })
    .toEqual([1, true]);
  expect(open.size).toBeLessThanOrEqual(4);
});
