import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { StateTable } from '../../../lib/copy/model/ports.ts';
import { finished, someJob, unfinished } from './suite.ts';

const later = 1_800_000_000_000;

/** The conditional writes: `move` and `count`. */
export function moveContract(table: () => StateTable): void {
  describe('move', () => {
    it('writes the change, adds one to the revision and gives the new row', async () => {
      const job = someJob();
      await table().create(job);
      const { landed, job: moved } = await table().move(job, { state: 'copying', uploadId: 'u', attentionAt: later });
      expect(landed).toBe(true);
      expect(moved).toMatchObject({ state: 'copying', uploadId: 'u', attentionAt: later, revision: job.revision + 1 });
      expect(moved?.updatedAt).not.toBe(job.updatedAt);
      expect(await table().get(job.id)).toEqual(moved);
    });

    it('leaves what was not named alone', async () => {
      const job = someJob({ labels: { a: 'b' }, intents: [7], attentionAt: later, expiresAt: later + 1 });
      await table().create(job);
      const { job: moved } = await table().move(job, { state: 'copying' });
      expect(moved).toEqual({ ...job, state: 'copying', revision: job.revision + 1, updatedAt: moved?.updatedAt });
    });

    it('removes a field that is given as undefined', async () => {
      const job = someJob({ lease: { holder: 'h', until: 1 }, intents: [1], attentionAt: later, expiresAt: later });
      await table().create(job);
      await table().move(job, { lease: undefined, intents: undefined, attentionAt: undefined, expiresAt: undefined });
      const row = await table().get(job.id);
      for (const field of ['lease', 'intents', 'attentionAt', 'expiresAt']) expect(row).not.toHaveProperty(field);
      expect((await table().due(Number.MAX_SAFE_INTEGER, 1_000)).map(({ id }) => id)).not.toContain(job.id);
    });

    it('replaces nested values whole', async () => {
      const job = someJob({ labels: { a: '1', b: '2' }, lease: { holder: 'h', until: 1 } });
      await table().create(job);
      const { job: moved } = await table().move(job, { labels: { c: '3' }, lease: { holder: 'i', until: 2 } });
      expect(moved).toMatchObject({ labels: { c: '3' }, lease: { holder: 'i', until: 2 } });
      expect(moved?.labels).toEqual({ c: '3' });
    });

    it('does not land on another revision, and shows the row that won', async () => {
      const job = someJob();
      await table().create(job);
      const { job: winner } = await table().move(job, { state: 'copying', uploadId: 'mine' });
      const loser = await table().move(job, { state: 'copying', uploadId: 'theirs' });
      expect(loser).toEqual({ landed: false, job: winner });
      expect((await table().get(job.id))?.uploadId).toBe('mine');
    });

    it('neither lands nor creates anything when there is no such row', async () => {
      const job = someJob();
      expect(await table().move(job, { state: 'failed' })).toEqual({ landed: false, job: undefined });
      expect(await table().get(job.id)).toBeUndefined();
    });

    it('lets exactly one of 100 simultaneous moves land, and shows it to the others', async () => {
      const job = someJob({ state: 'copying' });
      await table().create(job);
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, n) =>
          table().move(job, { state: 'finishing', lease: { holder: `h${n}`, until: later } }),
        ),
      );
      const winners = answers.filter((answer) => answer.landed);
      expect(winners).toHaveLength(1);
      for (const answer of answers) expect(answer.job).toEqual(winners[0]?.job);
    });

    it('keeps every one of 30 changes when losers try again with the row they were shown', async () => {
      const job = someJob({ state: 'copying', intents: [] });
      await table().create(job);
      const add = async (n: number): Promise<void> => {
        let row = job;
        for (;;) {
          const { landed, job: current } = await table().move(row, { intents: [...(row.intents ?? []), n] });
          if (landed) return;
          row = current ?? row;
        }
      };
      await Promise.all(Array.from({ length: 30 }, (_, n) => add(n)));
      const row = await table().get(job.id);
      expect(row?.revision).toBe(job.revision + 30);
      expect(row?.intents?.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, n) => n));
    });

    it('does not take back parts that were counted since the row was read', async () => {
      const job = someJob({ state: 'copying', attentionAt: later });
      await table().create(job);
      await table().count(job.id, 4, later + 500);
      const { landed, job: moved } = await table().move(job, { intents: [1] });
      expect(landed).toBe(true);
      expect(moved).toMatchObject({ partsDone: 4, attentionAt: later + 500 });
    });

    it('brings a final row back to its beginning when told to', async () => {
      const job = someJob({ state: 'failed', reason: { code: 'X', message: 'm' }, expiresAt: later });
      await table().create(job);
      const { job: moved } = await table().move(job, { state: 'planned', reason: undefined, expiresAt: undefined });
      expect(moved).toMatchObject({ state: 'planned', revision: job.revision + 1 });
      expect(moved).not.toHaveProperty('reason');
      expect(await table().count(job.id, 1, later)).toBe(1);
    });
  });

  describe('count', () => {
    it('adds, gives the sum, postpones attention and leaves the revision', async () => {
      const job = someJob({ state: 'copying', attentionAt: 5, uploadId: 'u' });
      await table().create(job);
      expect(await table().count(job.id, 3, later)).toBe(3);
      expect(await table().count(job.id, 4, later + 1)).toBe(7);
      const row = await table().get(job.id);
      expect(row).toEqual({ ...job, partsDone: 7, attentionAt: later + 1, updatedAt: row?.updatedAt });
    });

    it('loses none of 100 simultaneous reports and gives each its own sum', async () => {
      const job = someJob({ state: 'copying' });
      await table().create(job);
      const sums = await Promise.all(Array.from({ length: 100 }, () => table().count(job.id, 1, later)));
      expect(sums.toSorted((a, b) => (a ?? 0) - (b ?? 0))).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
      expect((await table().get(job.id))?.partsDone).toBe(100);
    });

    it.each(unfinished)('works in state %s', async (state) => {
      const job = someJob({ state });
      await table().create(job);
      expect(await table().count(job.id, 2, later)).toBe(2);
    });

    it.each(finished)('gives undefined and changes nothing in state %s', async (state) => {
      const job = someJob({ state, partsDone: 2 });
      await table().create(job);
      expect(await table().count(job.id, 1, later)).toBeUndefined();
      expect(await table().get(job.id)).toEqual(job);
    });

    it('gives undefined, and makes no row, when there is none', async () => {
      const id = `job-${randomUUID()}`;
      expect(await table().count(id, 1, later)).toBeUndefined();
      expect(await table().get(id)).toBeUndefined();
    });
  });
}
