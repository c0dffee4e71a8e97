import { describe, expect, it } from 'vitest';
import { problemKinds } from '../../../lib/api/http/problem.ts';
import type { BadRequest } from './bad-requests.ts';
import { malformed, wrongBatches, wrongCallbacks, wrongCallers, wrongFields, wrongObjects } from './bad-requests.ts';
import { bench, json, keys, secrets } from './fakes.ts';

const lists: Record<string, BadRequest[]> = {
  malformed,
  wrongFields,
  wrongObjects,
  wrongCallers,
  wrongCallbacks,
  wrongBatches,
};

describe.each(Object.entries(lists))('%s', (_name, list) => {
  it.each(list)('%s', async (_what, request, status, kind) => {
    const { call, calls, rows, tasks, messages, logs, dns } = bench({ 'media/uploads/a.bin': {} });
    dns.set('inside.example', ['10.0.0.7']).set('a.wild.example', ['93.184.216.34', '192.168.0.1']);
    const response = await call(request);
    const problem = json(response);
    expect([response.status, problem['type']]).toEqual([status, `/problems/${kind}`]);
    expect(response.headers['content-type']).toBe('application/problem+json');
    expect(problem).toMatchObject({
      status,
      title: problemKinds[kind].title,
      detail: expect.stringMatching(/\S/) as string,
    });
    expect({ calls, rows: rows.size, tasks, messages }).toEqual({ calls: [], rows: 0, tasks: [], messages: [] });
    for (const secret of [...Object.values(keys), ...Object.values(secrets)]) {
      expect(response.body + logs.join()).not.toContain(secret);
    }
  });
});

describe('the answer to a bad request', () => {
  it('points at each fault', async () => {
    const { call } = bench();
    const body = { source: 'x', options: { partSize: -1, 'a/b': 1 }, destination: 'oss://backup/a' };
    const { errors } = json(await call({ json: body })) as { errors: { pointer: string }[] };
    expect(errors.map((error) => error.pointer)).toEqual(['/source', '/options/partSize', '/options']);
  });

  it('stays small however many faults there are', async () => {
    const { call } = bench();
    const body = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`${'x'.repeat(30)}${i}`, i]));
    const response = await call({ json: body });
    expect(response.status).toBe(422);
    expect(response.body.length).toBeLessThan(10_000);
  });

  it('names what is allowed with 405', async () => {
    const { call } = bench();
    expect((await call({ method: 'PATCH', path: '/v1/copies' })).headers['allow']).toBe('GET, HEAD, OPTIONS, POST');
    expect((await call({ method: 'POST', path: '/v1/jobs' })).headers['allow']).toBe('GET, HEAD, OPTIONS');
  });

  it('shows nothing of an unexpected error, and logs it', async () => {
    const { call, deps, logs } = bench();
    deps.world.state.get = () => Promise.reject(new Error('disk /dev/x has no space'));
    const response = await call({ method: 'GET', path: '/v1/copies/abc' });
    expect(response.status).toBe(500);
    expect(response.body).not.toContain('disk');
    expect(logs.join()).toContain('disk');
  });
});
