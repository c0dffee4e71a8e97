/** The contract of shared records. Every adapter runs it: `sharedRecordsContract('dynamodb', async (clock) => ...)`. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock, SharedRecord, SharedRecords } from '../../../lib/copy/model/ports.ts';

export interface RecordsUnderTest {
  records: SharedRecords;
  /** A second view of the same records after the first was closed, as after a restart; only durable ones have it. */
  reopen?: () => Promise<SharedRecords>;
  /** Deletes what has expired, where the adapter leaves that to a time of its own. */
  purge?: () => void;
  close?: () => Promise<void>;
}

const start = 1_700_000_000_000;

/** Runs the whole contract; `make` gives records that live by this clock. */
export function sharedRecordsContract(name: string, make: (clock: Clock) => Promise<RecordsUnderTest>): void {
  describe(`shared records: ${name}`, () => {
    const clock = { at: start, now: () => clock.at, sleep: async () => {} };
    let under: RecordsUnderTest;
    let id: string;
    const later = start + 3_600_000;
    beforeEach(async () => {
      clock.at = start;
      under = await make(clock);
      id = `pace/to/s3/ü ?#%/${randomUUID()}`;
    });
    afterEach(async () => {
      await under.close?.();
    });
    const get = () => under.records.get(id);
    const set = (found: SharedRecord | undefined, value: object, expiresAt = later) =>
      under.records.compareAndSet(id, found, value, expiresAt);
    const found = async (): Promise<SharedRecord> => {
      const record = await get();
      if (!record) throw new Error('there is no record');
      return record;
    };

    it('knows no record that was not set', async () => {
      expect(await get()).toBeUndefined();
    });

    it('gives back the value that was set', async () => {
      const value = {
        text: 'ü "\\\u0000',
        nested: { '': [1, null, true, {}] },
        at: 1_700_000_000_000.123,
        much: 1e300,
      };
      expect(await set(undefined, value)).toBe(true);
      expect((await get())?.value).toEqual(value);
    });

    it('replaces a value whole', async () => {
      await set(undefined, { a: 1, b: { c: 2 } });
      expect(await set(await found(), { b: {} })).toBe(true);
      expect((await get())?.value).toEqual({ b: {} });
    });

    it('keeps the records of two ids apart', async () => {
      await set(undefined, { mine: 1 });
      expect(await under.records.get(`${id}/2`)).toBeUndefined();
      expect(await under.records.compareAndSet(`${id}/2`, undefined, { other: 2 }, later)).toBe(true);
      expect((await get())?.value).toEqual({ mine: 1 });
    });

    it('refuses to make a record that is there', async () => {
      await set(undefined, { by: 'first' });
      expect(await set(undefined, { by: 'second' })).toBe(false);
      expect((await get())?.value).toEqual({ by: 'first' });
    });

    it('refuses to write over a value that is newer than the one found', async () => {
      await set(undefined, { n: 1 });
      const first = await found();
      expect(await set(first, { n: 2 })).toBe(true);
      expect(await set(first, { n: 3 })).toBe(false);
      expect((await get())?.value).toEqual({ n: 2 });
    });

    it('refuses to change a record that is not there', async () => {
      expect(await set({ revision: 1, value: {} }, { n: 1 })).toBe(false);
      expect(await get()).toBeUndefined();
    });

    it('gives a value another revision even when it is equal to the one before', async () => {
      await set(undefined, { n: 1 });
      const first = await found();
      await set(first, { n: 1 });
      expect((await found()).revision).not.toBe(first.revision);
    });

    it('lets exactly one of 50 simultaneous makers land', async () => {
      const landed = await Promise.all(Array.from({ length: 50 }, (_, n) => set(undefined, { n })));
      expect(landed.filter(Boolean)).toHaveLength(1);
      expect((await get())?.value).toEqual({ n: landed.indexOf(true) });
    });

    it('lets exactly one of 50 simultaneous changes land', async () => {
      await set(undefined, { n: -1 });
      const seen = await found();
      const landed = await Promise.all(Array.from({ length: 50 }, (_, n) => set(seen, { n })));
      expect(landed.filter(Boolean)).toHaveLength(1);
      expect((await get())?.value).toEqual({ n: landed.indexOf(true) });
    });

    it('keeps every one of 30 additions when losers read again', async () => {
      const add = async (n: number): Promise<void> => {
        for (;;) {
          const record = await get();
          const { all = [] } = (record?.value ?? {}) as { all?: number[] };
          if (await set(record, { all: [...all, n] })) return;
        }
      };
      await Promise.all(Array.from({ length: 30 }, (_, n) => add(n)));
      const { all } = (await found()).value as { all: number[] };
      expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, n) => n));
    });

    it('keeps a value as it was when the caller changes its own afterwards', async () => {
      const value = { list: [1] };
      await set(undefined, value);
      value.list.push(2);
      ((await found()).value as typeof value).list.push(3);
      expect((await get())?.value).toEqual({ list: [1] });
    });

    it('has an expired record no longer, from the very millisecond on', async () => {
      await set(undefined, { n: 1 }, start + 1_500);
      clock.at = start + 1_499;
      expect((await get())?.value).toEqual({ n: 1 });
      clock.at = start + 1_500;
      expect(await get()).toBeUndefined();
    });

    it('lives until the time of the last write', async () => {
      await set(undefined, { n: 1 }, start + 1_000);
      await set(await found(), { n: 2 }, start + 5_000);
      clock.at = start + 4_999;
      expect((await get())?.value).toEqual({ n: 2 });
      await set(await found(), { n: 3 }, start + 5_001);
      clock.at = start + 5_001;
      expect(await get()).toBeUndefined();
    });

    it('makes a record anew where one has expired', async () => {
      await set(undefined, { n: 1 }, start + 1_000);
      clock.at = start + 1_000;
      const landed = await Promise.all([2, 3].map((n) => set(undefined, { n })));
      expect(landed.filter(Boolean)).toHaveLength(1);
      expect((await get())?.value).toEqual({ n: landed[0] ? 2 : 3 });
    });

    it('refuses a change of what has expired meanwhile', async () => {
      await set(undefined, { n: 1 }, start + 1_000);
      const seen = await found();
      clock.at = start + 1_000;
      expect(await set(seen, { n: 2 })).toBe(false);
      expect(await get()).toBeUndefined();
    });

    it.each(['left in its place', 'deleted'])(
      'refuses what was decided on a record that expired and was %s before it was made anew',
      async (what) => {
        await set(undefined, { n: 1 }, start + 1_000);
        const seen = [await found()];
        await set(seen[0], { n: 2 }, start + 1_000);
        seen.push(await found());
        clock.at = start + 1_000;
        if (what === 'deleted') under.purge?.();
        await set(undefined, { n: 3 });
        expect(await Promise.all(seen.map((record) => set(record, { n: 4 })))).toEqual([false, false]);
        expect((await get())?.value).toEqual({ n: 3 });
      },
    );

    it('still has every answered write after a restart, where it is durable', async () => {
      await set(undefined, { n: 1 });
      const before = await found();
      const again = under.reopen ? await under.reopen() : under.records;
      expect(await again.get(id)).toEqual(before);
      expect(await again.compareAndSet(id, before, { n: 2 }, later)).toBe(true);
    });
  });
}
