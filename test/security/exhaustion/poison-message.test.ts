/** A message that ends the process is given out three times, alone, and then set aside with its text. */
import { describe, expect, it } from 'vitest';
import { DurableQueue } from '../../../lib/queue/durable.ts';
import { handClock, newHome, openIn } from '../../unit/state/home.ts';

const always = 1_000_000;

/** A home whose processes come and go. */
function aHome() {
  const home = newHome();
  const clock = handClock();
  let processes = 0;
  const start = (name = 'events') => {
    const token = `process-${(processes += 1)}`;
    const queue = new DurableQueue<string>(openIn(home), { name, clock, token });
    return { queue, token };
  };
  return { clock, start };
}

describe('a message under way in processes that died', () => {
  it('is a dead letter with its text and that reason after the third', async () => {
    const { start } = aHome();
    await start().queue.send(['poison']);
    for (let death = 1; death <= 3; death += 1) {
      const { queue, token } = start();
      expect(queue.reclaim([token])).toEqual({ ready: death === 1 ? 0 : 1, setAside: [] });
      expect((await queue.receive(9, always)).map(({ task }) => task)).toEqual(['poison']);
    }
    const { queue, token } = start();
    expect(queue.reclaim([token])).toEqual({ ready: 0, setAside: [1] });
    expect(await queue.receive(9, always)).toEqual([]);
    expect(queue.listDead(9)).toMatchObject([
      {
        task: 'poison',
        attempts: 3,
        reason: expect.stringMatching(/^The process died 3 times while this was under way/),
      },
    ]);
  });

  it('takes none of those along that were under way with it, however often it kills', async () => {
    const { start } = aHome();
    const others = ['a', 'b', 'c', 'd'];
    await start().queue.send(['poison', ...others]);
    const done = new Set<string>();
    // A process works on all it may have, and dies of the poison as soon as it has that one, whatever else it has.
    for (let process = 1; process <= 20; process += 1) {
      const { queue, token } = start();
      queue.reclaim([token]);
      for (;;) {
        const got = await queue.receive(9, always);
        if (got.length === 0 || got.some(({ task }) => task === 'poison')) break;
        for (const delivery of got) {
          done.add(delivery.task);
          await queue.ack(delivery);
        }
      }
    }
    const { queue } = start();
    expect(queue.listDead(9).map(({ task }) => task)).toEqual(['poison']);
    expect([...done].sort()).toEqual(others);
    expect(queue.stats()).toEqual({ open: 0, leased: 0, dead: 1 });
  });

  it('keeps suspects of other queues back while it is tried, and nothing that is free of suspicion', async () => {
    const { start } = aHome();
    const { queue: events } = start();
    const { queue: messages } = start('messages');
    await events.send(['suspect']);
    await messages.send(['suspect too']);
    await events.receive(9, always);
    await messages.receive(9, always);
    const next = start();
    const other = start('messages');
    next.queue.reclaim([next.token, other.token]);
    other.queue.reclaim([next.token, other.token]);
    await other.queue.send(['fresh']);
    const [suspect] = await next.queue.receive(9, always);
    expect(suspect?.task).toBe('suspect');
    expect((await other.queue.receive(9, always)).map(({ task }) => task)).toEqual(['fresh']);
    if (suspect) await next.queue.ack(suspect);
    expect((await other.queue.receive(9, always)).map(({ task }) => task)).toEqual(['suspect too']);
  });

  it('does not keep its pool awake while it waits for another suspect', async () => {
    const { clock, start } = aHome();
    await start().queue.send(['one', 'two']);
    const dying = start();
    await dying.queue.receive(9, always);
    const { queue, token } = start();
    queue.reclaim([token]);
    await queue.receive(9, always);
    expect(await queue.nextAt()).toBe(clock.at + 1_000);
  });

  it('starts with a clean record when it is redriven', async () => {
    const { start } = aHome();
    await start().queue.send(['poison']);
    for (let death = 0; death <= 3; death += 1) {
      const { queue, token } = start();
      queue.reclaim([token]);
      await queue.receive(9, always);
    }
    const { queue, token } = start();
    expect(queue.redrive()).toBe(1);
    await queue.receive(9, always);
    const next = start();
    expect(next.queue.reclaim([next.token])).toEqual({ ready: 1, setAside: [] });
    expect(token).not.toBe(next.token);
  });
});

describe('a process that ends in order', () => {
  it('gives back what it had not settled, and no death is counted', async () => {
    const { start } = aHome();
    await start().queue.send(['long work']);
    for (let stop = 0; stop < 10; stop += 1) {
      const { queue, token } = start();
      expect(queue.reclaim([token])).toEqual({ ready: 0, setAside: [] });
      expect((await queue.receive(9, always)).map(({ task }) => task)).toEqual(['long work']);
      queue.release();
    }
    expect(start().queue.stats()).toMatchObject({ open: 1, dead: 0 });
  });
});
