/** What one caller asks for must not stop or delay the batches of another. */
import { describe, expect, it } from 'vitest';
import { batchBody } from '../../../lib/api/batches/schemas.ts';
import type { BatchWorld } from '../../../lib/batch/model/world.ts';
import type { BatchRequest } from '../../../lib/batch/request/request.ts';
import type { Batch } from '../../../lib/batch/rows/batch-row.ts';
import { scopesOf } from '../../../lib/batch/rows/pace.ts';
import { bookPace, returnPace } from '../../../lib/batch/rows/pace-row.ts';
import { announcePriority, standBackMs } from '../../../lib/batch/rows/priority.ts';
import { taskOf } from '../../../lib/batch/rows/tasks.ts';
import type { Job } from '../../../lib/copy/model/job.ts';
import type { Task } from '../../../lib/copy/model/task.ts';
import { MemoryInbox } from '../../../lib/queue/memory-inbox.ts';
import { ModelShared } from '../../simulation/model/shared.ts';
import { jobOf } from '../../unit/state/home.ts';

/** A state table of one process, and a clock that moves only when a worker sleeps. */
function rig() {
  const rows = new Map<string, Job>();
  const clock = {
    at: 1_000_000,
    slept: 0,
    now: () => clock.at,
    sleep: async (ms: number) => void ((clock.at += ms), (clock.slept += ms)),
  };
  const state = {
    get: async (id: string) => rows.get(id),
    create: async (job: Job) => (rows.has(job.id) ? { landed: false } : (rows.set(job.id, job), { landed: true, job })),
    move: async (job: Job, change: Partial<Job>) => {
      if (rows.get(job.id)?.revision !== job.revision) return { landed: false };
      rows.set(job.id, { ...job, ...change, revision: job.revision + 1 });
      return { landed: true };
    },
  };
  const settings = { batchRequestsPerSecond: 0 };
  const shared = new ModelShared(() => clock.at).port();
  const world = { clock, state, shared, settings, random: () => 0.5, files: () => ({}) } as unknown as BatchWorld;
  const begin = async (id: string, caller: string, priority?: number): Promise<Batch> => {
    const request = {
      mode: 'copy',
      store: { scheme: 's3' },
      labels: { caller },
      priority,
      options: {},
    } as unknown as BatchRequest;
    const batch = { kind: 'batch', request, work: {}, ranges: {}, live: {} };
    const job = jobOf(id, { state: 'copying', batch, many: true, updatedAt: clock.at });
    rows.set(id, job);
    await announcePriority(world, id, request);
    return { id, job, row: batch, request } as unknown as Batch;
  };
  return { world, clock, rows, begin };
}

describe('a priority', () => {
  it('goes before the batches of the same caller only', async () => {
    const { world, begin } = rig();
    const alice = await begin('a', 'alice');
    await begin('b', 'bob', 1000);
    expect(await standBackMs(world, alice)).toBe(0);
    await begin('a2', 'alice', 1);
    expect(await standBackMs(world, alice)).toBeGreaterThan(0);
  });

  it('keeps a batch waiting for a minute at most, then one of its pages has its turn', async () => {
    const { world, clock, begin } = rig();
    const low = await begin('low', 'alice', -1000);
    await begin('high', 'alice', 1000);
    clock.at += 59_999;
    expect(await standBackMs(world, low)).toBeGreaterThan(0);
    clock.at += 1;
    expect(await standBackMs(world, low)).toBe(0);
  });
});

describe('a rate', () => {
  it.each([0.000001, 0.0999, 0, -1])('of %s requests a second is refused', (rate) => {
    for (const name of ['requestsPerSecond', 'prefixRequestsPerSecond']) {
      const body = { source: { prefix: 'oss://photos/b/' }, destination: 'oss://photos/c/', limits: { [name]: rate } };
      expect(batchBody.safeParse(body).error?.issues.map(({ path }) => path.join('.'))).toEqual([`limits.${name}`]);
    }
  });

  const wish = { forMs: 250, atMost: 200 };

  it('books no further ahead than ten seconds and one request, whatever the row says and however many book', async () => {
    const { world, clock } = rig();
    for (let n = 0; n < 50; n += 1) {
      const turn = await bookPace(world, 'pace/x', 0.1, wish);
      expect((turn?.at ?? 0) - clock.at).toBeLessThanOrEqual(10_000);
    }
    const { shared } = world;
    const row = await shared.get('pace/x');
    // As an older version could leave it: booked for days.
    const poisoned = { nextFreeAt: clock.at + 86_400_000 };
    expect(await shared.compareAndSet('pace/x', row, poisoned, clock.at + 86_400_000)).toBe(true);
    const before = clock.slept;
    await bookPace(world, 'pace/x', 100, wish);
    expect(clock.slept - before).toBeLessThanOrEqual(20_000);
  });

  it('that a caller asks for a destination binds no other caller', () => {
    const { world } = rig();
    const batchOf = (caller: string, limits?: object) => {
      const request = { store: { scheme: 's3' }, source: { kind: 'prefix', bucket: 'b' }, labels: { caller }, limits };
      return { id: caller, request } as unknown as Batch;
    };
    const carls = scopesOf(world, batchOf('carl', { prefixRequestsPerSecond: 0.1 }));
    const alices = scopesOf(world, batchOf('alice', { prefixRequestsPerSecond: 100 }));
    const limited = (scopes: typeof carls) => scopes.filter(({ limit }) => limit !== undefined).map(({ id }) => id);
    expect(limited(carls).filter((id) => alices.some((scope) => scope.id === id))).toEqual([]);
    expect(limited(scopesOf(world, batchOf('carl', { prefixRequestsPerSecond: 5 })))).toEqual(limited(carls));
  });

  it('that is booked and not used is given back, unless others have booked behind it', async () => {
    const { world, clock } = rig();
    const turn = await bookPace(world, 'pace/x', 4, { forMs: 2_500, atMost: 200 });
    expect(turn).toMatchObject({ count: 10, gapMs: 250 });
    if (!turn) return;
    await returnPace(world, 'pace/x', turn, turn.at + 500);
    const next = await bookPace(world, 'pace/x', 4, wish);
    expect(next?.at).toBe(turn.at + 500);
    await returnPace(world, 'pace/x', turn, turn.at);
    expect((await bookPace(world, 'pace/x', 4, wish))?.at).toBe((next?.at ?? 0) + 250);
    expect(clock.slept).toBe(0);
  });
});

describe('the queue of pages', () => {
  const page = (batch: Batch, n: number): Task => taskOf(batch, { kind: 'page', page: String(n) });

  it('gives each caller its turn, however many pages another one has waiting', async () => {
    const { begin, clock } = rig();
    const inbox = new MemoryInbox(clock);
    const add = async (id: string, caller: string, count: number) => {
      const batch = await begin(id, caller);
      for (let n = 0; n < count; n += 1) inbox.add([page(batch, n)]);
    };
    await add('b1', 'bob', 1000);
    await add('b2', 'bob', 1000);
    await add('a', 'alice', 3);
    const order: string[] = [];
    for (let n = 0; n < 8; n += 1)
      for (const { task } of await inbox.receive(1)) order.push('batchId' in task ? task.batchId : '');
    expect(order).toEqual(['b1', 'a', 'b1', 'a', 'b1', 'a', 'b1', 'b1']);
  });

  it('keeps a task that comes again in its lane', async () => {
    const { begin, clock } = rig();
    const inbox = new MemoryInbox(clock);
    const [bobs, alices] = [await begin('b', 'bob'), await begin('a', 'alice')];
    inbox.add([page(bobs, 1), page(bobs, 2)]);
    const [first] = await inbox.receive(1);
    if (first) await inbox.retry(first, 5);
    inbox.add([page(alices, 1)]);
    clock.at += 5;
    const order = (await inbox.receive(9)).map(({ task }) => ('page' in task ? `${task.batchId}${task.page}` : ''));
    expect(order).toEqual(['b2', 'a1', 'b1']);
  });
});
