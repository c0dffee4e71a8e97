/** What `ferry cost --cloud alibaba` says a copy takes, counted where it arrives: by the server, and between engine, table and queue. */
import { afterEach, describe, expect, it } from 'vitest';
import { startCopy } from '../../../lib/copy/start.ts';
import { usageOnAlibaba } from '../../../lib/cost/alibaba-replication.ts';
import { oss } from '../../../lib/store/dialects/oss.ts';
import type { Rig } from '../engine/rig.ts';
import { openRig } from '../engine/rig.ts';

let rig: Rig;
afterEach(() => rig.close());

/** Replicates one object of this size as an event asks for it, and counts. */
async function count(size: number) {
  rig = await openRig('oss');
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
      // As OSS spells it.
      seen: { etag: etag.toUpperCase(), size },
    },
    { id: 'test', deadline: Date.now() + 60_000, attempt: 1 },
  );
  if (outcome.kind === 'job') {
    const { id } = outcome.job;
    await expect.poll(async () => (await world.state.get(id))?.state, { timeout: 50_000 }).toBe('done');
    await expect.poll(() => twin.requests.count('HeadObject')).toBe(4);
  }
  // Where a bucket is, an instance asks once.
  const { GetBucketLocation: _, ...calls } = twin.requests.counts;
  return { calls, ...counts };
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

describe('cost on Alibaba Cloud', () => {
  it('of a small object', async () => {
    const usage = usageOnAlibaba({ objects: 1, size: 100_000 }, oss.facts);
    expect(await count(100_000)).toEqual({ calls: usage.calls, writes: 0, tasks: 0 });
    expect(usage).toMatchObject({ tableWrites: 0, tableReads: 0 });
  });

  it.each([300_000_000, 100_000_000_000])('of an object of %i bytes', async (size) => {
    const usage = usageOnAlibaba({ objects: 1, size }, oss.facts);
    const counted = await count(size);
    expect(counted.calls).toEqual(usage.calls);
    expect(counted.writes).toBe(usage.tableWrites);
    // An invocation for each task, and one for the event.
    expect(usage.invocations - 1).toBe(counted.tasks);
  });
});
