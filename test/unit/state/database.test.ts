import { closeSync, existsSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Libsql from 'libsql';
import { describe, expect, it } from 'vitest';
import type { GiveUp } from '../../../lib/copy/model/errors.ts';
import { StateDatabase } from '../../../lib/state/database.ts';
import { EmbeddedStateTable } from '../../../lib/state/embedded.ts';
import { EmbeddedSharedRecords } from '../../../lib/state/embedded-shared.ts';
import { migrations } from '../../../lib/state/schema.ts';
import { handClock, jobOf, newHome, openIn } from './home.ts';

const unusable = (words: RegExp) =>
  expect.objectContaining({ code: 'StateUnusable', message: expect.stringMatching(words) as string }) as GiveUp;

describe('opening the state file', () => {
  it('makes the folder and the file, for the owner only', () => {
    const home = join(newHome(), 'deep', 'er');
    openIn(home);
    expect(statSync(home).mode & 0o077).toBe(0);
    expect(existsSync(join(home, 'state.db'))).toBe(true);
  });

  it('writes ahead and waits for the disk', () => {
    const database = openIn(newHome());
    expect(database.rows('PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }]);
    expect(database.rows('PRAGMA synchronous')).toEqual([{ synchronous: 2 }]);
    expect(database.rows('PRAGMA busy_timeout')).toEqual([{ timeout: 5_000 }]);
  });

  it('carries the schema version and leaves a current file alone', () => {
    const home = newHome();
    openIn(home).rows('INSERT INTO owners VALUES (?, ?)', 'j', 't');
    const again = openIn(home);
    expect(again.rows('PRAGMA user_version')).toEqual([{ user_version: migrations.length }]);
    expect(again.rows('SELECT * FROM owners')).toEqual([{ job_id: 'j', token: 't' }]);
  });

  it('refuses a file of a newer version and says so', () => {
    const home = newHome();
    openIn(home).rows(`PRAGMA user_version = ${migrations.length + 1}`);
    expect(() => openIn(home)).toThrow(unusable(/newer object-ferry/));
  });

  it.each([
    ['is no database', 'this is no database. '.repeat(500)],
    ['is empty but for a header', 'SQLite format 3\0'],
  ])('refuses a file that %s and says what to do', (_what, content) => {
    const home = newHome();
    writeFileSync(join(home, 'state.db'), content);
    expect(() => openIn(home)).toThrow(unusable(/damaged.*Move it away/));
    expect(readFileSync(join(home, 'state.db'), 'utf8')).toBe(content);
  });

  it('finds pages that were overwritten', async () => {
    const home = newHome();
    const path = join(home, 'state.db');
    const database = StateDatabase.openIn(home);
    const table = new EmbeddedStateTable(database, { clock: handClock() });
    for (let n = 0; n < 200; n += 1) await table.create(jobOf(`job-${n}`));
    database.close();
    const pages = statSync(path).size / 4_096;
    expect(pages).toBeGreaterThan(10);
    const file = openSync(path, 'r+');
    for (let page = 2; page < pages; page += 1) writeSync(file, Buffer.alloc(4_096, 0x5a), 0, 4_096, page * 4_096);
    closeSync(file);
    expect(() => openIn(home)).toThrow(unusable(/damaged/));
  });

  it('refuses a folder that is a file', () => {
    const file = join(newHome(), 'file');
    writeFileSync(file, '');
    expect(() => openIn(file)).toThrow(unusable(/cannot be opened for writing.*--state/));
    expect(() => openIn(join(file, 'below'))).toThrow(unusable(/cannot be opened for writing/));
  });

  it('refuses a path that SQLite cannot open', () => {
    expect(() => StateDatabase.open(newHome())).toThrow(unusable(/cannot be opened for writing/));
    expect(() => StateDatabase.open(join(newHome(), 'nowhere', 'state.db'))).toThrow(unusable(/cannot be opened/));
  });
});

describe('a state file of version 1', () => {
  /** As that version left it: values that workers agree on in rows of the job table. */
  function oldHome(): string {
    const home = newHome();
    const file = new Libsql(join(home, 'state.db'));
    file.exec(migrations[0] ?? '');
    file.exec('PRAGMA user_version = 1');
    const insert = file.prepare('INSERT INTO jobs VALUES (?, ?, ?, 0, 1, 1, NULL, ?, ?)');
    const place = { bucket: '', key: '' };
    const note = (batch: object) => {
      const { id: _, ...row } = jobOf('', { many: true, source: place, destination: place, batch });
      return JSON.stringify(row);
    };
    const later = 2_000_000_000_000;
    insert.run('pace/all', 3, 'done', later, note({ kind: 'pace', nextFreeAt: 1.5, ceiling: 20 }));
    insert.run('batch-priorities', 0, 'done', later, note({ kind: 'priorities', batches: { b: 3 } }));
    insert.run('b', 2, 'copying', null, note({ kind: 'batch' }));
    insert.run('job', 2, 'done', later, JSON.stringify(jobOf('job')));
    insert.run('broken', 2, 'done', later, '{"batch":');
    for (const id of ['pace/all', 'b']) file.exec(`INSERT INTO owners VALUES ('${id}', 't')`);
    file.close();
    return home;
  }

  it('opens, and has jobs and batches in its job table and nothing else', () => {
    const database = openIn(oldHome());
    const ids = database.rows<{ id: string }>('SELECT id FROM jobs ORDER BY id').map(({ id }) => id);
    expect(ids).toEqual(['b', 'broken', 'job']);
    expect(database.rows('SELECT job_id FROM owners')).toEqual([{ job_id: 'b' }]);
  });

  it('keeps the pace of stores and the priorities of batches', async () => {
    const records = new EmbeddedSharedRecords(openIn(oldHome()), handClock());
    expect((await records.get('pace/all'))?.value).toMatchObject({ nextFreeAt: 1.5, ceiling: 20 });
    expect((await records.get('batch-priorities'))?.value).toMatchObject({ batches: { b: 3 } });
  });
});

describe('a full disk', () => {
  it('is said clearly, loses nothing, and is over when there is space again', async () => {
    const database = openIn(newHome());
    const table = new EmbeddedStateTable(database, { clock: handClock() });
    const big = (id: string) => jobOf(id, { labels: { text: 'x'.repeat(40_000) } });
    await table.create(big('first'));
    await table.create(jobOf('small'));
    const [{ page_count: pages } = { page_count: 0 }] = database.rows<{ page_count: number }>('PRAGMA page_count');
    database.rows(`PRAGMA max_page_count = ${pages + 2}`);

    await expect(table.create(big('second'))).rejects.toEqual(unusable(/No space is left.*ferry resume/s));
    expect(await table.get('second')).toBeUndefined();
    expect(await table.get('first')).toEqual(big('first'));
    const moved = await table.move(jobOf('small'), { state: 'finishing' });
    expect(moved.landed).toBe(true);

    database.rows('PRAGMA max_page_count = 1000000');
    expect((await table.create(big('second'))).landed).toBe(true);
  });

  it('rolls a transaction back as a whole', () => {
    const database = openIn(newHome());
    const [{ page_count: pages } = { page_count: 0 }] = database.rows<{ page_count: number }>('PRAGMA page_count');
    database.rows(`PRAGMA max_page_count = ${pages + 1}`);
    expect(() =>
      database.transaction(() => {
        database.rows('INSERT INTO owners VALUES (?, ?)', 'small', 't');
        database.rows('INSERT INTO owners VALUES (?, ?)', 'large', 'x'.repeat(40_000));
      }),
    ).toThrow(unusable(/No space/));
    expect(database.rows('SELECT * FROM owners')).toEqual([]);
  });
});

describe('transactions', () => {
  it('are undone when their body throws', () => {
    const database = openIn(newHome());
    const failing = () =>
      database.transaction(() => {
        database.rows('INSERT INTO owners VALUES (?, ?)', 'j', 't');
        throw new Error('changed my mind');
      });
    expect(failing).toThrow('changed my mind');
    expect(database.rows('SELECT * FROM owners')).toEqual([]);
  });

  it('of another process make a writer wait, and ask for a retry when it takes too long', () => {
    const home = newHome();
    const database = openIn(home);
    const other = new Libsql(join(home, 'state.db'));
    other.exec('BEGIN IMMEDIATE');
    database.rows('PRAGMA busy_timeout = 20');
    expect(() => database.rows('INSERT INTO owners VALUES (?, ?)', 'j', 't')).toThrow(
      expect.objectContaining({
        decision: 'retry',
        message: expect.stringMatching(/Another process/) as string,
      }) as Error,
    );
    other.exec('COMMIT');
    database.rows('INSERT INTO owners VALUES (?, ?)', 'j', 't');
    other.close();
  });
});

describe('a closed file', () => {
  it('refuses work in words', () => {
    const database = openIn(newHome());
    database.close();
    database.close();
    expect(() => database.rows('SELECT 1')).toThrow(unusable(/closed/));
    expect(() => database.transaction(() => 1)).toThrow(unusable(/closed/));
  });
});

describe('a record that is no JSON any more', () => {
  it('counts as damage', async () => {
    const home = newHome();
    const database = openIn(home);
    const table = new EmbeddedStateTable(database, { clock: handClock() });
    await table.create(jobOf('j'));
    database.rows('UPDATE jobs SET body = ?', '{"mode":');
    await expect(table.get('j')).rejects.toEqual(unusable(/damaged/));
  });
});

describe('a relaxed transaction', () => {
  it('does not wait for the disk, and the next write does again, also when it failed', () => {
    const database = openIn(newHome());
    const level = () => database.rows<{ synchronous: number }>('PRAGMA synchronous')[0]?.synchronous;
    const [normal, full] = [1, 2];
    expect(level()).toBe(full);
    expect(database.relaxedTransaction(level)).toBe(normal);
    expect(level()).toBe(full);
    const insert = () => database.rows('INSERT INTO owners VALUES (?, ?)', 'j', 't');
    const failing = () => {
      insert();
      throw new Error('no');
    };
    expect(() => database.relaxedTransaction(failing)).toThrow('no');
    expect([level(), database.rows('SELECT * FROM owners')]).toEqual([full, []]);
    database.relaxedTransaction(insert);
    expect(database.rows('SELECT * FROM owners').length).toBe(1);
  });
});
