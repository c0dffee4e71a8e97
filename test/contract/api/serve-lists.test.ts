/** Lists whose rows depend on one another, and renames onto objects, by HTTP: nothing is destroyed (I3). */
import { afterEach, expect, it } from 'vitest';
import type { BatchView } from '../../../lib/api/views/batch.ts';
import { bodiesOf, foresee, rowsOfAllShapes, wrongIn, type Told } from '../lists.ts';
import { openService, until, type Service } from './support.ts';

const toClose: Service[] = [];
afterEach(async () => {
  for (const service of toClose.splice(0)) await service.close();
});

async function open(scheme: 'oss' | 's3'): Promise<Service> {
  const service = await openService({ scheme });
  toClose.push(service);
  return service;
}

const put = async ({ twin }: Service, objects: ReadonlyMap<string, string>) => {
  for (const [key, body] of objects) await twin.store.put('photos', key, { body });
};

async function contents({ twin }: Service, prefix: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const key of twin.store.keys('photos', prefix)) {
    found.set(key, (await twin.store.bytes('photos', key)).toString());
  }
  return found;
}

async function json<T>(response: Promise<Response>): Promise<{ status: number; body: T }> {
  const answer = await response;
  return { status: answer.status, body: (await answer.json()) as T };
}

async function ended({ call }: Service, self: string): Promise<BatchView> {
  const get = async () => (await json<BatchView>(call(self))).body;
  await until(async () => (await get()).ended);
  return await get();
}

interface Results {
  results: { source: string; line?: number; status: string; error?: { code: string; message: string } }[];
  next?: string;
}

it.each([
  ['rename', 'oss'],
  ['rename', 's3'],
  ['copy', 's3'],
] as const)(
  'a list in the store of every shape, to %s on %s, destroys no object and names the other row',
  async (mode, scheme) => {
    const service = await open(scheme);
    const rows = rowsOfAllShapes('in/');
    const before = bodiesOf(rows);
    const foreseen = foresee(mode, rows, before);
    await put(service, before);
    const text = rows.map(([key, destination]) => JSON.stringify({ bucket: 'photos', key, destination })).join('\n');
    await service.twin.store.put('backup', 'list.jsonl', { body: text });
    const { status, body: batch } = await json<BatchView>(
      service.call('/v1/batches', { mode, source: { manifest: `${scheme}://backup/list.jsonl` }, pageSize: 3 }),
    );
    expect([status, batch]).toEqual([202, batch]);
    const end = await ended(service, batch.self);
    expect(await contents(service, 'in/')).toEqual(foreseen.after);
    const conflicts = foreseen.rows.filter(({ code }) => code === 'RowConflict').length;
    expect(end).toMatchObject({ state: 'done', counts: foreseen.counts, failures: { RowConflict: conflicts } });
    const told: Told[] = [];
    let cursor = '';
    do {
      const { body } = await json<Results>(service.call(`${batch.self}/results?limit=5${cursor}`));
      told.push(...body.results.map(({ source, ...rest }) => ({ key: source, ...rest })));
      cursor = body.next === undefined ? '' : `&cursor=${encodeURIComponent(body.next)}`;
    } while (cursor !== '');
    expect(wrongIn(told, foreseen, 1)).toEqual([]);
  },
);

interface JobAnswer {
  self: string;
  state: string;
  type?: string;
  progress: { objectsDone: number; objectsFailed: number };
}

/** Asks for a rename, and waits for its end. */
async function rename(service: Service, body: object): Promise<JobAnswer> {
  const get = async () => (await json<JobAnswer>(service.call(self))).body;
  const { status, body: started } = await json<JobAnswer>(service.call('/v1/renames', body));
  expect([status, started]).toEqual([202, started]);
  const { self } = started;
  await until(async () => ['done', 'failed'].includes((await get()).state));
  return await get();
}

it('a rename of a prefix keeps the objects that it meets and moves the others, unless told to overwrite', async () => {
  const service = await open('s3');
  await put(service, new Map(['in/1', 'in/2', 'in/3', 'out/2', 'out/4'].map((key) => [key, key])));
  const request = { fromPrefix: 's3://photos/in/', toPrefix: 's3://photos/out/' };
  const end = await rename(service, request);
  expect(Object.fromEntries(await contents(service, ''))).toEqual({
    ...{ 'in/2': 'in/2', 'out/1': 'in/1', 'out/2': 'out/2', 'out/3': 'in/3', 'out/4': 'out/4' },
  });
  expect(end).toMatchObject({
    ...{ state: 'failed', progress: { objectsDone: 2, objectsFailed: 1 } },
    reason: { code: 'SomeFailed', message: expect.stringContaining('s3://photos/out/2 exists already') as string },
  });
  await rename(service, { ...request, options: { overwrite: 'always' } });
  expect((await contents(service, '')).get('out/2')).toBe('in/2');
});

it.each(['a/b/', ''])('a rename of the prefix a/ to %j, which overlaps it, is refused', async (to) => {
  const service = await open('s3');
  const objects = new Map(['a/1', 'a/a/1', '1'].map((key) => [key, key]));
  await put(service, objects);
  const request = { fromPrefix: 's3://photos/a/', toPrefix: `s3://photos/${to}` };
  const { status, body } = await json<{ detail: string }>(service.call('/v1/renames', request));
  expect([status, body.detail]).toEqual([422, expect.stringContaining('overlap')]);
  expect(await contents(service, '')).toEqual(objects);
});

it.each(['oss', 's3'] as const)('a rename onto one object on %s is refused and changes nothing', async (scheme) => {
  const service = await open(scheme);
  await put(service, new Map(['a', 'b'].map((key) => [key, key])));
  const request = { from: `${scheme}://photos/a`, to: `${scheme}://photos/b` };
  const { status, body } = await json<{ type: string }>(service.call('/v1/renames', request));
  expect([status, body.type]).toEqual([409, '/problems/destination-exists']);
  expect(Object.fromEntries(await contents(service, ''))).toEqual({ a: 'a', b: 'b' });
});
