/** The built `ferry serve` replicates from one region of S3 into another, and its API copies between them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { openStore } from '../../../lib/store/open.ts';
import { startTwin } from '../../../lib/twin/start.ts';
import { killAll, open, startServe } from '../api/process.ts';
import { freePort } from '../../free-port.ts';
import { token } from '../api/support.ts';
import { differences } from './workload.ts';

const MiB = 1024 ** 2;
const toClose: (() => unknown)[] = [];
afterEach(async () => {
  await killAll();
  for (const close of toClose.splice(0).reverse()) await close();
});

it('ferry serve makes a bucket in another region equal: small and large objects, overwrites, deletes', async () => {
  const port = await freePort();
  const twin = await startTwin({
    buckets: [
      { name: 'photos', region: 'ap-southeast-1' },
      { name: 'backup', region: 'eu-west-1' },
    ],
    quirks: { checkRegion: true },
    events: [
      { url: `http://127.0.0.1:${port}/events/${token}`, shape: 's3', bucket: 'photos', duplicate: 0.2, attempts: 100 },
    ],
  });
  const home = mkdtempSync(join(tmpdir(), 'ferry-regions-'));
  const { accessKeyId, secretAccessKey } = twin;
  // Neither of the two.
  const address = { scheme: 's3', endpoint: twin.url, region: 'us-east-1' } as const;
  const store = openStore({ address, credentials: async () => ({ accessKeyId, secretAccessKey }) });
  toClose.push(
    () => rmSync(home, { recursive: true, force: true }),
    () => twin.close(),
    () => store.close(),
  );
  const rule = { name: 'far', source: { bucket: 'photos' }, destination: { bucket: 'backup' }, deletes: 'verified' };
  const config = { port, eventTokens: [token], stores: { here: address }, defaultStore: 'here', rules: [rule] };
  const env = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, FERRY_DIRECT_MAX: '5242880' };
  const ferry = await startServe(home, config, env);

  for (let n = 0; n < 50; n += 1) await store.putObject({ bucket: 'photos', key: `small/${n}` }, `body ${n}`);
  for (let n = 0; n < 5; n += 1) await store.putObject({ bucket: 'photos', key: 'small/7' }, `again ${n}`);
  await store.putObject({ bucket: 'photos', key: 'large' }, Buffer.alloc(17 * MiB, 'x'));
  await store.delete({ bucket: 'photos', key: 'small/9' });
  await twin.eventsSettled();
  await expect.poll(() => ferry.metric(open), { timeout: 50_000 }).toBe(0);
  await expect.poll(() => differences(store, 'photos', 'backup'), { timeout: 20_000 }).toEqual([]);
  expect(await differences(store, 'photos', 'backup', true)).toEqual([]);
  expect(twin.store.keys('backup')).toHaveLength(50);
  expect(twin.requests.count({ operation: 'UploadPartCopy', bucket: 'backup' })).toBeGreaterThan(0);
  expect(await ferry.metric(/_dead /)).toBe(0);
  expect(await ferry.stop()).toBe(0);
});
