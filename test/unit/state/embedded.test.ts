import { describe, expect, it } from 'vitest';
import { EmbeddedSharedRecords } from '../../../lib/state/embedded-shared.ts';
import { EmbeddedStateTable } from '../../../lib/state/embedded.ts';
import { GroupCommit } from '../../../lib/state/group-commit.ts';
import { handClock, jobOf, newHome, openIn } from './home.ts';

describe('expired rows', () => {
  it('are deleted, oldest first, when their time has come', async () => {
    const clock = handClock();
    const table = new EmbeddedStateTable(openIn(newHome()), { clock });
    for (const [id, expiresAt] of Object.entries({ a: 30, b: 10, c: 20, d: 31, e: undefined })) {
      await table.create(jobOf(id, { state: 'done', expiresAt: expiresAt && clock.at + expiresAt }));
    }
    clock.at += 30;
    expect(table.purge(2)).toBe(2);
    expect((await table.list({ limit: 9 })).jobs.map((job) => job.id)).toEqual(['e', 'd', 'a']);
    expect(table.purge()).toBe(1);
    expect(table.purge()).toBe(0);
    expect(await table.get('d')).toBeDefined();
  });
});

describe('expired shared records', () => {
  it('are deleted, oldest first, when their time has come', async () => {
    const clock = handClock();
    const database = openIn(newHome());
    const records = new EmbeddedSharedRecords(database, clock);
    for (const [id, at] of Object.entries({ a: 30, b: 10, c: 20, d: 31 }))
      await records.compareAndSet(id, undefined, {}, clock.at + at);
    const left = () => database.rows<{ id: string }>('SELECT id FROM shared ORDER BY id').map(({ id }) => id);
    clock.at += 30;
    expect([records.purge(2), left()]).toEqual([2, ['a', 'd']]);
    expect([records.purge(), left()]).toEqual([1, ['d']]);
  });
});

describe('rows that are due', () => {
  it('include one that was written before the clock was set back', async () => {
    const clock = handClock();
    const table = new EmbeddedStateTable(openIn(newHome()), { clock });
    const due = async () => (await table.due(clock.at, 9)).map(({ id }) => id);
    await table.create(jobOf('now', { attentionAt: clock.at + 5_000 }));
    clock.at += 7_200_000;
    await table.create({ ...jobOf('ahead', { attentionAt: clock.at + 5_000 }), updatedAt: clock.at });
    await table.create({ ...jobOf('ended', { state: 'done' }), updatedAt: clock.at });
    clock.at -= 7_200_000;
    expect(await due()).toEqual(['ahead']);
    clock.at += 5_000;
    expect(await due()).toEqual(['now', 'ahead']);
  });
});

describe('group commit', () => {
  const open = () => {
    const database = openIn(newHome());
    const commits = new GroupCommit(database);
    const put = (id: string, text = 't') =>
      commits.run(() => database.rows('INSERT INTO owners VALUES (?, ?) RETURNING job_id', id, text));
    const ids = () =>
      database.rows<{ job_id: string }>('SELECT job_id FROM owners ORDER BY job_id').map((row) => row.job_id);
    return { database, put, ids };
  };

  it('answers each write with its own result', async () => {
    const { put, ids } = open();
    const answers = await Promise.all(['a', 'b', 'c'].map((id) => put(id)));
    expect(answers).toEqual([[{ job_id: 'a' }], [{ job_id: 'b' }], [{ job_id: 'c' }]]);
    expect(ids()).toEqual(['a', 'b', 'c']);
  });

  it('lets a bad write fail alone', async () => {
    const { database, put, ids } = open();
    const [{ page_count: pages } = { page_count: 0 }] = database.rows<{ page_count: number }>('PRAGMA page_count');
    database.rows(`PRAGMA max_page_count = ${pages + 1}`);
    const answers = await Promise.allSettled([put('a'), put('b', 'x'.repeat(100_000)), put('a'), put('c')]);
    expect(answers.map((answer) => answer.status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(answers[1]).toMatchObject({ reason: { code: 'StateUnusable' } });
    expect(ids()).toEqual(['a', 'c']);
    await put('d');
    expect(ids()).toEqual(['a', 'c', 'd']);
  });
});
