/** The built `ferry serve` is killed three times while one event is under way: a fourth start gets on with everything else. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { StateDatabase } from '../../../lib/state/database.ts';
import { startTwin } from '../../../lib/twin/start.ts';
import { killAll, open, startServe } from '../../contract/api/process.ts';
import { token } from '../../contract/api/support.ts';

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  await killAll();
  for (const close of toClose.splice(0).reverse()) await close();
});

it('an event that was under way at three deaths is kept aside, and those that came after it are replicated', async () => {
  // The copy of this one object is answered long after the test.
  const hang = { match: { operation: 'CopyObject', key: 'poison' }, effect: { kind: 'latency', ms: 600_000 } } as const;
  const twin = await startTwin({ buckets: [{ name: 'photos' }, { name: 'backup' }], faults: [hang] });
  const home = mkdtempSync(join(tmpdir(), 'ferry-poison-'));
  const { accessKeyId, secretAccessKey } = twin;
  const address = { scheme: 'oss', endpoint: twin.url, region: 'cn-hangzhou' };
  toClose.push(
    () => rmSync(home, { recursive: true, force: true }),
    () => twin.close(),
  );
  const rule = { name: 'all', source: { bucket: 'photos' }, destination: { bucket: 'backup' } };
  const config = { port: 0, eventTokens: [token], stores: { here: address }, defaultStore: 'here', rules: [rule] };
  const env = { OSS_ACCESS_KEY_ID: accessKeyId, OSS_ACCESS_KEY_SECRET: secretAccessKey };
  const post = (url: string, key: string) => {
    const body = JSON.stringify({ events: [created(key)] });
    return fetch(`${url}/events/${token}`, { method: 'POST', body });
  };
  for (const key of ['poison', 'other']) await twin.store.put('photos', key, { size: 3 });

  for (let death = 1; death <= 3; death += 1) {
    const ferry = await startServe(home, config, env);
    if (death === 1) expect((await post(ferry.url, 'poison')).status).toBe(202);
    await expect.poll(() => underWay(home), { timeout: 20_000 }).toBe(1);
    await ferry.kill();
  }
  const ferry = await startServe(home, config, env);
  await expect.poll(() => ferry.metric(/^ferry_events_dead /)).toBe(1);
  expect((await post(ferry.url, 'other')).status).toBe(202);
  await expect.poll(() => ferry.metric(open), { timeout: 20_000 }).toBe(0);
  expect(twin.store.keys('backup')).toEqual(['other']);
  expect(ferry.logs.filter(({ letter }) => letter === 'events-1')).toHaveLength(1);
  expect(await ferry.stop()).toBe(0);
});

/** How many events a process has at the moment, by the state file. */
function underWay(home: string): number {
  const database = StateDatabase.openIn(home);
  const [row] = database.rows<{ count: number }>('SELECT count(*) AS count FROM inbox WHERE leased_by IS NOT NULL');
  database.close();
  return row?.count ?? 0;
}

function created(key: string) {
  const oss = { bucket: { name: 'photos' }, object: { key } };
  return { eventName: 'ObjectCreated:PutObject', eventSource: 'acs:oss', oss, responseElements: { requestId: key } };
}
