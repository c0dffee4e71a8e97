import { describe, expect, it } from 'vitest';
import { GiveUp, RetryLater, SourceChanged } from '../../../lib/copy/model/errors.ts';
import type { Invocation } from '../../../lib/copy/model/ports.ts';
import type { Task } from '../../../lib/copy/model/task.ts';
import { EmbeddedQueue } from '../../../lib/queue/embedded.ts';
import type { WorkerPoolOptions } from '../../../lib/queue/worker-pool.ts';
import { keptLog, settle, VirtualClock } from './virtual-clock.ts';

const finish = (jobId: string): Task => ({ kind: 'finish', jobId });
const parts = (jobId: string, from: number, count: number): Task => ({
  kind: 'parts',
  jobId,
  uploadId: 'u',
  from,
  count,
});
const nameOf = (task: Task): string => ('jobId' in task ? (task.jobId ?? '') : '');

type Work = (task: Task, invocation: Invocation) => Promise<void>;

function start(work: Work, over: Partial<WorkerPoolOptions> = {}) {
  const clock = new VirtualClock();
  const log = keptLog();
  const queue = new EmbeddedQueue({
    handle: work,
    clock,
    random: () => 1,
    log,
    capacity: () => 4,
    maxAttempts: 5,
    invocationMs: 60_000,
    holder: 'me',
    ...over,
  });
  return { queue, clock, log };
}

/** Tasks that stay at work until they are let go. */
function gates() {
  const open = new Map<string, () => void>();
  const started: string[] = [];
  let most = 0;
  const work: Work = async (task) => {
    const name = nameOf(task);
    started.push(name);
    most = Math.max(most, open.size + 1);
    await new Promise<void>((resolve) => open.set(name, resolve));
    open.delete(name);
  };
  return {
    work,
    started,
    letGo: (name: string) => open.get(name)?.(),
    atWork: () => [...open.keys()],
    most: () => most,
  };
}

describe('how many tasks run', () => {
  it('is never more than the capacity, and the next starts when one ends', async () => {
    const { work, started, letGo, atWork, most } = gates();
    const { queue } = start(work);
    await queue.send(['a', 'b', 'c', 'd', 'e', 'f'].map(finish));
    await settle();
    expect(atWork()).toEqual(['a', 'b', 'c', 'd']);
    letGo('b');
    await settle();
    expect(started).toEqual(['a', 'b', 'c', 'd', 'e']);
    for (const name of ['a', 'c', 'd', 'e']) letGo(name);
    await settle();
    letGo('f');
    await queue.idle();
    expect(most()).toBe(4);
  });

  it('follows the weight of the tasks, but always lets the least number in', async () => {
    const { work, atWork, letGo } = gates();
    const weigh = (task: Task) => (task.kind === 'parts' ? task.count : 1);
    const { queue } = start(work, { weigh, minTasks: 2 });
    await queue.send([parts('a', 1, 3), parts('b', 4, 3), parts('c', 7, 1), parts('d', 8, 100), parts('e', 108, 1)]);
    await settle();
    expect(atWork()).toEqual(['a', 'b']);
    letGo('a');
    await settle();
    expect(atWork()).toEqual(['b', 'c']);
    letGo('b');
    await settle();
    expect(atWork()).toEqual(['c', 'd']);
    letGo('c');
    await settle();
    expect(atWork()).toEqual(['d', 'e']);
  });

  it('grows when the capacity does', async () => {
    const { work, atWork } = gates();
    let capacity = 1;
    const { queue } = start(work, { capacity: () => capacity });
    await queue.send(['a', 'b', 'c'].map(finish));
    await settle();
    expect(atWork()).toEqual(['a']);
    capacity = 2;
    queue.wake();
    await settle();
    expect(atWork()).toEqual(['a', 'b']);
  });
});

describe('a task that failed', () => {
  it('comes back after the delay it asked for and a doubling random one', async () => {
    const seen: [number, number][] = [];
    const clock0 = new VirtualClock().now();
    const { queue, clock } = start(async (_task, { attempt }) => {
      seen.push([attempt, clock.now() - clock0]);
      if (attempt < 4) throw new RetryLater('busy', { delayMs: 2_000 });
    });
    await queue.send([finish('a')]);
    await clock.advance(60_000);
    expect(seen).toEqual([
      [1, 0],
      [2, 2_500],
      [3, 5_500],
      [4, 9_500],
    ]);
  });

  it('has so many deliveries and no more, and the last failure is reported', async () => {
    let deliveries = 0;
    const { queue, clock, log } = start(
      async () => {
        deliveries += 1;
        throw new RetryLater('still busy');
      },
      { maxAttempts: 3 },
    );
    await queue.send([finish('a')]);
    await clock.advance(3_600_000);
    await queue.idle();
    expect(deliveries).toBe(3);
    expect(log.said.filter(({ level }) => level === 'error')).toEqual([
      {
        level: 'error',
        message: 'a task failed for the last time',
        fields: { task: 'finish', job: 'a', attempt: 3, error: 'still busy' },
      },
    ]);
    expect(queue.holds('a')).toBe(false);
  });

  it('does not come back when nothing can help it', async () => {
    const ends = [new GiveUp('AccessDenied', 'no'), new SourceChanged('moved on')];
    const settled: unknown[] = [];
    const { queue, clock } = start(
      async (task) => {
        throw nameOf(task) === 'a' ? ends[0] : ends[1];
      },
      { onSettled: (_task, error) => settled.push(error) },
    );
    await queue.send([finish('a'), finish('b')]);
    await clock.advance(60_000);
    expect(settled).toEqual(ends);
  });

  it('takes nothing else down, whatever it throws', async () => {
    const done: string[] = [];
    const { queue, clock, log } = start(
      async (task, { attempt }) => {
        if (nameOf(task) === 'bad' && attempt === 1) throw undefined;
        if (nameOf(task) === 'worse' && attempt === 1) throw new TypeError('x is not a function');
        done.push(nameOf(task));
      },
      {
        onSettled: () => {
          throw new Error('a listener with a bug');
        },
      },
    );
    await queue.send(['bad', 'worse', 'good'].map(finish));
    await clock.advance(60_000);
    await queue.idle();
    expect(done.toSorted()).toEqual(['bad', 'good', 'worse']);
    expect(log.said.some(({ message }) => message === 'a task failed unexpectedly')).toBe(true);
  });
});

describe('idle', () => {
  it('waits for what runs, what waits and what waits for its time', async () => {
    const { work, letGo } = gates();
    const { queue, clock } = start(work, { capacity: () => 1 });
    await queue.send([finish('a'), finish('b')]);
    await queue.send([finish('c')], { delayMs: 5_000 });
    let idle = false;
    void queue.idle().then(() => (idle = true));
    for (const [name, ms] of [
      ['a', 0],
      ['b', 0],
      ['c', 5_000],
    ] as const) {
      await clock.advance(ms);
      expect(idle).toBe(false);
      letGo(name);
    }
    await settle();
    expect(idle).toBe(true);
  });

  it('is at once when there is nothing', async () => {
    const { queue } = start(async () => {});
    await queue.idle();
    await queue.stop();
    await queue.idle();
  });
});

describe('stop', () => {
  it('starts nothing more and waits for what runs', async () => {
    const { work, letGo, started } = gates();
    const { queue, clock } = start(work, { capacity: () => 1 });
    await queue.send([finish('a'), finish('b')]);
    await settle();
    let stopped: boolean | undefined;
    void queue.stop().then((ended) => (stopped = ended));
    await clock.advance(3_600_000);
    expect(stopped).toBeUndefined();
    letGo('a');
    await settle();
    expect(stopped).toBe(true);
    await queue.send([finish('c')]);
    await clock.advance(60_000);
    expect(started).toEqual(['a']);
  });

  it('moves deadlines up and does not wait for ever', async () => {
    let invocation: Invocation | undefined;
    const { queue, clock } = start((_task, given) => {
      invocation = given;
      return new Promise(() => {});
    });
    const from = clock.now();
    await queue.send([finish('a')]);
    await settle();
    expect(invocation?.deadline).toBe(from + 60_000);
    const stopped = queue.stop(3_000);
    await clock.advance(3_000);
    expect(await stopped).toBe(false);
    expect(invocation?.deadline).toBe(from + 3_000);
  });

  it('leaves no sleeper behind', async () => {
    const { queue, clock } = start(async () => {});
    await queue.send([finish('late')], { delayMs: 60_000 });
    await settle();
    expect(clock.sleeping).toBe(1);
    await queue.stop();
    expect(clock.sleeping).toBe(0);
  });
});

describe('withdraw', () => {
  it("drops a job's tasks and hurries the one at work, and touches no other job", async () => {
    const { work, letGo, started } = gates();
    const { queue, clock } = start(work, { capacity: () => 2 });
    await queue.send([finish('a'), finish('b'), finish('a'), finish('b')]);
    await queue.send([finish('a')], { delayMs: 1_000 });
    await settle();
    expect(queue.holds('a')).toBe(true);
    const ended = queue.withdraw('a', 5_000);
    await settle();
    letGo('a');
    expect(await ended).toBe(true);
    expect(queue.holds('a')).toBe(false);
    letGo('b');
    await clock.advance(10_000);
    expect(started).toEqual(['a', 'b', 'b']);
  });

  it('drops what the task at work gets back or sends meanwhile', async () => {
    const { queue, clock } = start(async (task) => {
      await clock.sleep(1_000);
      if (nameOf(task) !== 'a') return;
      await queue.send([finish('a')], { delayMs: 9_000 });
      throw new RetryLater('out of time');
    });
    await queue.send([finish('a')]);
    await settle();
    const ended = queue.withdraw('a', 5_000);
    await clock.advance(1_000);
    expect(await ended).toBe(true);
    expect(queue.holds('a')).toBe(false);
  });
});
