import { expect } from 'vitest';
import type { JobState } from '../../../lib/copy/model/job.ts';
import type { Queue } from './deploy.ts';
import type { Installation } from './installation.ts';

export const patience = { timeout: 400_000, interval: 1_000 };

/** Messages in the queues of one kind: waiting, delayed or being worked on. */
async function depths(at: Installation, kind: 'Queue' | 'DeadLetters'): Promise<number> {
  const queues = Object.entries(at.queues).filter(([id]) => id.endsWith(kind));
  const each = await Promise.all(queues.map(([, queue]: [string, Queue]) => at.depth(queue)));
  return each.reduce((sum, depth) => sum + depth, 0);
}

/** No message is left, every job has ended (well, unless told otherwise), no upload is open, nothing was given up. */
export async function expectAtRest(at: Installation, ends: JobState[] = ['done']): Promise<void> {
  await expect.poll(() => depths(at, 'Queue'), patience).toBe(0);
  expect(await depths(at, 'DeadLetters')).toBe(0);
  const { jobs } = await at.jobs.list({ limit: 100 });
  expect(jobs.filter(({ state }) => !ends.includes(state))).toEqual([]);
  const open = async () => (await at.store.listMultipartUploads(at.replica)).uploads;
  await expect.poll(open, patience).toEqual([]);
}
