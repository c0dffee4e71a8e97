/** The dead letters of one queue on the state file. */
import type { Clock } from '../copy/model/ports.ts';
import type { Task } from '../copy/model/task.ts';
import type { StateDatabase } from '../state/database.ts';
import { GroupCommit } from '../state/group-commit.ts';

/** A task that had all its deliveries, or that was refused for good; kept until an operator redrives or drops it. */
export interface DeadLetter<Message = Task> {
  id: number;
  task: Message;
  attempts: number;
  reason: string;
  sentAt: number;
  deadAt: number;
}

/** Characters of a reason: senders choose some of the texts that errors repeat. */
const longestReason = 2_048;

/** Columns of a message. */
export interface InboxRow {
  id: number;
  task: string;
  attempt: number;
  created_at: number;
  dead_at: number;
  reason: string;
}

export interface DeadLettersOptions {
  /** Of the queue. */
  name: string;
  clock: Clock;
  /** After every send, redriven letters included. */
  onSent?: () => void;
}

export class DeadLetters<Message = Task> {
  readonly #database: StateDatabase;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #commits: GroupCommit;
  readonly #onSent: () => void;

  constructor(database: StateDatabase, { name, clock, onSent = () => {} }: DeadLettersOptions) {
    this.#database = database;
    this.#name = name;
    this.#clock = clock;
    this.#onSent = onSent;
    this.#commits = new GroupCommit(database);
  }

  /** Keeps messages as dead letters that were never delivered from here. */
  async keepDead(messages: readonly Message[], attempts: number, reason: string): Promise<void> {
    const now = this.#clock.now();
    const sql = `INSERT INTO inbox (queue, task, attempt, visible_at, created_at, written_at, dead_at, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
    await this.#commits.run(() => {
      for (const message of messages)
        this.#database.rows(
          sql,
          this.#name,
          JSON.stringify(message),
          attempts,
          now,
          now,
          now,
          now,
          shortReason(reason),
        );
    });
  }

  /** Dead letters, oldest first, `after` an id of the page before. */
  listDead(limit: number, after = 0): DeadLetter<Message>[] {
    return this.#database
      .rows<InboxRow>(
        'SELECT * FROM inbox WHERE queue = ? AND dead_at IS NOT NULL AND id > ? ORDER BY id LIMIT ?',
        ...[this.#name, after, limit],
      )
      .map((row) => ({
        id: row.id,
        task: this.#database.parse<Message>(row.task),
        attempts: row.attempt,
        reason: row.reason,
        sentAt: row.created_at,
        deadAt: row.dead_at,
      }));
  }

  /** Sends dead letters again with all their deliveries before them; all of them when no ids are given. Returns how many. */
  redrive(ids?: readonly number[]): number {
    const [which, values] = someOrAll(ids);
    const count = this.#database.rows(
      `UPDATE inbox SET dead_at = NULL, reason = NULL, attempt = 0, deaths = 0, visible_at = ?, written_at = ?
       WHERE queue = ? AND dead_at IS NOT NULL ${which} RETURNING 1`,
      ...[this.#clock.now(), this.#clock.now(), this.#name, ...values],
    ).length;
    if (count > 0) this.#onSent();
    return count;
  }

  /** Deletes dead letters; all of them when no ids are given. Returns how many. */
  drop(ids?: readonly number[]): number {
    const [which, values] = someOrAll(ids);
    return this.#database.rows(
      `DELETE FROM inbox WHERE queue = ? AND dead_at IS NOT NULL ${which} RETURNING 1`,
      this.#name,
      ...values,
    ).length;
  }

  /** Deletes at most `limit` dead letters that became one before `before`, epoch milliseconds, oldest first. Returns how many. */
  retire(before: number, limit = 1_000): number {
    return this.#database.rows(
      `DELETE FROM inbox WHERE id IN (
         SELECT id FROM inbox WHERE queue = ? AND dead_at IS NOT NULL AND dead_at < ? ORDER BY id LIMIT ?) RETURNING 1`,
      ...[this.#name, before, limit],
    ).length;
  }

  /** Bytes that the dead letters hold, without what the file adds. */
  deadBytes(): number {
    const [row] = this.#database.rows<{ bytes: number | null }>(
      'SELECT sum(length(CAST(task AS BLOB))) AS bytes FROM inbox WHERE queue = ? AND dead_at IS NOT NULL',
      this.#name,
    );
    return row?.bytes ?? 0;
  }
}

/** What is kept of a reason. */
export function shortReason(reason: string): string {
  return reason.slice(0, longestReason).toWellFormed();
}

function someOrAll(ids: readonly number[] | undefined): [string, string[]] {
  return ids ? ['AND id IN (SELECT value FROM json_each(?))', [JSON.stringify(ids)]] : ['', []];
}
