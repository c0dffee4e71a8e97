/** The built `ferry serve` replicates whatever happens to a bucket, told by the events that the store sends. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openStore } from '../../../lib/store/open.ts';
import { startTwin } from '../../../lib/twin/start.ts';
import { killAll, open, startServe } from '../api/process.ts';
import { freePort } from '../../free-port.ts';
import { token } from '../api/support.ts';
import { differences, useBucket } from './workload.ts';

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  await killAll();
  for (const close of toClose.splice(0).reverse()) await close();
});

describe.each(['oss', 's3'] as const)('ferry serve with native events of %s', (shape) => {
  it('makes both buckets equal: small, empty and large objects, odd keys, quick overwrites, deletes', async () => {
    const port = await freePort();
    const target = { url: `http://127.0.0.1:${port}/events/${token}`, shape, bucket: 'photos' };
    const twin = await startTwin({
      buckets: [{ name: 'photos' }, { name: 'backup' }, { name: 'aside' }],
      // Twice, late, out of order, and with the noise that a wildcard brings.
      events: [{ ...target, duplicate: 0.2, delayMs: 100, partEvents: true, attempts: 100 }],
    });
    const home = mkdtempSync(join(tmpdir(), 'ferry-serve-'));
    const { accessKeyId, secretAccessKey } = twin;
    const region = shape === 'oss' ? 'cn-hangzhou' : 'us-east-1';
    const address = { scheme: shape, endpoint: twin.url, region };
    const store = openStore({ address, credentials: async () => ({ accessKeyId, secretAccessKey }) });
    toClose.push(
      () => rmSync(home, { recursive: true, force: true }),
      () => twin.close(),
      () => store.close(),
    );
    const rule = { name: 'all', source: { bucket: 'photos' }, destination: { bucket: 'backup' }, deletes: 'verified' };
    const config = { port, eventTokens: [token], stores: { here: address }, defaultStore: 'here', rules: [rule] };
    const env = {
      ...{ OSS_ACCESS_KEY_ID: accessKeyId, OSS_ACCESS_KEY_SECRET: secretAccessKey },
      ...{ AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
      FERRY_DIRECT_MAX: '104857600',
    };
    const ferry = await startServe(home, config, env);

    const objects = await useBucket({ store, bucket: 'photos', aside: 'aside', quirks: {} });
    await twin.eventsSettled();
    await expect.poll(() => ferry.metric(open), { timeout: 50_000 }).toBe(0);
    await expect.poll(() => differences(store, 'photos', 'backup'), { timeout: 20_000 }).toEqual([]);
    expect(await differences(store, 'photos', 'backup', true)).toEqual([]);
    expect(twin.store.keys('backup').length).toBe(objects);
    expect(twin.requests.count({ operation: 'UploadPartCopy', bucket: 'backup' })).toBeGreaterThan(0);
    expect(twin.store.uploads('backup')).toEqual([]);
    expect(await ferry.metric(/_dead /)).toBe(0);
    expect(await ferry.stop()).toBe(0);
  });
});
