import { chmodSync, closeSync, constants, existsSync, lstatSync, mkdirSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Libsql from 'libsql';
import { GiveUp } from '../copy/model/errors.ts';
import { damaged, isBusy, isNotWritable, toCopyError } from './database-error.ts';
import { migrations } from './schema.ts';

/** What SQLite may be given. The binding aborts the whole process on a boolean, so there is none here. */
export type SqlValue = string | number | null;

/** How long a writer waits for another process's write; ours are single statements of about a millisecond. */
const busyTimeoutMs = 5_000;

/** Files up to this size are checked page by page when opened; that takes some 2 ms per MiB. */
const checkUpTo = 16 * 1024 * 1024;

/** SQLite's name for a database that is no file. */
const memory = ':memory:';

/**
 * The state file: SQLite in WAL mode, one per home folder, shared by jobs, owners, runs and the inbox.
 *
 * Several processes on the same file are safe: every write is one transaction under SQLite's lock, and every decision is a
 * compare-and-set, so the second process sees what the first did or waits for it. The folder must be on a local disk:
 * WAL needs shared memory, which network file systems do not give.
 *
 * `synchronous=FULL`: a write is on the disk before it is answered. NORMAL would survive the kill of a process as well, but
 * a power cut could take back the last writes, and those name uploads that already stand in the store (orphans no row
 * would look for) or messages that were acknowledged to a sender. The price is one fsync per write, and a job of any size
 * writes a few dozen times.
 */
export class StateDatabase {
  readonly path: string;
  readonly #sqlite: Libsql.Database;
  readonly #statements = new Map<string, Libsql.Statement>();

  private constructor(path: string, sqlite: Libsql.Database) {
    this.path = path;
    this.#sqlite = sqlite;
  }

  /** Opens `home`/state.db, creating both where needed. @throws GiveUp StateUnusable; RetryLater while another process migrates. */
  static openIn(home: string): StateDatabase {
    const path = join(home, 'state.db');
    try {
      mkdirSync(home, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw toCopyError(error, path);
    }
    return StateDatabase.open(path);
  }

  /**
   * For a command that only reads a store: the state in `home` where there is some, else an empty one in memory, so that
   * nothing is written to a folder that may not be writable. @throws as `openIn`, but not because of that.
   */
  static openToLook(home: string): StateDatabase {
    if (!existsSync(join(home, 'state.db'))) return StateDatabase.#inMemory();
    try {
      return StateDatabase.openIn(home);
    } catch (error) {
      if (isNotWritable(error)) return StateDatabase.#inMemory();
      throw error;
    }
  }

  static #inMemory(): StateDatabase {
    const database = new StateDatabase(memory, new Libsql(memory));
    database.#prepareFile();
    return database;
  }

  /** @throws GiveUp StateUnusable when the file is damaged, not writable, full, or of a newer version. */
  static open(path: string): StateDatabase {
    let sqlite: Libsql.Database | undefined;
    try {
      refuseLinks(path);
      closeToOthers(path);
      sqlite = new Libsql(path, { timeout: busyTimeoutMs });
      const database = new StateDatabase(path, sqlite);
      database.#prepareFile();
      return database;
    } catch (error) {
      sqlite?.close();
      throw toCopyError(error, path);
    }
  }

  #prepareFile(): void {
    // Switching a new file to WAL does not wait for a process that is doing the same; the switch is needed once per file.
    retryWhileBusy(() => this.#sqlite.pragma('journal_mode=WAL'));
    this.#sqlite.pragma('synchronous=FULL');
    const size = this.path === memory ? 0 : (statSync(this.path, { throwIfNoEntry: false })?.size ?? 0);
    if (size <= checkUpTo) {
      const [first] = this.rows<{ quick_check: string }>('PRAGMA quick_check(1)');
      if (first?.quick_check !== 'ok') throw damaged(this.path, first?.quick_check);
    }
    if (this.#version() === migrations.length) {
      // Says now, and not in the middle of a copy, that the file is read-only.
      this.transaction(() => this.rows(`PRAGMA user_version = ${migrations.length}`));
      return;
    }
    this.transaction(() => {
      const version = this.#version();
      if (version > migrations.length) {
        throw new GiveUp(
          'StateUnusable',
          `State file ${this.path} was written by a newer object-ferry (version ${version}, this one knows ` +
            `${migrations.length}). Use that one, or another folder with --state.`,
        );
      }
      for (const sql of migrations.slice(version)) this.#sqlite.exec(sql);
      this.rows(`PRAGMA user_version = ${migrations.length}`);
    });
  }

  #version(): number {
    return this.rows<{ user_version: number }>('PRAGMA user_version')[0]?.user_version ?? 0;
  }

  /**
   * Runs one statement to its end and returns all its rows. There is no way to ask for the first row only: the binding's
   * `get` stops before the commit, and a disk that is full at that moment would go unnoticed.
   *
   * @throws GiveUp StateUnusable; RetryLater when another process holds the file for too long.
   */
  rows<Row>(sql: string, ...values: SqlValue[]): Row[] {
    this.#refuseClosed();
    try {
      let statement = this.#statements.get(sql);
      if (!statement) {
        statement = this.#sqlite.prepare(sql);
        this.#statements.set(sql, statement);
      }
      return statement.all(values) as Row[];
    } catch (error) {
      throw toCopyError(error, this.path);
    }
  }

  /** All of `body` or nothing, and on the disk when it returns. `body` must not wait for anything. */
  transaction<Result>(body: () => Result): Result {
    return this.#transact(body);
  }

  /**
   * The same, but a power cut (not the death of the process) may take it back: for what would only be done once more. The
   * next write of any other kind brings it to the disk as well.
   */
  relaxedTransaction<Result>(body: () => Result): Result {
    this.#exec('PRAGMA synchronous=NORMAL');
    try {
      return this.#transact(body);
    } finally {
      this.#exec('PRAGMA synchronous=FULL');
    }
  }

  #transact<Result>(body: () => Result): Result {
    this.#exec('BEGIN IMMEDIATE');
    try {
      const result = body();
      this.#exec('COMMIT');
      return result;
    } catch (error) {
      // A full disk has already rolled back.
      if (this.#sqlite.inTransaction) this.#exec('ROLLBACK');
      throw error;
    }
  }

  #exec(sql: string): void {
    this.#refuseClosed();
    try {
      this.#sqlite.exec(sql);
    } catch (error) {
      throw toCopyError(error, this.path);
    }
  }

  #refuseClosed(): void {
    if (this.#sqlite.open) return;
    throw new GiveUp(
      'StateUnusable',
      `State file ${this.path} was closed; what was under way goes on with \`ferry resume\`.`,
    );
  }

  /** Parses JSON that we wrote, which is never null. @throws GiveUp StateUnusable when it is none any more. */
  parse<Value>(json: string): Value {
    let value: Value | null;
    try {
      value = JSON.parse(json) as Value | null;
    } catch (error) {
      throw damaged(this.path, 'a record is no JSON', error);
    }
    if (value === null) throw damaged(this.path, 'a record is null');
    return value;
  }

  close(): void {
    if (!this.#sqlite.open) return;
    try {
      // The binding does not do this on its own, and without it the file alone would be no use as a backup.
      this.rows('PRAGMA wal_checkpoint(PASSIVE)');
    } catch {
      // Everything is in the -wal file, which the next process reads.
    }
    this.#statements.clear();
    this.#sqlite.close();
  }
}

/** Through a link, any user with write access to the folder would choose which file ferry opens and writes. */
function refuseLinks(path: string): void {
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    if (!lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink()) continue;
    throw new GiveUp(
      'StateUnusable',
      `State file ${file} is a symbolic link. Remove the link, or name the folder that it leads to with --state.`,
    );
  }
}

/**
 * Mode 0600 whatever the umask says, before the first byte: rows name objects, callers and addresses. SQLite gives the -wal and
 * -shm files the mode of this one.
 */
function closeToOthers(path: string): void {
  closeSync(openSync(path, constants.O_CREAT | constants.O_RDWR | constants.O_NOFOLLOW, 0o600));
  const { mode, uid } = statSync(path);
  // The file of another user is that user's to open or close.
  if ((mode & 0o077) !== 0 && uid === process.getuid?.()) chmodSync(path, 0o600);
}

function retryWhileBusy(action: () => void): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; ; waited += 50) {
    try {
      action();
      return;
    } catch (error) {
      if (!isBusy(error) || waited >= busyTimeoutMs) throw error;
      Atomics.wait(pause, 0, 0, 50);
    }
  }
}
