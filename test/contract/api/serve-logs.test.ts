/** What the log of a service tells of jobs and of stores that fail. */
import { afterEach, expect, it } from 'vitest';
import type { Service, ServiceOptions } from './support.ts';
import { openService, until } from './support.ts';

const MiB = 1024 * 1024;
const toClose: Service[] = [];
afterEach(async () => {
  for (const one of toClose.splice(0)) await one.close();
});

async function open(options: ServiceOptions): Promise<Service> {
  const service = await openService({ scheme: 's3', ...options });
  toClose.push(service);
  return service;
}

const lines = ({ logs }: Service) => logs.map((line) => JSON.parse(line) as Record<string, unknown>);
const ended = (service: Service, key: string) =>
  lines(service).filter(({ message, destination }) => message === 'job done' && destination === `s3://backup/${key}`);

it('a job that ends leaves a line: source, destination, bytes, parts, requests, duration, caller', async () => {
  const service = await open({ settings: { directMax: 6 * MiB, partSizeMin: 5 * MiB } });
  const { client, call, twin } = service;
  await client.putObject({ bucket: 'photos', key: 'large' }, Buffer.alloc(16 * MiB, 'x'));
  await client.putObject({ bucket: 'photos', key: 'small' }, Buffer.from('x'));
  const before = twin.requests.count({ bucket: 'backup' }) + twin.requests.count({ bucket: 'photos' });
  await call('/v1/copies', { source: 's3://photos/large', destination: 's3://backup/large' });
  await until(async () => ended(service, 'large').length > 0);
  const sent = twin.requests.count({ bucket: 'backup' }) + twin.requests.count({ bucket: 'photos' }) - before;
  expect(ended(service, 'large')).toMatchObject([
    {
      ...{ source: 's3://photos/large', bytes: 16 * MiB, parts: 4, requests: sent, ms: expect.any(Number) },
      ...{ caller: 'contract', mode: 'copy', from: 'finishing' },
    },
  ]);
  await call('/v1/copies', { source: 's3://photos/small', destination: 's3://backup/small' });
  expect(ended(service, 'small')).toMatchObject([{ source: 's3://photos/small', bytes: 1, caller: 'contract' }]);
});

it('a job of a rule that ends names its rule, and one that fails says why', async () => {
  const rules = [{ name: 'all', source: { bucket: 'photos' }, destination: { bucket: 'backup' } }];
  const service = await open({
    ...{ shape: 's3', config: { rules }, events: { bucket: 'photos' } },
    settings: { directMax: 6 * MiB, partSizeMin: 5 * MiB },
  });
  const { client, twin } = service;
  await client.putObject({ bucket: 'photos', key: 'good' }, Buffer.alloc(8 * MiB, 'x'));
  await until(async () => ended(service, 'good').length > 0);
  expect(ended(service, 'good')).toMatchObject([{ rule: 'all', bytes: 8 * MiB }]);
  expect(Number(ended(service, 'good')[0]?.['requests'])).toBeGreaterThanOrEqual(6);
  twin.faults.add({
    match: { operation: 'UploadPartCopy', bucket: 'backup' },
    effect: { kind: 'error', status: 403, code: 'AccessDenied' },
  });
  await client.putObject({ bucket: 'photos', key: 'bad' }, Buffer.alloc(8 * MiB, 'y'));
  await until(async () => lines(service).some(({ message }) => message === 'job failed'));
  expect(lines(service).find(({ message }) => message === 'job failed')).toMatchObject({
    ...{ rule: 'all', reason: 'AccessDenied', source: 's3://photos/bad', error: expect.stringContaining('403') },
  });
});

it('a store that fails is a warning at the first attempt, and less often the longer it lasts', async () => {
  const rules = [{ name: 'all', source: { bucket: 'photos' }, destination: { bucket: 'backup' } }];
  const service = await open({ shape: 's3', config: { rules }, events: { bucket: 'photos' } });
  const { client, twin } = service;
  twin.faults.add({ match: { bucket: 'backup' }, effect: { kind: 'error', status: 503, code: 'ServiceUnavailable' } });
  await client.putObject({ bucket: 'photos', key: 'a' }, Buffer.from('a'));
  const tried = () => lines(service).filter(({ message }) => message === 'a task will be tried again');
  await until(async () => tried().length >= 3);
  twin.faults.clear();
  expect(tried().map(({ level, attempt }) => [attempt, level])).toEqual(
    expect.arrayContaining([
      [1, 'warn'],
      [2, 'warn'],
      [3, 'debug'],
    ]),
  );
});
