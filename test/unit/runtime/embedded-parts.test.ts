import { describe, expect, it } from 'vitest';
import { noLog } from '../../../lib/log.ts';
import { Heartbeat } from '../../../lib/runtime/embedded/heartbeat.ts';
import { Stores } from '../../../lib/runtime/shared/stores.ts';
import { systemClock } from '../../../lib/runtime/shared/system-clock.ts';
import type { ProcessRegistry } from '../../../lib/state/processes.ts';
import type { StoreClient, StoreConfig } from '../../../lib/store/open.ts';
import { keptLog, settle, VirtualClock } from '../queue/virtual-clock.ts';

describe('clients', () => {
  const start = () => {
    const opened: StoreConfig[] = [];
    const closed: string[] = [];
    const store = (addressing: 'auto' | 'path') => ({ addressing, cname: false, internal: false });
    const stores = new Stores({
      config: { stores: { s3: store('path'), oss: store('auto') } },
      env: { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'key' },
      credentials: { oss: async () => ({ accessKeyId: 'own', secretAccessKey: 'own' }) },
      open: (config) => {
        opened.push(config);
        return { close: async () => void closed.push(config.address.endpoint ?? '') } as unknown as StoreClient;
      },
      clock: systemClock,
      random: () => 0,
      log: noLog,
      concurrency: 500,
    });
    return { stores, opened, closed };
  };

  it('are one for each address', () => {
    const { stores, opened } = start();
    const a = stores.get({ scheme: 's3', endpoint: 'http://a' });
    expect(stores.get({ scheme: 's3', endpoint: 'http://a', region: undefined })).toBe(a);
    expect(stores.get({ scheme: 's3', endpoint: 'http://b' })).not.toBe(a);
    expect(stores.get({ scheme: 's3', endpoint: 'http://a', region: 'r' })).not.toBe(a);
    expect(stores.get({ scheme: 'oss', endpoint: 'http://a' })).not.toBe(a);
    expect(opened).toHaveLength(4);
  });

  it('get the configuration of their scheme, its credentials and room for the part copies', async () => {
    const { stores, opened } = start();
    stores.get({ scheme: 's3', endpoint: 'http://a' });
    stores.get({ scheme: 'oss', endpoint: 'http://a' });
    expect(opened[0]).toMatchObject({
      addressing: 'path',
      maxConcurrency: 500,
      address: { scheme: 's3', endpoint: 'http://a' },
    });
    expect(await opened[0]?.credentials()).toMatchObject({ accessKeyId: 'id', secretAccessKey: 'key' });
    expect(opened[1]).toMatchObject({ addressing: 'auto' });
    expect(await opened[1]?.credentials()).toEqual({ accessKeyId: 'own', secretAccessKey: 'own' });
  });

  it('are closed together, and opened anew when asked for again', async () => {
    const { stores, opened, closed } = start();
    stores.get({ scheme: 's3', endpoint: 'http://a' });
    stores.get({ scheme: 's3', endpoint: 'http://b' });
    await stores.close();
    await stores.close(true);
    expect(closed.toSorted()).toEqual(['http://a', 'http://b']);
    stores.get({ scheme: 's3', endpoint: 'http://a' });
    expect(opened).toHaveLength(3);
  });
});

describe('the heartbeat', () => {
  const start = (beat: () => void) => {
    const clock = new VirtualClock();
    const log = keptLog();
    return { clock, log, heartbeat: new Heartbeat({ heartbeat: beat } as unknown as ProcessRegistry, clock, log) };
  };

  it('goes on while anything is at work, and leaves no timer after', async () => {
    let beats = 0;
    const { clock, heartbeat } = start(() => (beats += 1));
    const first = heartbeat.hold();
    const second = heartbeat.hold();
    await clock.advance(25_000);
    expect(beats).toBe(3);
    first();
    await clock.advance(10_000);
    expect(beats).toBe(4);
    second();
    await clock.advance(60_000);
    expect(beats).toBe(4);
    expect(clock.sleeping).toBe(0);
  });

  it('starts again, and ends with work that fails', async () => {
    let beats = 0;
    const { clock, heartbeat } = start(() => (beats += 1));
    heartbeat.hold()();
    await expect(heartbeat.during(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await settle();
    expect(beats).toBe(2);
    expect(clock.sleeping).toBe(0);
  });

  it('survives a state file that is busy', async () => {
    let beats = 0;
    const { clock, heartbeat, log } = start(() => {
      beats += 1;
      if (beats === 1) throw new Error('busy');
    });
    const release = heartbeat.hold();
    await clock.advance(10_000);
    release();
    expect(beats).toBe(2);
    expect(log.said).toHaveLength(1);
  });
});

describe('the clock of the system', () => {
  it('sleeps until its time', async () => {
    const from = performance.now();
    await systemClock.sleep(20);
    // Timers count whole milliseconds.
    expect(performance.now() - from).toBeGreaterThanOrEqual(19);
  });

  it('wakes without an error when told, before or during the sleep', async () => {
    const stop = new AbortController();
    const sleeping = systemClock.sleep(3_600_000, stop.signal);
    stop.abort();
    await sleeping;
    await systemClock.sleep(3_600_000, stop.signal);
  });

  it('does not wake at once from a sleep that no timer can hold', async () => {
    const stop = new AbortController();
    let awake = false;
    const sleeping = systemClock.sleep(1e12, stop.signal).then(() => (awake = true));
    await systemClock.sleep(20);
    expect(awake).toBe(false);
    stop.abort();
    await sleeping;
  });
});
