import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Job, JobState } from '../../../lib/copy/model/job.ts';
import { finalStates, isFinal, isLegalMove, requestOf } from '../../../lib/copy/model/job.ts';
import type { World } from '../../../lib/copy/model/ports.ts';
import { move } from '../../../lib/copy/row/move.ts';

const states: JobState[] = ['planned', 'copying', 'finishing', ...finalStates];
const anyState = fc.constantFrom(...states);

function jobIn(state: JobState): Job {
  return {
    id: 'j',
    revision: 0,
    state,
    mode: 'copy',
    store: { scheme: 'oss' },
    source: { bucket: 'a', key: 'k' },
    destination: { bucket: 'b', key: 'k' },
    options: {},
    partsDone: 0,
    createdAt: 0,
    updatedAt: 0,
  };
}

/** A world whose table notes what is asked of it and lets everything land. */
function worldWith(asked: string[]): World {
  const state = {
    move: (job: Job, change: Partial<Job>) => {
      asked.push(`${job.state} to ${change.state ?? job.state}`);
      return Promise.resolve({ landed: true, job: { ...job, ...change } });
    },
  };
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  return { state, log } as unknown as World;
}

describe('moves of a job', () => {
  test('however they follow each other, a job that has ended stays as it is until it is planned anew', () => {
    fc.assert(
      fc.property(anyState, fc.array(anyState, { maxLength: 30 }), (start, wanted) => {
        let state = start;
        for (const next of wanted) {
          if (!isLegalMove(state, next)) continue;
          if (isFinal(state) && next !== state) expect(next).toBe('planned');
          // Only who holds the finish, or a copy in one call that was planned, can be done.
          if (next === 'done') expect(['finishing', 'planned', 'done']).toContain(state);
          if (next === 'finishing') expect(['copying', 'finishing']).toContain(state);
          state = next;
        }
      }),
    );
  });

  test('from every state a job can end, well or badly', () => {
    for (const start of states) {
      const reached = new Set<JobState>([start]);
      for (const state of reached) for (const next of states) if (isLegalMove(state, next)) reached.add(next);
      for (const end of finalStates) expect(reached, `${start} to ${end}`).toContain(end);
    }
  });

  test('an illegal one never reaches the table', async () => {
    await fc.assert(
      fc.asyncProperty(anyState, fc.option(anyState, { nil: undefined }), async (from, to) => {
        const asked: string[] = [];
        const attempt = move(worldWith(asked), jobIn(from), { state: to });
        if (isLegalMove(from, to ?? from)) {
          expect((await attempt).landed).toBe(true);
          expect(asked).toEqual([`${from} to ${to ?? from}`]);
        } else {
          await expect(attempt).rejects.toThrow(`${from} to ${to}`);
          expect(asked).toEqual([]);
        }
      }),
    );
  });
});

test('the request that a row gives back asks for the same copy', () => {
  const key = fc.string({ unit: 'grapheme', minLength: 1 });
  fc.assert(
    fc.property(key, key, fc.option(key, { nil: undefined }), (source, destination, idempotencyKey) => {
      const job: Job = {
        ...jobIn('copying'),
        source: { bucket: 'a', key: source },
        destination: { bucket: 'b', key: destination },
        idempotencyKey,
      };
      const request = requestOf(job);
      expect(request.source).toEqual(job.source);
      expect(request.destination).toEqual(job.destination);
      expect(request.idempotencyKey).toBe(idempotencyKey);
      expect(request.journal).toBe(true);
    }),
  );
});
