/** The contract of the state table port. Every adapter runs it: `stateTableContract('dynamodb', async () => ...)`. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Job, JobState } from '../../../lib/copy/model/job.ts';
import type { StateTable } from '../../../lib/copy/model/ports.ts';
import { moveContract } from './moves.ts';
import { queryContract } from './queries.ts';

export interface TableUnderTest {
  table: StateTable;
  /** A second view of the same rows after the first was closed, as after a restart; only durable tables have it. */
  reopen?: () => Promise<StateTable>;
  close?: () => Promise<void>;
}

export type MakeTable = () => Promise<TableUnderTest>;

/** A row with an unused id. */
export function someJob(over: Partial<Job> = {}): Job {
  const now = 1_700_000_000_000;
  return {
    id: `job-${randomUUID()}`,
    revision: 1,
    state: 'planned',
    mode: 'copy',
    store: { scheme: 'oss', endpoint: 'http://127.0.0.1:9', region: 'cn-hangzhou' },
    source: { bucket: 'photos', key: 'a.jpg' },
    destination: { bucket: 'backup', key: 'a.jpg' },
    options: {},
    partsDone: 0,
    createdAt: now,
    updatedAt: now,
    ...over,
  };
}

export const unfinished: JobState[] = ['planned', 'copying', 'finishing'];
export const finished: JobState[] = ['done', 'failed', 'superseded', 'cancelled'];

/** Runs the whole contract; `make` gives an empty table for each test. */
export function stateTableContract(name: string, make: MakeTable): void {
  describe(`state table: ${name}`, () => {
    let under: TableUnderTest;
    beforeEach(async () => {
      under = await make();
    });
    afterEach(async () => {
      await under.close?.();
    });
    const table = (): StateTable => under.table;

    describe('create and get', () => {
      it('gives back what was put, field by field', async () => {
        const job = someJob({
          labels: { rule: 'nightly' },
          idempotencyKey: 'k-1',
          pin: { etag: 'e', size: 5, lastModified: 1_699_999_999_000, versionId: 'v' },
          parts: [{ size: 5, count: 1 }],
          intents: [1, 2],
          attentionAt: 1_700_000_120_000,
          expiresAt: 1_700_600_000_000,
          options: { metadata: { base: 'merge', set: { 'a b': 'ü' } }, tags: { base: 'replace', set: {} } },
        });
        expect(await table().create(job)).toEqual({ landed: true, job });
        expect(await table().get(job.id)).toEqual(job);
      });

      it('knows no job that was not put', async () => {
        expect(await table().get(`job-${randomUUID()}`)).toBeUndefined();
      });

      it('keeps the first row of an id and returns it to the second writer', async () => {
        const first = someJob({ labels: { by: 'first' } });
        await table().create(first);
        const second = await table().create({ ...first, labels: { by: 'second' } });
        expect(second).toEqual({ landed: false, job: first });
        expect((await table().get(first.id))?.labels).toEqual({ by: 'first' });
      });

      it('lets exactly one of 50 simultaneous puts land', async () => {
        const job = someJob();
        const answers = await Promise.all(
          Array.from({ length: 50 }, (_, n) => table().create({ ...job, labels: { n: `${n}` } })),
        );
        const winners = answers.filter((answer) => answer.landed);
        expect(winners).toHaveLength(1);
        for (const answer of answers) expect(answer.job.labels).toEqual(winners[0]?.job.labels);
      });

      it('keeps keys of every kind', async () => {
        const keys = [
          'ä ö/ß',
          '日本語/😀',
          'a+b%20c?d#e',
          '"quoted"\\',
          '//',
          '.hidden',
          'tab\tnew\nline',
          'null\u0000in',
          "o'key",
          'e\u0301',
        ];
        for (const key of keys) {
          const job = someJob({ source: { bucket: 'b', key }, labels: { [key]: key } });
          await table().create(job);
          expect(await table().get(job.id)).toEqual(job);
        }
      });

      it('keeps a row as large as the largest plan and metadata make it', async () => {
        const job = someJob({
          // 2 KB of user metadata, 10 tags of 128 + 256 characters, a 1,024 byte key on both sides, 300 runs of parts.
          source: { bucket: 'b', key: 'ü'.repeat(512) },
          destination: { bucket: 'b', key: '界'.repeat(341) },
          parts: Array.from({ length: 300 }, (_, n) => ({ size: 5_000_000 + n, count: 33 })),
          options: {
            metadata: { base: 'replace', set: { m: 'x'.repeat(2_000) } },
            tags: {
              base: 'replace',
              set: Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`${n}`.repeat(128), 'v'.repeat(256)])),
            },
          },
        });
        await table().create(job);
        expect(await table().get(job.id)).toEqual(job);
      });

      it('keeps sizes and times beyond 32 bits exactly', async () => {
        const job = someJob({
          pin: { etag: 'e', size: 48_800_000_000_001, lastModified: 4_102_444_800_123 },
          attentionAt: 4_102_444_800_001,
          expiresAt: 4_102_444_800_002,
          createdAt: 4_102_444_800_003,
        });
        await table().create(job);
        expect(await table().get(job.id)).toEqual(job);
      });
    });

    moveContract(table);
    queryContract(table);

    it('still has every answered write after a restart, where it is durable', async () => {
      const job = someJob({ state: 'copying' });
      await table().create(job);
      const { job: moved } = await table().move(job, { uploadId: 'u-1' });
      await table().count(job.id, 3, 1_700_000_200_000);
      const again = under.reopen ? await under.reopen() : table();
      expect(await again.get(job.id)).toMatchObject({
        ...moved,
        partsDone: 3,
        attentionAt: 1_700_000_200_000,
        updatedAt: expect.any(Number) as number,
      });
    });
  });
}
