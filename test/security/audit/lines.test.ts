/** Every call that wants something done leaves a line in the log, answered or refused; so does every refusal. */
import { afterEach, expect, it } from 'vitest';
import { key, openService, token, type Service } from '../../contract/api/support.ts';

let service: Service | undefined;
afterEach(async () => {
  await service?.close();
});

function lines({ logs }: Service): Record<string, unknown>[] {
  const all = logs.map((line) => JSON.parse(line) as Record<string, unknown>);
  return all.filter(({ message }) => message === 'request');
}

it('names caller, address, objects and outcome of a call that was accepted', async () => {
  service = await openService();
  const { call, twin } = service;
  await twin.store.put('photos', 'a', { body: 'a' });
  await call('/v1/copies', { source: 'oss://photos/a', destination: 'oss://photos/b' });
  expect(lines(service)).toMatchObject([
    {
      ...{ caller: 'contract', from: '127.0.0.1', method: 'POST', path: '/v1/copies' },
      ...{ source: 'oss://photos/a', destination: 'oss://photos/b', status: 200, outcome: 'accepted' },
    },
  ]);
});

it('names what a refused call wanted', async () => {
  service = await openService();
  await service.call('/v1/renames', { from: 'oss://other/a', to: 'oss://photos/b' });
  await service.call('/v1/copies', undefined, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}-wrong-one` },
  });
  expect(lines(service)).toMatchObject([
    { caller: 'contract', path: '/v1/renames', source: 'oss://other/a', status: 403, outcome: 'refused' },
    { caller: 'unknown', path: '/v1/copies', status: 401, outcome: 'refused' },
  ]);
});

it('shows no token of the event endpoint, in posts that were taken and in others', async () => {
  service = await openService();
  const post = async (path: string) => await fetch(`${service?.url}${path}`, { method: 'POST', body: '{}' });
  await post(`/events/${token}`);
  await post('/events/wrong-0123456789-0123456789');
  expect(lines(service)).toMatchObject([
    { path: '/events', status: 422, outcome: 'refused' },
    { path: '/events', status: 401, outcome: 'refused' },
  ]);
  expect(service.logs.join('\n')).not.toContain(token);
});

it('writes no line for a client that polls', async () => {
  service = await openService();
  await service.call('/v1/jobs');
  await fetch(`${service.url}/healthz`);
  expect(lines(service)).toEqual([]);
});
