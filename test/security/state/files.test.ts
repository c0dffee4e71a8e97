/** ferry closes its state file to other users, follows no link in its place, and names damage as damage. */
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Libsql from 'libsql';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openEmbedded } from '../../../lib/runtime/embedded/open.ts';
import type { LogFields } from '../../../lib/copy/model/ports.ts';
import { noLog } from '../../../lib/log.ts';
import { StateDatabase } from '../../../lib/state/database.ts';
import { EmbeddedStateTable } from '../../../lib/state/embedded.ts';
import { WorkFolder } from '../../../lib/store/work-folder.ts';
import { handClock, jobOf, openIn } from '../../unit/state/home.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'ferry-files-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const modeOf = (name: string): string => (statSync(join(home, name)).mode & 0o777).toString(8);

it('keeps the state file from other users, in a folder that is open to them, too', () => {
  chmodSync(home, 0o755);
  const database = StateDatabase.openIn(home);
  database.rows('CREATE TABLE t (a)');
  expect(modeOf('state.db')).toBe('600');
  database.close();
  chmodSync(join(home, 'state.db'), 0o644);
  StateDatabase.openIn(home).close();
  expect(modeOf('state.db')).toBe('600');
});

it.each(['state.db', 'state.db-wal', 'state.db-shm'])(
  'refuses a %s that is a symbolic link, and leaves its target alone',
  (name) => {
    const victim = join(home, 'victim');
    writeFileSync(victim, '');
    symlinkSync(victim, join(home, name));
    expect(() => StateDatabase.openIn(home)).toThrow(/is a symbolic link\. Remove the link/);
    expect(readFileSync(victim, 'utf8')).toBe('');
  },
);

it('creates no file where a link leads to none', () => {
  symlinkSync(join(home, 'elsewhere.db'), join(home, 'state.db'));
  expect(() => StateDatabase.openIn(home)).toThrow('symbolic link');
  expect(existsSync(join(home, 'elsewhere.db'))).toBe(false);
});

it('closes the files of batches to other users, whatever the umask says', async () => {
  const umask = process.umask(0);
  try {
    await new WorkFolder(join(home, 'batches')).write('b/request.json', '{}');
  } finally {
    process.umask(umask);
  }
  expect([modeOf('batches'), modeOf('batches/b'), modeOf('batches/b/request.json')]).toEqual(['700', '700', '600']);
});

it.each([
  [0o755, []],
  [0o775, ['775']],
  [0o1777, ['1777']],
])('warns of a state folder that other users can write to: mode %i', async (mode, warned) => {
  chmodSync(home, mode);
  const lines: LogFields[] = [];
  const log = { ...noLog, warn: (_message: string, fields: LogFields = {}) => void lines.push(fields) };
  const embedded = await openEmbedded({ home, log });
  await embedded.close();
  expect(lines.map((fields) => fields['mode'])).toEqual(warned);
});

it.each(['{"__proto__":{"x":1}}', '{}', 'null', '{"source":{},"destination":{},"mode":"copy"}', '[1]'])(
  'says that a file is damaged in which a job is %s',
  async (body) => {
    const database = openIn(home);
    const table = new EmbeddedStateTable(database, { clock: handClock() });
    await table.create(jobOf('j'));
    database.rows('UPDATE jobs SET body = ?', body);
    const damaged = expect.objectContaining({
      code: 'StateUnusable',
      message: expect.stringContaining('is damaged') as string,
    });
    await expect(table.get('j')).rejects.toEqual(damaged);
    await expect(table.list({ limit: 9 })).rejects.toEqual(damaged);
  },
);

it('takes no row of a batch for damaged whose sources stand in a list, so that it names none', async () => {
  const table = new EmbeddedStateTable(openIn(home), { clock: handClock() });
  await table.create({ ...jobOf('j'), source: { bucket: '', key: '' } });
  expect(await table.get('j')).toMatchObject({ source: { bucket: '' } });
});

it.each(['ALTER TABLE processes RENAME COLUMN heartbeat TO h', 'DROP TABLE processes'])(
  'says that a file is damaged whose tables are others, and what to do: %s',
  async (sql) => {
    StateDatabase.openIn(home).close();
    const sqlite = new Libsql(join(home, 'state.db'));
    sqlite.exec(sql);
    sqlite.close();
    await expect(openEmbedded({ home })).rejects.toMatchObject({
      code: 'StateUnusable',
      message: expect.stringMatching(/is damaged \(its tables .*\)\. Move it away/) as string,
    });
  },
);
