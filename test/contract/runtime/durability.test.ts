import { describe, expect, it } from 'vitest';
import type { Task } from '../../../lib/copy/model/task.ts';
import { until, useRig } from './rig.ts';

describe('a state file that is full', () => {
  it('stops a copy before the store is written to, and the same copy works when there is space', async () => {
    const rig = await useRig();
    const embedded = await rig.open();
    const request = await rig.large('a', 3);
    const [{ page_count: pages } = { page_count: 0 }] = embedded.database.rows<{ page_count: number }>(
      'PRAGMA page_count',
    );
    embedded.database.rows(`PRAGMA max_page_count = ${pages}`);
    const labels = { note: 'x'.repeat(20_000) };
    await expect(embedded.run({ ...request, labels })).rejects.toMatchObject({
      code: 'StateUnusable',
      message: expect.stringMatching(/No space is left/) as string,
    });
    expect(rig.twin.requests.count('InitiateMultipartUpload')).toBe(0);

    embedded.database.rows('PRAGMA max_page_count = 1000000');
    expect((await embedded.run({ ...request, labels })).result).toMatchObject({ way: 'parts', parts: 3 });
  });
});

describe('a copy that has no row yet', () => {
  it('is kept when the process ends before its turn, and done by the next one', async () => {
    const rig = await useRig();
    const request = { ...(await rig.large('a', 1)), options: {} };
    let begun = 0;
    const stuck = await rig.open({
      graceMs: 10,
      run: () => {
        begun += 1;
        return new Promise(() => {});
      },
    });
    const tasks: Task[] = [{ kind: 'copy', request }];
    await stuck.world.queue.send(tasks);
    await until(() => begun === 1);
    await stuck.close();

    const next = await rig.open();
    expect(next.inbox.stats()).toMatchObject({ open: 1, leased: 0 });
    next.startInbox();
    await until(() => next.inbox.stats().open === 0);
    expect(rig.twin.store.keys('backup')).toEqual(['a']);
  });

  it('becomes a dead letter when it cannot be done, and is done when it is redriven', async () => {
    const rig = await useRig();
    const request = { ...(await rig.large('a', 1)), options: {}, source: { bucket: 'photos', key: 'later' } };
    const embedded = await rig.open();
    await embedded.world.queue.send([{ kind: 'copy', request }]);
    await until(() => embedded.inbox.stats().dead === 1);
    expect(embedded.inbox.listDead(1)).toMatchObject([
      { task: { kind: 'copy', request }, reason: expect.stringMatching(/later/) as string },
    ]);
    await rig.twin.store.put('photos', 'later', { body: 'here now' });
    expect(embedded.inbox.redrive()).toBe(1);
    await until(() => embedded.inbox.stats().open === 0);
    expect(rig.twin.store.keys('backup')).toEqual(['a']);
  });
});

describe('a sweep', () => {
  it('leaves the jobs of other living processes alone and forgets what has expired', async () => {
    const rig = await useRig();
    rig.slow(3_600_000);
    const settings = { staleMs: 1_000, keepMs: 0 };
    const [one, two] = [await rig.open({ settings, graceMs: 10 }), await rig.open({ settings, graceMs: 10 })];
    await one.run({ ...(await rig.large('small', 1)), options: {}, journal: true });
    const running = one.run(await rig.large('a', 2)).catch((error: unknown) => error);
    await until(() => rig.inFlight.now === 2);
    await two.world.clock.sleep(1_100);
    expect(await two.sweep({ wait: false })).toMatchObject({ revived: 0 });
    expect((await two.jobs({ limit: 9 })).jobs.map((job) => job.destination.key)).toEqual(['a']);
    await one.close();
    expect(await two.sweep({ wait: false })).toMatchObject({ revived: 1 });
    await two.close();
    await running;
  });
});
