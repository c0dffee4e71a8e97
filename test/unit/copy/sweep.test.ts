/** Who is looked at when more wait than one sweep takes. */
import { expect, test } from 'vitest';
import { GiveUp } from '../../../lib/copy/model/errors.ts';
import type { Job, JobChange } from '../../../lib/copy/model/job.ts';
import type { World } from '../../../lib/copy/model/ports.ts';
import { defaultSettings } from '../../../lib/copy/model/settings.ts';
import { sweep } from '../../../lib/copy/sweep.ts';

const now = Date.UTC(2026, 0, 15);
const invocation = { id: 'sweep', deadline: Infinity, attempt: 1 };

/** Rows in the order of their names, all due. */
function scene(rows: Record<string, Partial<Job>>) {
  const names = Object.keys(rows);
  const table = new Map(
    names.map((id, i) => [id, { id, revision: 0, attentionAt: now - 1000 + i, ...rows[id] } as unknown as Job]),
  );
  const due = (before: number, limit: number): Promise<Job[]> => {
    const waiting = [...table.values()].filter(({ attentionAt = Infinity }) => attentionAt <= before);
    return Promise.resolve(waiting.sort((a, b) => (a.attentionAt ?? 0) - (b.attentionAt ?? 0)).slice(0, limit));
  };
  const change = (id: string, fields: JobChange): void => {
    table.set(id, { ...(table.get(id) as Job), ...fields });
  };
  const world = {
    clock: { now: () => now },
    settings: defaultSettings,
    log: { info: () => {}, warn: () => {} },
    store: () => {
      throw new GiveUp('AccessDenied', 'not any more');
    },
    state: {
      due,
      move: (job: Job, fields: JobChange) => {
        change(job.id, fields);
        return Promise.resolve({ landed: true, job: table.get(job.id) });
      },
    },
  } as unknown as World;
  const waiting = async (): Promise<string[]> => (await due(now, Infinity)).map(({ id }) => id);
  return { world, waiting };
}

test('rows of many objects take no place and stay due for the sweep of batches', async () => {
  const many = { state: 'copying', many: true } as const;
  const { world, waiting } = scene({ a: many, b: many, c: many, d: { state: 'copying' }, e: { state: 'copying' } });
  expect(await sweep(world, invocation, { limit: 1 })).toMatchObject({ looked: 1, failed: 1 });
  expect(await waiting()).toEqual(['a', 'b', 'c', 'e']);
});

test('a job whose look fails goes to the end of the line', async () => {
  const { world, waiting } = scene({ a: { state: 'copying' }, b: { state: 'copying' }, c: { state: 'done' } });
  for (const left of [['b', 'c'], ['c'], []]) {
    expect(await sweep(world, invocation, { limit: 1 })).toMatchObject({ looked: 1, failed: 1 });
    expect(await waiting()).toEqual(left);
  }
});
