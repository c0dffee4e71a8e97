/** A canary goes through its rule, is measured, and leaves nothing behind; what belongs to a user stays. */
import { afterEach, expect, it } from 'vitest';
import { loadRules } from '../../../lib/replicate/rules/rules.ts';
import { startTwin } from '../../../lib/twin/start.ts';
import type { Service, ServiceOptions } from './support.ts';
import { openService, until } from './support.ts';

const toClose: Service[] = [];
afterEach(async () => {
  for (const one of toClose.splice(0)) await one.close();
});

const rule = {
  ...{ name: 'all', source: { bucket: 'photos', prefix: 'in/' }, destination: { bucket: 'backup' } },
  canary: { every: 10 },
};

async function open(options: ServiceOptions = {}): Promise<Service> {
  const events = { bucket: 'photos' };
  const service = await openService({ scheme: 's3', shape: 's3', events, config: { rules: [rule] }, ...options });
  toClose.push(service);
  return service;
}

const shows = async ({ url }: Service, line: RegExp) => line.test(await (await fetch(`${url}/metrics`)).text());

it('arrives, is measured, and both copies are removed', async () => {
  const service = await open();
  await until(() => shows(service, /^ferry_rule_canaries_total\{rule="all",outcome="arrived"\} 1$/m));
  expect(await shows(service, /^ferry_rule_canary_seconds_count\{rule="all"\} 1$/m)).toBe(true);
  await until(async () => service.twin.requests.count({ operation: 'DeleteObject', bucket: 'backup' }) > 0);
  expect(service.twin.requests.all({ operation: 'DeleteObject' })).toMatchObject([
    { bucket: 'photos', key: 'in/.ferry-canary-all' },
    { bucket: 'backup', key: 'in/.ferry-canary-all' },
  ]);
  await until(async () => service.twin.store.keys('photos').length + service.twin.store.keys('backup').length === 0);
});

it('is lost where no event comes, and is removed all the same', async () => {
  const service = await open({ shape: undefined });
  await until(() => shows(service, /^ferry_rule_canaries_total\{rule="all",outcome="lost"\} 1$/m));
  await until(async () => service.twin.store.keys('photos').length === 0);
  expect(service.logs.join('\n')).toContain('a canary has not arrived');
});

it('never touches an object of a user under its key', async () => {
  const twin = await startTwin({ buckets: [{ name: 'photos' }, { name: 'backup' }] });
  await twin.store.put('photos', 'in/.ferry-canary-all', { body: 'of a user' });
  await twin.store.put('backup', 'in/.ferry-canary-all', { body: 'of a user as well' });
  const service = await open({ twin });
  await until(() => shows(service, /^ferry_rule_canaries_total\{rule="all",outcome="lost"\} 1$/m));
  expect(String(await twin.store.bytes('photos', 'in/.ferry-canary-all'))).toBe('of a user');
  expect(String(await twin.store.bytes('backup', 'in/.ferry-canary-all'))).toBe('of a user as well');
  expect(twin.requests.count('PutObject') + twin.requests.count('DeleteObject')).toBe(0);
  await twin.close();
});

it.each([
  ['filters leave out', { filters: { suffix: ['.jpg'] } }, /filters leave out its canary/],
  ['a size leaves out', { filters: { minSize: 1000 } }, /filters leave out its canary/],
])('is refused where %s', (_, more, why) => {
  expect(() => loadRules({ rules: [{ ...rule, ...more }], store: { scheme: 's3' } })).toThrow(why);
});
