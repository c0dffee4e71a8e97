import { describe, expect, it } from 'vitest';
import { GiveUp } from '../../../lib/copy/model/errors.ts';
import type { Job } from '../../../lib/copy/model/job.ts';
import type { Bench } from './fakes.ts';
import { bench, json, keys, start } from './fakes.ts';

const MiB = 1024 * 1024;

function addJob(to: Bench, job: Partial<Job> & { id: string }): void {
  to.rows.set(job.id, {
    revision: 1,
    state: 'copying',
    mode: 'copy',
    store: { scheme: 'oss', region: 'cn-hangzhou' },
    source: { bucket: 'media', key: 'uploads/big' },
    destination: { bucket: 'backup', key: 'big' },
    options: {},
    labels: { caller: 'media' },
    partsDone: 0,
    createdAt: start,
    updatedAt: start,
    ...job,
  });
}

const parts = [
  { size: 16 * MiB, count: 3 },
  { size: 7, count: 1 },
];

describe('GET of a job', () => {
  it('tells how far it is, never past the plan', async () => {
    const api = bench();
    for (const [id, partsDone, copied] of [
      ['a', 2, 2],
      ['b', 9, 4],
    ] as const) {
      addJob(api, { id, parts, partsDone });
      const response = await api.call({ method: 'GET', path: `/v1/copies/${id}` });
      expect(json(response)['progress']).toEqual({ partsPlanned: 4, partsCopied: copied });
    }
    expect(api.calls).toEqual([]);
  });

  it('finds no job of another caller, of another kind, or that is not there', async () => {
    const api = bench();
    addJob(api, { id: 'mine' });
    addJob(api, { id: 'theirs', labels: { caller: 'other' } });
    addJob(api, { id: 'rule' });
    addJob(api, { id: 'moved', mode: 'rename' });
    const status = async (path: string) => (await api.call({ method: 'GET', path })).status;
    expect(await status('/v1/copies/mine')).toBe(200);
    expect(await status('/v1/copies/theirs')).toBe(404);
    expect(await status('/v1/copies/moved')).toBe(404);
    expect(await status('/v1/renames/moved')).toBe(200);
    expect(await status('/v1/copies/none')).toBe(404);
  });

  it('has no body when asked by HEAD', async () => {
    const api = bench();
    addJob(api, { id: 'mine' });
    const response = await api.call({ method: 'HEAD', path: '/v1/copies/mine' });
    expect([response.status, response.body]).toEqual([200, '']);
  });
});

describe('GET of its parts', () => {
  it('asks the store which are there', async () => {
    const api = bench();
    addJob(api, { id: 'a', parts, uploadId: 'u1' });
    const store = api.deps.world.store({ scheme: 'oss' });
    const entry = { size: 1, etag: 'e' };
    api.deps.world.store = () => ({
      ...store,
      listParts: async (_ref, _upload, { after = 0 } = {}) => ({
        parts: [1, 4].filter((number) => number > after).map((number) => ({ number, ...entry })),
      }),
    });
    const page = async (query: string) => json(await api.call({ method: 'GET', path: '/v1/copies/a/parts', query }));
    expect(await page('limit=3')).toEqual({
      size: 48 * MiB + 7,
      parts: [
        { number: 1, first: 0, last: 16 * MiB - 1, copied: true },
        { number: 2, first: 16 * MiB, last: 32 * MiB - 1, copied: false },
        { number: 3, first: 32 * MiB, last: 48 * MiB - 1, copied: false },
      ],
      next: 3,
    });
    expect(await page('after=3')).toMatchObject({ parts: [{ number: 4, last: 48 * MiB + 6, copied: true }] });
  });

  it('of a job that is done, or whose upload has just gone, needs no ledger', async () => {
    const api = bench();
    addJob(api, { id: 'done', parts, state: 'done' });
    addJob(api, { id: 'gone', parts, uploadId: 'u1' });
    const store = api.deps.world.store({ scheme: 'oss' });
    api.deps.world.store = () => ({
      ...store,
      listParts: () => Promise.reject(new GiveUp('NoSuchUpload', 'gone')),
    });
    for (const [id, copied] of [
      ['done', true],
      ['gone', false],
    ] as const) {
      const answer = json(await api.call({ method: 'GET', path: `/v1/copies/${id}/parts` }));
      expect((answer['parts'] as { copied: boolean }[]).map((part) => part.copied)).toEqual(Array(4).fill(copied));
    }
  });
});

describe('GET of a list', () => {
  it('filters by state and mode, and shows only what the caller may see', async () => {
    const api = bench();
    addJob(api, { id: 'a', state: 'done' });
    addJob(api, { id: 'b', mode: 'rename' });
    addJob(api, { id: 'c', labels: { caller: 'other' } });
    addJob(api, { id: 'd', mode: 'replicate', labels: { rule: 'r' } });
    const ids = async (path: string, query = '') => {
      const { jobs } = json(await api.call({ method: 'GET', path, query })) as { jobs: { id: string }[] };
      return jobs.map((job) => job.id);
    };
    expect(await ids('/v1/jobs')).toEqual(['b', 'a']);
    expect(await ids('/v1/jobs', 'mode=rename')).toEqual(['b']);
    expect(await ids('/v1/jobs', 'state=done')).toEqual(['a']);
    expect(await ids('/v1/copies')).toEqual(['a']);
    expect(await ids('/v1/renames', 'state=done')).toEqual([]);
  });

  it('reaches every job by its cursors', async () => {
    const api = bench();
    for (let i = 0; i < 25; i++) addJob(api, { id: `j${i}`, labels: { caller: i % 3 === 0 ? 'media' : 'other' } });
    const seen: string[] = [];
    let next: string | undefined;
    do {
      const query = `limit=4${next === undefined ? '' : `&cursor=${next}`}`;
      const page = json(await api.call({ method: 'GET', path: '/v1/jobs', query })) as {
        jobs: { id: string }[];
        next?: string;
      };
      expect(page.jobs.length).toBeLessThanOrEqual(4);
      seen.push(...page.jobs.map((job) => job.id));
      next = page.next;
    } while (next !== undefined);
    expect(seen).toEqual(['j24', 'j21', 'j18', 'j15', 'j12', 'j9', 'j6', 'j3', 'j0']);
  });
});

describe('DELETE of a job', () => {
  it('cancels it, and is the same when repeated', async () => {
    const api = bench();
    addJob(api, { id: 'a' });
    const first = await api.call({ method: 'DELETE', path: '/v1/copies/a' });
    expect([first.status, json(first)['state']]).toEqual([200, 'cancelled']);
    expect(await api.call({ method: 'DELETE', path: '/v1/copies/a' })).toEqual(first);
  });

  it('leaves alone what has ended, and the jobs of others', async () => {
    const api = bench();
    addJob(api, { id: 'a', state: 'done' });
    addJob(api, { id: 'b', labels: { caller: 'other' } });
    const done = await api.call({ method: 'DELETE', path: '/v1/copies/a' });
    expect([done.status, json(done)['type']]).toEqual([409, '/problems/already-final']);
    expect((await api.call({ method: 'DELETE', path: '/v1/copies/b' })).status).toBe(404);
    const headers = { authorization: `Bearer ${keys.other}` };
    expect((await api.call({ method: 'DELETE', path: '/v1/copies/b', headers })).status).toBe(200);
  });
});
