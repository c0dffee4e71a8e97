/** What `ferry cost` says a copy takes, counted where it arrives: by the server, and between engine, table and queue. */
import { afterEach, describe, expect, it } from 'vitest';
import { startCopy } from '../../../lib/copy/start.ts';
import { usageOf } from '../../../lib/cost/aws-replication.ts';
import { s3 } from '../../../lib/store/dialects/s3.ts';
import type { Rig } from '../engine/rig.ts';
import { openRig } from '../engine/rig.ts';

let rig: Rig;
afterEach(() => rig.close());

/** Replicates one object of this size as an event asks for it, and counts. */
async function count(size: number) {
  rig = await openRig('s3');
  const { twin, embedded, address } = rig;
  const { etag } = await twin.store.put('photos', 'key', { size });
  twin.requests.reset();
  const { world } = embedded;
  const counts = { writes: 0, tasks: 0 };
  const state = spied(world.state, (method) => {
    if (['create', 'move', 'count'].includes(method)) counts.writes += 1;
  });
  const queue = spied(world.queue, (_, [tasks]) => (counts.tasks += (tasks as unknown[]).length));
  // The embedded engine works on the tasks with the world it has, so that is the one to listen to.
  Object.assign(world, { state, queue });
  const outcome = await startCopy(
    world,
    {
      mode: 'replicate',
      store: address,
      source: { bucket: 'photos', key: 'key' },
      destination: { bucket: 'backup', key: 'key' },
      options: {},
      seen: { etag, size },
    },
    { id: 'test', deadline: Date.now() + 60_000, attempt: 1 },
  );
  if (outcome.kind === 'job') {
    const { id } = outcome.job;
    await expect.poll(async () => (await world.state.get(id))?.state, { timeout: 50_000 }).toBe('done');
    await expect.poll(() => twin.requests.count('HeadObject')).toBe(4);
  }
  return { calls: { ...twin.requests.counts }, ...counts };
}

/** Hears of each call, and passes it on. */
function spied<T extends object>(target: T, heard: (method: string, args: unknown[]) => void): T {
  return new Proxy(target, {
    get(of, name) {
      const value = Reflect.get(of, name) as unknown;
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        heard(String(name), args);
        return (value as (...args: unknown[]) => unknown).apply(of, args);
      };
    },
  });
}

describe('cost', () => {
  it('of a small object', async () => {
    const usage = usageOf({ objects: 1, size: 100_000 }, s3.facts);
    expect(await count(100_000)).toEqual({ calls: usage.calls, writes: 0, tasks: 0 });
    expect(usage).toMatchObject({ tableWrites: 0, tableReads: 0 });
  });

  it.each([300_000_000, 100_000_000_000])('of an object of %i bytes', async (size) => {
    const usage = usageOf({ objects: 1, size }, s3.facts);
    const counted = await count(size);
    expect(counted.calls).toEqual(usage.calls);
    expect(counted.writes).toBe(usage.tableWrites);
    // An invocation for each task, and a share of one for the event.
    expect(Math.floor(usage.invocations)).toBe(counted.tasks);
  });
});
