import { describe, expect, it } from 'vitest';
import type { Task } from '../../../lib/copy/model/task.ts';
import { DurableQueue } from '../../../lib/queue/durable.ts';
import { handClock, newHome, openIn } from '../state/home.ts';

const finish = (jobId: string): Task => ({ kind: 'finish', jobId });
const names = (deliveries: { task: Task }[]) => deliveries.map(({ task }) => ('jobId' in task ? task.jobId : ''));
const always = 1_000_000;

function open(home = newHome(), name = 'tasks', token = 'me', clock = handClock()) {
  const database = openIn(home);
  return { home, clock, database, queue: new DurableQueue(database, { name, clock, token }) };
}

describe('a delivery', () => {
  it('stays with its worker until the lease ends, and then has the next number', async () => {
    const { queue, clock } = open();
    await queue.send([finish('a'), finish('b')]);
    const [first] = await queue.receive(1, 1_000);
    expect(first).toMatchObject({ task: finish('a'), attempt: 1 });
    expect(names(await queue.receive(9, 1_000))).toEqual(['b']);
    expect(await queue.receive(9, 1_000)).toEqual([]);
    clock.at += 1_000;
    expect(await queue.receive(9, 1_000)).toMatchObject([
      { task: finish('a'), attempt: 2 },
      { task: finish('b'), attempt: 2 },
    ]);
  });

  it('is settled only by its current holder', async () => {
    const { queue, clock } = open();
    await queue.send([finish('a')]);
    const [late] = await queue.receive(1, 1_000);
    clock.at += 1_000;
    const [current] = await queue.receive(1, 1_000);
    if (!late || !current) throw new Error('nothing came');
    await queue.ack(late);
    await queue.bury(late, 'late');
    await queue.retry(late, 0);
    expect(await queue.receive(1, 1_000)).toEqual([]);
    expect(queue.stats()).toMatchObject({ open: 1, leased: 1, dead: 0 });
    await queue.ack(current);
    expect(queue.stats()).toEqual({ open: 0, leased: 0, dead: 0 });
  });

  it('comes again after the delay of its retry', async () => {
    const { queue, clock } = open();
    await queue.send([finish('a')]);
    const [delivery] = await queue.receive(1, always);
    if (delivery) await queue.retry(delivery, 5_000);
    expect(await queue.nextAt()).toBe(clock.at + 5_000);
    expect(await queue.receive(1, always)).toEqual([]);
    clock.at += 5_000;
    expect(await queue.receive(1, always)).toMatchObject([{ attempt: 2 }]);
  });

  it('is free again when its process is dead', async () => {
    const home = newHome();
    const { queue: dying, clock } = open(home, 'tasks', 'dying');
    await dying.send([finish('a'), finish('b')]);
    await dying.receive(1, always);
    const { queue: living } = open(home, 'tasks', 'living', clock);
    await living.receive(1, always);
    expect(living.reclaim(['dying', 'living'])).toEqual({ ready: 0, setAside: [] });
    expect(living.reclaim(['living'])).toEqual({ ready: 1, setAside: [] });
    expect(names(await living.receive(9, always))).toEqual(['a']);
  });
});

describe('what was sent', () => {
  it('is there after a restart, in order, with its delay', async () => {
    const { queue, database, home, clock } = open();
    await queue.send([finish('b')], { delayMs: 10 });
    await queue.send([finish('a'), finish('ü\u0000😀')]);
    database.close();
    const { queue: again } = open(home, 'tasks', 'next', clock);
    expect(names(await again.receive(9, always))).toEqual(['a', 'ü\u0000😀']);
    clock.at += 10;
    expect(names(await again.receive(9, always))).toEqual(['b']);
  });

  it('stays apart from the messages of another queue in the same file', async () => {
    const home = newHome();
    const { queue: one, clock } = open(home, 'one');
    const { queue: two } = open(home, 'two', 'me', clock);
    await one.send([finish('a')]);
    expect(await two.receive(9, always)).toEqual([]);
    expect(await two.nextAt()).toBeUndefined();
    const [delivery] = await one.receive(9, always);
    if (delivery) await one.bury(delivery, 'no');
    expect([two.stats().dead, two.listDead(9), two.redrive(), two.drop()]).toEqual([0, [], 0, 0]);
    expect(one.stats().dead).toBe(1);
  });

  it('in one burst shares its way to the disk, and every sender gets its answer', async () => {
    const { queue } = open();
    await Promise.all(Array.from({ length: 2_000 }, (_, n) => queue.send([finish(`${n}`)])));
    expect(queue.stats().open).toBe(2_000);
    const got = new Set(names(await queue.receive(5_000, always)));
    expect(got.size).toBe(2_000);
  });

  it('is refused in words when the disk is full, and nothing of it is kept', async () => {
    const { queue, database } = open();
    await queue.send([finish('kept')]);
    const [{ page_count: pages } = { page_count: 0 }] = database.rows<{ page_count: number }>('PRAGMA page_count');
    database.rows(`PRAGMA max_page_count = ${pages + 1}`);
    const many = Array.from({ length: 1_000 }, (_, n) => finish(`${n}`));
    await expect(queue.send(many)).rejects.toMatchObject({ code: 'StateUnusable' });
    expect(names(await queue.receive(9, always))).toEqual(['kept']);
  });
});

describe('dead letters', () => {
  it('are listed with their reason, page by page, and delivered no more', async () => {
    const { queue, clock } = open();
    const sentAt = clock.at;
    await queue.send(['a', 'b', 'c'].map(finish));
    clock.at += 7;
    for (const delivery of await queue.receive(9, always))
      await queue.bury(delivery, `no ${names([delivery])[0] ?? ''}`);
    const page = queue.listDead(2);
    expect(page).toMatchObject([
      { task: finish('a'), attempts: 1, reason: 'no a', sentAt, deadAt: sentAt + 7 },
      { task: finish('b'), reason: 'no b' },
    ]);
    expect(names(queue.listDead(2, page[1]?.id))).toEqual(['c']);
    clock.at += always * 2;
    expect(await queue.receive(9, always)).toEqual([]);
    expect(queue.stats()).toEqual({ open: 0, leased: 0, dead: 3 });
  });

  it('are redriven with all their deliveries before them, some or all', async () => {
    const { database, clock } = open();
    let sent = 0;
    const queue = new DurableQueue<Task>(database, { name: 'tasks', clock, token: 'me', onSent: () => (sent += 1) });
    await queue.send(['a', 'b', 'c'].map(finish));
    for (const delivery of await queue.receive(9, always)) await queue.bury(delivery, 'no');
    const [first] = queue.listDead(1);
    expect(queue.redrive([first?.id ?? 0, 999_999])).toBe(1);
    expect(sent).toBe(2);
    expect(await queue.receive(9, always)).toMatchObject([{ task: finish('a'), attempt: 1 }]);
    expect(queue.redrive()).toBe(2);
    expect(names(await queue.receive(9, always))).toEqual(['b', 'c']);
    expect(queue.redrive()).toBe(0);
  });

  it('are dropped, some or all, and nothing else is', async () => {
    const { queue } = open();
    await queue.send(['a', 'b', 'c', 'alive'].map(finish));
    for (const delivery of await queue.receive(3, always)) await queue.bury(delivery, 'no');
    expect(queue.drop([queue.listDead(1)[0]?.id ?? 0])).toBe(1);
    expect(names(queue.listDead(9))).toEqual(['b', 'c']);
    expect(queue.drop()).toBe(2);
    expect(names(await queue.receive(9, always))).toEqual(['alive']);
  });
});

describe('numbers of the queue', () => {
  it('tell what is open, leased and dead, and since when the oldest waits', async () => {
    const { queue, clock } = open();
    const oldestAt = clock.at;
    await queue.send([finish('a')]);
    clock.at += 5;
    await queue.send([finish('b')], { delayMs: 100 });
    await queue.receive(1, 50);
    expect(queue.stats()).toEqual({ open: 2, leased: 1, dead: 0, oldestAt });
    clock.at += 50;
    expect(queue.stats()).toMatchObject({ open: 2, leased: 0 });
  });
});

describe('a clock that is set back', () => {
  const hours = 3_600_000;

  it('keeps no message back that was sent, or put off, while it was ahead', async () => {
    const { queue, clock } = open();
    await queue.send([finish('old')]);
    const [old] = await queue.receive(1, always);
    clock.at += 2 * hours;
    await queue.send([finish('sent')]);
    await queue.send([finish('delayed')], { delayMs: 5_000 });
    if (old) await queue.retry(old, 5_000);
    clock.at -= 2 * hours;
    expect(await queue.receive(9, always)).toEqual([]);
    queue.reclaim(['me']);
    expect(names(await queue.receive(9, always))).toEqual(['old', 'sent', 'delayed']);
  });

  it('leaves a message with its worker, and a delay that is short of an hour as it is', async () => {
    const { queue, clock } = open();
    await queue.send([finish('delayed')], { delayMs: 1_000 });
    clock.at += 2 * hours;
    await queue.send([finish('leased')]);
    await queue.receive(1, 1_000);
    await queue.receive(1, always);
    clock.at -= 2 * hours;
    await queue.send([finish('later')], { delayMs: hours });
    queue.reclaim(['me']);
    expect(await queue.receive(9, always)).toEqual([]);
  });
});

describe('dead letters', () => {
  it('are removed when they are too old, oldest first', async () => {
    const { queue, clock } = open();
    for (const id of ['a', 'b', 'c']) {
      await queue.keepDead([finish(id)], 1, 'because');
      clock.at += 1_000;
    }
    await queue.send([finish('open')]);
    const before = clock.at - 1_000;
    expect([queue.retire(before, 1), names(queue.listDead(9))]).toEqual([1, ['b', 'c']]);
    expect([queue.retire(before), names(queue.listDead(9))]).toEqual([1, ['c']]);
    expect(queue.stats()).toMatchObject({ open: 1, dead: 1 });
  });

  it('are measured by their bytes, whatever characters they hold', async () => {
    const { queue } = open();
    expect(queue.deadBytes()).toBe(0);
    await queue.keepDead([finish('é')], 1, 'because');
    expect(queue.deadBytes()).toBe(Buffer.byteLength(JSON.stringify(finish('é'))));
  });
});

describe('a look at the messages', () => {
  it('gives the oldest first, up to its limit', async () => {
    const { queue } = open();
    await queue.send(Array.from({ length: 1_200 }, (_, n) => finish(`${n}`)));
    expect(names(queue.peek(5_000, 'open'))).toEqual(Array.from({ length: 1_200 }, (_, n) => `${n}`));
    expect(queue.peek(7, 'open')).toHaveLength(7);
    expect(queue.peek(7, 'dead')).toEqual([]);
  });

  it('reads only some of those that are large', async () => {
    const { queue } = open();
    await queue.keepDead(
      [finish('small'), ...Array.from({ length: 40 }, () => finish('x'.repeat(1_000_000)))],
      1,
      'because',
    );
    const seen = queue.peek(5_000, 'dead');
    expect(names(seen)[0]).toBe('small');
    expect(seen.length).toBeLessThanOrEqual(8);
  });
});
