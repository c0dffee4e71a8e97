/** The contract of the task queue port. Every adapter runs it: `taskQueueContract('sqs', async (handle) => ...)`. */
import { afterEach, describe, expect, it } from 'vitest';
import { GiveUp, RetryLater, SourceChanged, Superseded } from '../../../lib/copy/model/errors.ts';
import type { Invocation, TaskQueue } from '../../../lib/copy/model/ports.ts';
import type { Task } from '../../../lib/copy/model/task.ts';

export type Handle = (task: Task, invocation: Invocation) => Promise<void>;

export interface QueueUnderTest {
  queue: TaskQueue;
  close(): Promise<void>;
}

/** An empty queue whose workers, at least two at a time, call `handle`; a task has at least 4 deliveries. */
export type MakeQueue = (handle: Handle) => Promise<QueueUnderTest>;

export interface QueueContractOptions {
  /** How long this adapter needs to bring back a failed task; after that a task that did not come will not come. */
  patienceMs?: number;
}

interface Arrival {
  task: Task;
  attempt: number;
  at: number;
  invocation: Invocation;
}

const finish = (n: number | string): Task => ({ kind: 'finish', jobId: `job-${n}` });

export function taskQueueContract(name: string, make: MakeQueue, options: QueueContractOptions = {}): void {
  const patienceMs = options.patienceMs ?? 100;

  describe(`task queue: ${name}`, () => {
    let under: QueueUnderTest | undefined;
    afterEach(async () => {
      await under?.close();
      under = undefined;
    });

    /** Starts a queue whose handler notes what arrives and then does what `react` says. */
    async function start(react: (arrival: Arrival) => Promise<void> | void = () => {}) {
      const arrivals: Arrival[] = [];
      under = await make(async (task, invocation) => {
        const arrival = { task, attempt: invocation.attempt, at: Date.now(), invocation };
        arrivals.push(arrival);
        await react(arrival);
      });
      const until = async (enough: () => boolean): Promise<void> => {
        while (!enough()) await new Promise((resolve) => setTimeout(resolve, 5));
      };
      const arrived = (count: number): Promise<void> => until(() => arrivals.length >= count);
      const patience = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, patienceMs));
      return { queue: under.queue, arrivals, arrived, patience, until };
    }

    it('delivers what was sent, of every kind and with every kind of key', async () => {
      const { queue, arrivals, arrived } = await start();
      const tasks: Task[] = [
        {
          kind: 'copy',
          request: {
            mode: 'replicate',
            store: { scheme: 's3', endpoint: 'http://127.0.0.1:9' },
            source: { bucket: 'a', key: 'ä +%/"\\\u0000\n日本 😀', versionId: 'v' },
            destination: { bucket: 'b', key: '//.x' },
            options: { metadata: { base: 'merge', set: { m: 'x'.repeat(2_000) } }, tags: { base: 'replace', set: {} } },
            seen: { etag: 'e', size: 48_800_000_000_001 },
            labels: { rule: 'r' },
          },
        },
        { kind: 'parts', jobId: 'j', uploadId: 'u/+==', from: 9_901, count: 100, thenFinish: true },
        finish('日本'),
      ];
      await queue.send(tasks);
      await arrived(3);
      const byKind = (a: Task, b: Task): number => a.kind.localeCompare(b.kind);
      expect(arrivals.map(({ task }) => task).toSorted(byKind)).toEqual(tasks.toSorted(byKind));
      expect(arrivals.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
    });

    it('delivers every one of many tasks sent at once', async () => {
      const { queue, arrivals, until } = await start();
      const ids = Array.from({ length: 257 }, (_, n) => `job-${n}`);
      await queue.send(ids.map((_, n) => finish(n)));
      const seen = (): Set<string> => new Set(arrivals.map(({ task }) => (task.kind === 'finish' ? task.jobId : '')));
      await until(() => seen().size >= ids.length);
      expect(seen()).toEqual(new Set(ids));
    });

    it('takes an empty list for what it is', async () => {
      const { queue, arrivals, arrived } = await start();
      await queue.send([]);
      await queue.send([finish('after')]);
      await arrived(1);
      expect(arrivals.map(({ task }) => task)).toEqual([finish('after')]);
    });

    it('delivers the task as it was when it was sent', async () => {
      const { queue, arrivals, arrived } = await start();
      const task = { kind: 'finish' as const, jobId: 'before' };
      const sent = queue.send([task]);
      task.jobId = 'after';
      await sent;
      await arrived(1);
      expect(arrivals[0]?.task).toEqual({ kind: 'finish', jobId: 'before' });
    });

    it('holds a delayed task back', async () => {
      const { queue, arrivals, arrived } = await start();
      const sentAt = Date.now();
      await queue.send([finish('late')], { delayMs: 1_000 });
      await queue.send([finish('now')]);
      await arrived(2);
      expect(arrivals.map(({ task }) => task)).toEqual([finish('now'), finish('late')]);
      expect((arrivals[1]?.at ?? 0) - sentAt).toBeGreaterThanOrEqual(1_000);
    });

    it('brings a task back for RetryLater, not before its time, and says which delivery it is', async () => {
      const { queue, arrivals, arrived } = await start(({ attempt }) => {
        if (attempt < 3) throw new RetryLater('busy', { delayMs: 300 });
      });
      await queue.send([finish('a')]);
      await arrived(3);
      expect(arrivals.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
      for (const n of [1, 2]) expect((arrivals[n]?.at ?? 0) - (arrivals[n - 1]?.at ?? 0)).toBeGreaterThanOrEqual(300);
    });

    it('brings a task back after an unexpected error', async () => {
      const { queue, arrivals, arrived } = await start(({ attempt }) => {
        if (attempt === 1) throw new TypeError('undefined is not a function');
      });
      await queue.send([finish('a')]);
      await arrived(2);
      expect(arrivals.map(({ attempt }) => attempt)).toEqual([1, 2]);
    });

    it.each([new GiveUp('NotFound', 'gone'), new SourceChanged('changed'), new Superseded('newer')])(
      'does not bring a task back that ended in %s',
      async (error) => {
        const { queue, arrivals, arrived, patience } = await start(({ task }) => {
          if (task.kind === 'finish' && task.jobId === 'job-a') throw error;
        });
        await queue.send([finish('a'), finish('b')]);
        await arrived(2);
        await patience();
        expect(arrivals).toHaveLength(2);
      },
    );

    it('does not bring a task back that was done', async () => {
      const { queue, arrivals, arrived, patience } = await start();
      await queue.send([finish('a')]);
      await arrived(1);
      await patience();
      expect(arrivals).toHaveLength(1);
    });

    it('works on one task while another takes its time', async () => {
      let release = (): void => {};
      const gate = new Promise<void>((resolve) => (release = resolve));
      const { queue, arrivals, arrived } = await start(({ task }) =>
        task.kind === 'finish' && task.jobId === 'job-slow' ? gate : undefined,
      );
      await queue.send([finish('slow')]);
      await arrived(1);
      await queue.send([finish('quick')]);
      await arrived(2);
      expect(arrivals.map(({ task }) => task)).toEqual([finish('slow'), finish('quick')]);
      release();
    });

    it('gives every delivery its own name and a deadline that has not passed', async () => {
      const { queue, arrivals, arrived } = await start(({ attempt }) => {
        if (attempt === 1) throw new RetryLater('once more');
      });
      await queue.send([finish('a'), finish('b')]);
      await arrived(4);
      expect(new Set(arrivals.map(({ invocation }) => invocation.id)).size).toBe(4);
      for (const { invocation, at } of arrivals) expect(invocation.deadline).toBeGreaterThan(at);
    });
  });
}
