import { describe, expect, it } from 'vitest';
import type { Job } from '../../../lib/copy/model/job.ts';
import type { StateTable } from '../../../lib/copy/model/ports.ts';
import { someJob } from './suite.ts';

/** The two questions over many rows: `due` and `list`. */
export function queryContract(table: () => StateTable): void {
  const put = async (...jobs: Job[]): Promise<void> => {
    for (const job of jobs) await table().create(job);
  };

  describe('due', () => {
    it('gives rows whose time has come, oldest first, and no others', async () => {
      const at = (attentionAt?: number) => someJob({ attentionAt });
      const [third, first, second, future, never] = [at(30), at(10), at(20), at(31), at(undefined)];
      await put(third, first, second, future, never);
      const ids = (await table().due(30, 100)).map((job) => job.id);
      expect(ids).toEqual([first.id, second.id, third.id]);
      expect(ids).not.toContain(future.id);
    });

    it('gives the oldest when there are more than the limit', async () => {
      const jobs = Array.from({ length: 20 }, (_, n) => someJob({ attentionAt: 100 - n }));
      await put(...jobs);
      expect((await table().due(1_000, 5)).map((job) => job.attentionAt)).toEqual([81, 82, 83, 84, 85]);
    });

    it('sees at once what a move or a report has postponed', async () => {
      const [moved, counted] = [
        someJob({ attentionAt: 10, state: 'copying' }),
        someJob({ attentionAt: 11, state: 'copying' }),
      ];
      await put(moved, counted);
      expect(await table().due(50, 10)).toHaveLength(2);
      await table().move(moved, { attentionAt: 60 });
      await table().count(counted.id, 1, 61);
      expect(await table().due(50, 10)).toEqual([]);
      expect((await table().due(61, 10)).map((job) => job.id)).toEqual([moved.id, counted.id]);
    });

    it('gives final rows too, for they may still have an upload to abort', async () => {
      const job = someJob({ state: 'failed', abortPending: true, attentionAt: 10 });
      await put(job);
      expect((await table().due(10, 10)).map(({ id }) => id)).toEqual([job.id]);
    });

    it('gives whole rows', async () => {
      const job = someJob({ attentionAt: 10, labels: { a: 'b' }, parts: [{ size: 9, count: 2 }] });
      await put(job);
      expect(await table().due(10, 1)).toEqual([job]);
    });
  });

  describe('list', () => {
    const all = async (
      query: Omit<Parameters<StateTable['list']>[0], 'cursor'>,
    ): Promise<{ jobs: Job[]; pages: number }> => {
      const jobs: Job[] = [];
      let cursor: string | undefined;
      let pages = 0;
      do {
        const page = await table().list({ ...query, cursor });
        expect(page.jobs.length).toBeLessThanOrEqual(query.limit);
        jobs.push(...page.jobs);
        cursor = page.cursor;
        pages += 1;
      } while (cursor !== undefined && pages < 100);
      return { jobs, pages };
    };

    it('gives the newest first, page by page, each row once', async () => {
      const jobs = Array.from({ length: 23 }, (_, n) => someJob({ createdAt: 1_000 + n }));
      await put(...jobs);
      const listed = await all({ limit: 5 });
      expect(listed.jobs.map((job) => job.id)).toEqual(jobs.map((job) => job.id).toReversed());
      expect(listed.pages).toBeGreaterThanOrEqual(5);
    });

    it('loses none of the rows that share one millisecond', async () => {
      const jobs = Array.from({ length: 12 }, () => someJob({ createdAt: 5_000 }));
      await put(...jobs);
      const { jobs: listed } = await all({ limit: 5 });
      expect(listed.map((job) => job.id).toSorted()).toEqual(jobs.map((job) => job.id).toSorted());
    });

    it('gives only the states asked for', async () => {
      const states = ['planned', 'copying', 'finishing', 'done', 'failed', 'superseded', 'cancelled'] as const;
      await put(
        ...states.flatMap((state, n) => [someJob({ state, createdAt: n }), someJob({ state, createdAt: 100 + n })]),
      );
      expect((await all({ states: ['copying'], limit: 1 })).jobs.map((job) => job.createdAt)).toEqual([101, 1]);
      const failed = await all({ states: ['failed', 'cancelled'], limit: 3 });
      expect(failed.jobs.map((job) => job.createdAt)).toEqual([106, 104, 6, 4]);
    });

    it('gives no cursor with the last page', async () => {
      await put(someJob({ createdAt: 1 }), someJob({ createdAt: 2 }));
      const page = await table().list({ limit: 2 });
      expect(page.jobs).toHaveLength(2);
      // An adapter may only learn with one more request that nothing follows; it must then say so.
      if (page.cursor !== undefined)
        expect(await table().list({ limit: 2, cursor: page.cursor })).toEqual({ jobs: [] });
    });

    it('goes on where it was when rows are added in between', async () => {
      const jobs = Array.from({ length: 6 }, (_, n) => someJob({ createdAt: 100 + n }));
      await put(...jobs);
      const first = await table().list({ limit: 3 });
      await put(someJob({ createdAt: 999 }));
      const second = await table().list({ limit: 3, cursor: first.cursor });
      expect(second.jobs.map((job) => job.createdAt)).toEqual([102, 101, 100]);
    });

    it('refuses a cursor that it never gave', async () => {
      await expect(table().list({ limit: 1, cursor: 'nonsense' })).rejects.toMatchObject({ code: 'BadRequest' });
    });
  });
}
