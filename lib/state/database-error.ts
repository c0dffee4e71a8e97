import { CopyError, GiveUp, RetryLater } from '../copy/model/errors.ts';

/** What the binding throws, and what `fs` throws: the code says it all. */
interface Coded {
  code?: unknown;
  message?: unknown;
}

const notWritable = /^(SQLITE_READONLY|SQLITE_CANTOPEN|SQLITE_PERM|EACCES|EPERM|EROFS|ENOTDIR|EEXIST|EISDIR|ENOENT)/;

const advice: readonly { codes: RegExp; say: (path: string) => GiveUp | RetryLater }[] = [
  { codes: /^SQLITE_(CORRUPT|NOTADB)/, say: (path) => damaged(path) },
  {
    codes: /^SQLITE_ERROR: .*no (column|such (table|column|index))/,
    say: (path) => damaged(path, 'its tables are not those of its version'),
  },
  {
    // A file size limit shows as a failed write, a full disk as FULL, or as shared memory that cannot grow.
    codes: /^(SQLITE_FULL|SQLITE_IOERR_(WRITE|SHMSIZE)|ENOSPC|EDQUOT)/,
    say: (path) =>
      new GiveUp(
        'StateUnusable',
        `No space is left to write state file ${path}. What it holds is kept; free some space, then run \`ferry resume\`.`,
      ),
  },
  {
    codes: notWritable,
    say: (path) =>
      new GiveUp(
        'StateUnusable',
        `State file ${path} cannot be opened for writing. Fix its permissions, or name another folder with --state.`,
      ),
  },
  {
    codes: /^SQLITE_(BUSY|LOCKED)/,
    say: (path) => new RetryLater(`Another process holds state file ${path}.`, { delayMs: 1_000 }),
  },
  {
    codes: /^SQLITE_IOERR/,
    say: (path) =>
      new GiveUp('StateUnusable', `The disk failed on state file ${path}. Check the disk, then run \`ferry resume\`.`),
  },
];

/** The decision for an error of the database or its folder; other errors are bugs and pass unchanged. */
export function toCopyError(error: unknown, path: string): unknown {
  if (error instanceof CopyError) return error;
  const code = codeOf(error);
  const found = advice.find(({ codes }) => codes.test(code))?.say(path);
  if (!found) return error;
  found.cause = error;
  return found;
}

/** The folder or the file cannot be written; what `toCopyError` made of it counts too. */
export function isNotWritable(error: unknown): boolean {
  return notWritable.test(codeOf(error instanceof CopyError ? error.cause : error));
}

export function isBusy(error: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED)/.test(codeOf(error));
}

/** The store still knows every upload, so losing this file loses no data: only the record of who was doing what. */
export function damaged(path: string, detail?: string, cause?: unknown): GiveUp {
  return new GiveUp(
    'StateUnusable',
    `State file ${path} is damaged${detail ? ` (${detail})` : ''}. Move it away together with its -wal and -shm files and ` +
      `start the copies again: objects that were copied are kept, and the store still lists the uploads that were open.`,
    { cause },
  );
}

function codeOf(error: unknown): string {
  const { code, message } = (error ?? {}) as Coded;
  if (code === 'SQLITE_ERROR') return `SQLITE_ERROR: ${String(message)}`;
  if (typeof code === 'string' && code !== '') return code;
  // Opening fails with a text only; 14 is SQLITE_CANTOPEN.
  return typeof message === 'string' && /^ConnectionFailed\(.*: 14"\)$/.test(message) ? 'SQLITE_CANTOPEN' : '';
}
