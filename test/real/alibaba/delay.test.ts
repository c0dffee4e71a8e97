/** What OSS asks to be done hours later, on an installation whose clock is moved. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Installation } from './installation.ts';
import { backup, expectAtRest, install, patience, source, stage } from './installation.ts';

const hour = 3_600_000;

let at: Installation;
beforeAll(async () => {
  at = await install();
}, 120_000);
afterAll(async () => {
  await at?.close();
}, 60_000);

const isThere = async () => (await at.oss.store.head(backup, 'both/later')) !== undefined;

it('does after two hours what OSS has asked to be done then, and not before', async () => {
  at.oss.faults.add({
    match: { operation: 'CopyObject', key: 'both/later' },
    times: 1,
    effect: { kind: 'error', status: 503, code: 'SlowDown', delayMs: 2 * hour },
  });
  const { etag } = await at.oss.store.put(source, 'both/later', { body: 'later' });
  const { name } = at.functions.objectCreated;
  const { counts } = at.host.queueOf(name);
  const before = counts.delaySeconds;
  // With the ETag it is copied without a row, which the sweep would look at after fifteen seconds.
  const object = { key: 'both/later', size: 5, eTag: etag.toUpperCase() };
  const oss = { bucket: { name: source }, object };
  const record = { eventSource: 'acs:oss', eventName: 'ObjectCreated:PutObject', region: stage.region, oss };
  at.host.trigger(name, { events: [{ ...record, eventTime: new Date().toISOString() }] });
  // An hour is the longest delay, so it waits twice.
  const asked = () => (counts.delaySeconds - before) / 3_600;
  await expect.poll(asked, patience).toBeGreaterThanOrEqual(1);
  at.advance(hour);
  await expect.poll(asked, patience).toBeGreaterThan(1.9);
  expect(await isThere()).toBe(false);
  at.advance(hour);
  await expect.poll(() => isThere(), patience).toBe(true);
  expect((await at.oss.store.bytes(backup, 'both/later')).toString()).toBe('later');
  at.oss.faults.clear();
  await expectAtRest(at, ['done', 'cancelled']);
});
