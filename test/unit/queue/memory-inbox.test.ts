import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Task } from '../../../lib/copy/model/task.ts';
import { MemoryInbox } from '../../../lib/queue/memory-inbox.ts';

const finish = (n: number): Task => ({ kind: 'finish', jobId: String(n) });

describe('tasks in memory', () => {
  it('come at their time and in its order, whatever order they were put in', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(50), { maxLength: 60 }),
        fc.integer({ min: 1, max: 7 }),
        async (delays, limit) => {
          const clock = { at: 0, now: () => clock.at, sleep: async () => {} };
          const inbox = new MemoryInbox(clock);
          delays.forEach((delay, n) => inbox.add([finish(n)], delay));
          const seen: { n: number; at: number }[] = [];
          for (;;) {
            const next = await inbox.nextAt();
            if (next === undefined) break;
            expect(next).toBeGreaterThanOrEqual(clock.at);
            clock.at = next;
            for (const { task } of await inbox.receive(limit))
              seen.push({ n: Number('jobId' in task && task.jobId), at: clock.at });
          }
          expect(seen.map(({ n }) => n).toSorted((a, b) => a - b)).toEqual(delays.map((_, n) => n));
          for (const { n, at } of seen) expect(at).toBe(delays[n]);
          expect(inbox.size).toBe(0);
        },
      ),
    );
  });
});
