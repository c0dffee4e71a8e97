import { describe, expect, it } from 'vitest';
import { sign } from '../../../lib/api/callers/signature.ts';
import { RetryLater } from '../../../lib/copy/model/errors.ts';
import { bench, fullRequest, json, keys, secrets, start } from './fakes.ts';

const copy = { source: 'oss://media/uploads/a b%20+ü?.txt', destination: 'oss://backup/#1/a.txt' };
const objects = { 'media/uploads/a b%20+ü?.txt': {} };

describe('a small copy', () => {
  it('is done in the answer', async () => {
    const { call, rows } = bench(objects);
    const response = await call({ json: copy });
    const job = json(response);
    expect(response.status).toBe(200);
    expect(job).toMatchObject({ mode: 'copy', state: 'done', source: copy.source, destination: copy.destination });
    expect(job['result']).toMatchObject({ way: 'direct', size: 5, verifiedBy: 'crc64', lost: [] });
    expect(response.headers['location']).toBe(`/v1/copies/${String(job['id'])}`);
    expect(rows.size).toBe(1);
  });

  it('tells nothing of labels and idempotency keys', async () => {
    const { body } = await bench(objects).call({ json: copy, headers: { 'idempotency-key': 'key-of-mine' } });
    expect(body).not.toMatch(/key-of-mine|fingerprint|label/);
  });

  it('of an object that is not there gets the words of the store', async () => {
    const response = await bench().call({ json: copy });
    expect(response.status).toBe(404);
    expect(json(response)).toMatchObject({
      type: '/problems/object-not-found',
      code: 'NotFound',
      store: { operation: 'HeadObject', code: 'NoSuchKey', ec: '0026-00000001', requestId: 'R1' },
    });
  });

  it('that has nothing to do leaves a job that can be asked about', async () => {
    const { call, calls } = bench({ ...objects, 'backup/#1/a.txt': {} });
    const asked = { json: { ...copy, options: { overwrite: 'if-different' } }, headers: { 'idempotency-key': 'k' } };
    const first = await call(asked);
    expect(json(first)).toMatchObject({ state: 'done', result: { way: 'unchanged' } });
    const before = calls.length;
    expect(json(await call(asked))).toEqual(json(first));
    expect(calls.length).toBe(before);
    expect(json(await call({ method: 'GET', path: first.headers['location'] }))).toEqual(json(first));
  });
});

describe('a rename', () => {
  it('leaves nothing under the old name', async () => {
    const { call, calls } = bench({ 'media/uploads/old': {} });
    const names = { from: 'oss://media/uploads/old', to: 'oss://media/uploads/new' };
    const response = await call({ path: '/v1/renames', json: names });
    expect(json(response)).toMatchObject({ mode: 'rename', state: 'done', result: { sourceRemoved: true } });
    expect(calls).toContain('delete');
    expect((await call({ path: '/v1/renames', json: names })).status).toBe(404);
  });
});

describe('a metadata change', () => {
  it('goes onto the object itself', async () => {
    const { call } = bench({ 'media/uploads/a': {} });
    const change = { object: 'oss://media/uploads/a', metadata: { set: { owner: 'me' } } };
    const response = await call({ path: '/v1/metadata', json: change });
    expect(json(response)).toMatchObject({ mode: 'metadata', source: change.object, destination: change.object });
    expect(response.headers['location']).toMatch(/^\/v1\/metadata\//);
  });
});

describe('an idempotency key', () => {
  const request = { json: copy, headers: { 'idempotency-key': 'order-7' } };

  it('gives the same job for the same request, without asking the store again', async () => {
    const { call, calls } = bench(objects);
    const first = await call(request);
    const before = calls.length;
    expect(await call(request)).toEqual(first);
    expect(calls.length).toBe(before);
  });

  it('refuses another request', async () => {
    const { call, calls } = bench(objects);
    await call(request);
    const before = calls.length;
    const other = await call({ ...request, json: { ...copy, destination: 'oss://backup/b' } });
    expect([other.status, json(other)['type']]).toEqual([422, '/problems/idempotency-mismatch']);
    expect(calls.length).toBe(before);
  });

  it('belongs to its caller', async () => {
    const { call } = bench({ ...objects, 'other/a': {} });
    await call(request);
    const json = { source: 'oss://other/a', destination: 'oss://other/b' };
    const theirs = { ...request.headers, authorization: `Bearer ${keys.other}` };
    expect((await call({ json, headers: theirs })).status).toBe(200);
  });

  it('left out makes every request a new job', async () => {
    const { call, rows } = bench(objects);
    await call({ json: copy });
    await call({ json: copy });
    expect(rows.size).toBe(2);
  });

  it('repeats why a job failed', async () => {
    const { call, rows } = bench(objects);
    const first = await call(request);
    const id = String(json(first)['id']);
    const row = rows.get(id);
    if (row)
      rows.set(id, { ...row, state: 'failed', result: undefined, reason: { code: 'CrossRegion', message: 'no' } });
    const again = await call(request);
    expect([again.status, json(again)['type']]).toEqual([422, '/problems/cross-region']);
  });
});

describe('a signed request', () => {
  it('sent again within the window is the same job', async () => {
    const { call, calls } = bench(objects);
    const body = Buffer.from(JSON.stringify(copy));
    const signed = fullRequest({ body });
    signed.headers = { 'content-type': 'application/json', ...sign([secrets.old], 'msg_9', start, body) };
    const request = { ...signed, headers: { ...signed.headers, authorization: undefined } };
    const first = await call(request);
    const before = calls.length;
    expect(first.status).toBe(200);
    expect(await call(request)).toEqual(first);
    expect(calls.length).toBe(before);
  });

  it('without a body is signed over its method and target', async () => {
    const { call } = bench(objects);
    const location = (await call({ json: copy })).headers['location'] ?? '';
    const headers = { authorization: undefined, ...sign([secrets.media], 'msg_10', start, `GET ${location}`) };
    expect((await call({ method: 'GET', path: location, headers })).status).toBe(200);
    expect((await call({ method: 'GET', path: '/v1/jobs', headers })).status).toBe(401);
  });
});

describe('a store that asks to come back later', () => {
  it('before anything has begun: so is the caller', async () => {
    const { call, deps, rows } = bench(objects);
    const store = deps.world.store({ scheme: 'oss' });
    deps.world.store = () => ({
      ...store,
      facts: store.facts,
      head: () => Promise.reject(new RetryLater('slow down', { delayMs: 2500 })),
    });
    const response = await call({ json: copy });
    expect([response.status, response.headers['retry-after'], rows.size]).toEqual([503, '3', 0]);
  });

  it('afterwards: the job goes on by itself', async () => {
    const { call, deps, tasks } = bench(objects);
    const store = deps.world.store({ scheme: 'oss' });
    deps.world.store = () => ({
      ...store,
      facts: store.facts,
      head: (ref) => store.head(ref),
      copyObject: () => Promise.reject(new RetryLater('slow down')),
    });
    const response = await call({ json: copy });
    expect([response.status, json(response)['state']]).toEqual([202, 'planned']);
    expect(tasks).toMatchObject([{ kind: 'copy', request: { mode: 'copy' } }]);
  });
});

describe('without authentication, as --insecure-no-auth runs it', () => {
  it('anyone may copy', async () => {
    const { call, deps } = bench({ 'any/a': {} });
    const { anyone } = await import('../../../lib/api/callers/callers.ts');
    deps.everyone = anyone;
    const json = { source: 'oss://any/a', destination: 'oss://any/b' };
    expect((await call({ json, headers: { authorization: undefined } })).status).toBe(200);
  });
});
