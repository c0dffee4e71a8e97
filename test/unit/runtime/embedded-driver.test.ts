import { describe, expect, it } from 'vitest';
import { GiveUp, RetryLater } from '../../../lib/copy/model/errors.ts';
import type { Job } from '../../../lib/copy/model/job.ts';
import type { Invocation, ObjectStore, World } from '../../../lib/copy/model/ports.ts';
import { defaultSettings } from '../../../lib/copy/model/settings.ts';
import type { Task } from '../../../lib/copy/model/task.ts';
import { noLog } from '../../../lib/log.ts';
import { EmbeddedQueue } from '../../../lib/queue/embedded.ts';
import { Driver, Interrupted, outcomeOf, progressOf } from '../../../lib/runtime/embedded/driver.ts';
import { PartsUnderWay } from '../../../lib/runtime/embedded/parts-under-way.ts';
import { EmbeddedStateTable } from '../../../lib/state/embedded.ts';
import { EmbeddedSharedRecords } from '../../../lib/state/embedded-shared.ts';
import { ProcessRegistry } from '../../../lib/state/processes.ts';
import { settle, VirtualClock } from '../queue/virtual-clock.ts';
import { jobOf, newHome, openIn } from '../state/home.ts';

const graceMs = 5_000;

/** A driver on a real state file and queue, with a virtual clock; `work` stands in for the engine. */
function start(work: (world: World, task: Task, invocation: Invocation) => Promise<void>) {
  const clock = new VirtualClock();
  const database = openIn(newHome());
  const processes = new ProcessRegistry(database, { clock });
  const state = new EmbeddedStateTable(database, { clock, owner: processes.token });
  const queue = new EmbeddedQueue({
    handle: (task, invocation) => work(world, task, invocation),
    ...{ clock, random: () => 0, log: noLog, capacity: () => 4, invocationMs: 60_000, holder: 'me' },
    maxAttempts: 2,
    onSettled: (task, error) => driver.settled(task, error),
  });
  const world: World = {
    store: () => ({}) as ObjectStore,
    state,
    shared: new EmbeddedSharedRecords(database, clock),
    queue,
    clock,
    random: () => 0,
    log: noLog,
    settings: defaultSettings,
  };
  const newInvocation = () => ({ id: 'i', deadline: clock.now() + 1, attempt: 1 });
  const partsUnderWay = new PartsUnderWay();
  const driver = new Driver({ world, queue, processes, newInvocation, graceMs, partsUnderWay });
  return { clock, database, processes, state, queue, world, driver, partsUnderWay };
}

/** A row that only needs planning: no store is asked. */
const planned = (clock: VirtualClock, over: Partial<Job> = {}) =>
  jobOf('j', { state: 'planned', attentionAt: clock.now() + defaultSettings.staleMs, ...over });

const finishIt = async ({ state }: World): Promise<void> => {
  const job = await state.get('j');
  if (job) await state.move(job, { state: 'failed', reason: { code: 'NotFound', message: 'over' } });
};

describe('driving a job', () => {
  it('ends when the job is final, and tells how far it is after every task', async () => {
    const { clock, state, queue, driver } = start(async (world) => {
      await world.state.count('j', 2, clock.now());
    });
    await state.create(
      jobOf('j', {
        parts: [
          { size: 10, count: 3 },
          { size: 5, count: 1 },
        ],
        pin: { etag: 'e', size: 35, lastModified: 1 },
      }),
    );
    const seen: number[][] = [];
    await queue.send([{ kind: 'finish', jobId: 'j' }]);
    const driven = driver.drive('j', { onProgress: (p) => seen.push([p.partsDone, p.parts, p.bytesDone, p.size]) });
    await settle();
    const job = await state.get('j');
    if (job) await state.move(job, { state: 'cancelled' });
    await clock.advance(1_000);
    expect((await driven).state).toBe('cancelled');
    expect(seen).toContainEqual([0, 4, 0, 35]);
    expect(seen).toContainEqual([2, 4, 17, 35]);
  });

  it('counts parts as they are copied, before their task has counted them', async () => {
    const { clock, state, driver, partsUnderWay } = start(() => new Promise(() => {}));
    const pin = { etag: 'e', size: 40, lastModified: 1 };
    const attentionAt = clock.now() + defaultSettings.staleMs;
    await state.create(jobOf('j', { parts: [{ size: 10, count: 4 }], pin, attentionAt }));
    const seen: number[] = [];
    const driven = driver.drive('j', { onProgress: ({ partsDone }) => seen.push(partsDone) });
    await settle();
    for (const part of [1, 2, 2, 3]) {
      partsUnderWay.note('j', part);
      await clock.advance(200);
    }
    partsUnderWay.counted('j', { from: 1, count: 3 });
    await state.count('j', 3, attentionAt);
    const job = await state.get('j');
    if (job) await state.move(job, { state: 'cancelled' });
    await clock.advance(1_000);
    await driven;
    expect([...new Set(seen)]).toEqual([0, 1, 2, 3]);
  });

  it('leaves a job alone while its tasks are in the queue or its time has not come', async () => {
    const sent: Task[] = [];
    const { clock, state, driver } = start(async (world, task) => {
      sent.push(task);
      await finishIt(world);
    });
    await state.create(planned(clock));
    const driven = driver.drive('j');
    await clock.advance(defaultSettings.staleMs - 1_000);
    expect(sent).toEqual([]);
    await clock.advance(3_000);
    expect(sent).toMatchObject([{ kind: 'copy', jobId: 'j' }]);
    expect((await driven).state).toBe('failed');
  });

  it('takes over at once what a dead process left', async () => {
    const { clock, state, driver, processes } = start(finishIt);
    await state.create(planned(clock));
    processes.disown('j');
    const driven = driver.drive('j');
    await clock.advance(1_000);
    expect((await driven).state).toBe('failed');
  });

  it('only watches what another living process drives, until that one dies', async () => {
    const { clock, database, driver } = start(finishIt);
    const other = new ProcessRegistry(database, { clock, identity: { pid: 1, host: 'other host' } });
    await new EmbeddedStateTable(database, { clock, owner: other.token }).create(planned(clock));
    let ended = false;
    const driven = driver.drive('j').finally(() => (ended = true));
    for (let minute = 0; minute < 5; minute += 1) {
      other.heartbeat();
      await clock.advance(50_000);
    }
    expect(ended).toBe(false);
    await clock.advance(61_000);
    expect((await driven).state).toBe('failed');
  });

  it('gives up on a stalled job, keeps it, and says why', async () => {
    const { clock, state, driver } = start(async () => {
      throw new RetryLater('the store is down');
    });
    await state.create(planned(clock));
    const driven = driver.drive('j');
    const failed = expect(driven).rejects.toMatchObject({
      decision: 'retry',
      message: expect.stringMatching(/no progress.*ferry resume.*the store is down/) as string,
    });
    await clock.advance(defaultSettings.staleMs * 6);
    await failed;
    expect(await state.get('j')).toMatchObject({ state: 'planned' });
  });

  it('ends at once when the state cannot be written', async () => {
    const full = new GiveUp('StateUnusable', 'No space is left');
    const { clock, state, queue, driver } = start(async () => {
      throw full;
    });
    await state.create(planned(clock));
    await queue.send([{ kind: 'finish', jobId: 'j' }]);
    await expect(driver.drive('j')).rejects.toBe(full);
  });

  it('ends in words when the row is gone', async () => {
    const { driver } = start(finishIt);
    await expect(driver.drive('no-such-job')).rejects.toMatchObject({ code: 'NotFound' });
  });
});

describe('an interrupted drive', () => {
  it('drops waiting tasks, gives the one at work the grace time, and leaves the job to others', async () => {
    let invocation: Invocation | undefined;
    const { clock, state, queue, driver, processes } = start(async (_world, _task, given) => {
      invocation = given;
      await clock.sleep(3_600_000);
    });
    await state.create(planned(clock));
    await queue.send(Array.from({ length: 9 }, () => ({ kind: 'finish', jobId: 'j' }) as const));
    const stop = new AbortController();
    const driven = driver.drive('j', { signal: stop.signal });
    const failed = expect(driven).rejects.toMatchObject({ name: 'Interrupted', jobId: 'j' });
    await settle();
    const at = clock.now();
    stop.abort();
    await clock.advance(graceMs);
    await failed;
    expect(invocation?.deadline).toBe(at + graceMs);
    expect(processes.orphans(9)).toEqual(['j']);
    expect((await state.get('j'))?.state).toBe('planned');
  });

  it('is none when the job ends within the grace time', async () => {
    const { clock, state, queue, driver } = start(async (world) => {
      await clock.sleep(2_000);
      await finishIt(world);
    });
    await state.create(planned(clock));
    await queue.send([{ kind: 'finish', jobId: 'j' }]);
    const stop = new AbortController();
    const driven = driver.drive('j', { signal: stop.signal });
    await settle();
    stop.abort();
    await clock.advance(graceMs);
    expect((await driven).state).toBe('failed');
  });

  it('leaves no sleeper behind', async () => {
    const { clock, state, driver } = start(finishIt);
    await state.create(planned(clock));
    const stop = new AbortController();
    const driven = expect(driver.drive('j', { signal: stop.signal })).rejects.toThrow(Interrupted);
    await settle();
    stop.abort();
    await driven;
    expect(clock.sleeping).toBe(0);
  });
});

describe('what a final row stands for', () => {
  const result = { way: 'parts', size: 5, etag: 'e', verifiedBy: 'size', lost: [] } as const;

  it('is the result, or the error that it keeps', () => {
    const done = jobOf('j', { state: 'done', result: { ...result, lost: [] } });
    expect(outcomeOf(done)).toEqual({ result, job: done });
    const reason = (code: string) => ({ code, message: 'm' });
    expect(() => outcomeOf(jobOf('j', { state: 'failed', reason: reason('AccessDenied') }))).toThrow(
      expect.objectContaining({ name: 'GiveUp', code: 'AccessDenied', message: 'm' }) as Error,
    );
    expect(() => outcomeOf(jobOf('j', { state: 'failed', reason: reason('SourceChanged') }))).toThrow(
      expect.objectContaining({ name: 'SourceChanged' }) as Error,
    );
    expect(() => outcomeOf(jobOf('j', { state: 'superseded', reason: reason('Superseded') }))).toThrow(
      expect.objectContaining({ name: 'Superseded' }) as Error,
    );
    expect(() => outcomeOf(jobOf('j', { state: 'cancelled' }))).toThrow(
      expect.objectContaining({ code: 'Cancelled' }) as Error,
    );
  });

  it('shows everything done only when it is', () => {
    const parts = [{ size: 10, count: 4 }];
    const pin = { etag: 'e', size: 40, lastModified: 1 };
    expect(progressOf(jobOf('j', { parts, pin, partsDone: 9, partsBase: 7 }))).toMatchObject({
      partsDone: 2,
      bytesDone: 20,
    });
    expect(progressOf(jobOf('j', { parts, pin, partsDone: 9 }))).toMatchObject({ partsDone: 4, bytesDone: 40 });
    expect(progressOf(jobOf('j', { state: 'done', pin }))).toMatchObject({ parts: 0, bytesDone: 40 });
    expect(progressOf(jobOf('j', { state: 'planned' }))).toMatchObject({ parts: 0, bytesDone: 0, size: 0 });
  });
});
