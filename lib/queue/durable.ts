import type { Clock, SendOptions } from '../copy/model/ports.ts';
import type { Task } from '../copy/model/task.ts';
import type { StateDatabase } from '../state/database.ts';
import { GroupCommit } from '../state/group-commit.ts';
import { DeadLetters, shortReason, type DeadLettersOptions, type InboxRow } from './dead-letters.ts';
import { mostDeaths } from './deaths.ts';
import type { Delivery, Inbox } from './inbox.ts';

export interface QueueStats {
  /** Ready, waiting for their time, or with a worker. */
  open: number;
  /** With a worker now. */
  leased: number;
  dead: number;
  /** When the oldest open task was sent. */
  oldestAt?: number;
}

/** Several queues share the state file; each sees its own messages only. `onSent` may wake the worker pool. */
export interface DurableQueueOptions extends DeadLettersOptions {
  /** Names this process on its leases (`ProcessRegistry.token`). */
  token: string;
}

/** What became of the messages that dead processes had. */
export interface Reclaimed {
  /** Ready again. */
  ready: number;
  /** Dead letters now: `mostDeaths` processes have died with each of them. */
  setAside: number[];
}

/**
 * A time of writing that is further ahead than this was written by a clock that has been set back since, milliseconds. Clocks
 * of one machine that is synchronised differ by less.
 */
const clockStepMs = 60_000;

/** Of the messages that one look reads, about; and how many rows it asks for, first and at most at a time. */
const peekBytes = 4_000_000;
const firstPeek = 4;
const mostPeek = 500;

/** When to look again for a suspect that waits for another one to end, milliseconds. */
const suspectPollMs = 1_000;

/** A message with which a process died before is with a worker now, in whatever queue and process. */
const suspectAtWork =
  'SELECT 1 FROM inbox WHERE leased_by IS NOT NULL AND deaths > 0 AND dead_at IS NULL AND visible_at > ?';

/**
 * A queue on the state file, of tasks or of other messages that are JSON: what `send` answered survives a kill and a power
 * cut. Meant for what cannot be sent again (an event that was acknowledged); tasks that the sweep can rebuild belong in
 * the `EmbeddedQueue`.
 *
 * A delivery is a lease: it ends when it is settled, when its time is over, or when its process is found dead. What was under
 * way in a process that died is suspected to have killed it: from then on one suspect at a time is given out, over all queues
 * of the file, so that a message which does kill takes no other suspect along; at its third death it is a dead letter.
 */
export class DurableQueue<Message = Task> extends DeadLetters<Message> implements Inbox<Message> {
  readonly #database: StateDatabase;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #token: string;
  readonly #commits: GroupCommit;
  readonly #onSent: () => void;

  constructor(database: StateDatabase, options: DurableQueueOptions) {
    super(database, options);
    this.#database = database;
    this.#name = options.name;
    this.#clock = options.clock;
    this.#token = options.token;
    this.#onSent = options.onSent ?? (() => {});
    this.#commits = new GroupCommit(database);
  }

  /** All tasks or none are on the disk when it resolves. @throws GiveUp StateUnusable when the disk is full. */
  async send(tasks: Message[], options: SendOptions = {}): Promise<void> {
    if (tasks.length === 0) return;
    const now = this.#clock.now();
    const visibleAt = now + (options.delayMs ?? 0);
    const rows = tasks.map((task) => JSON.stringify(task));
    await this.#commits.run(() => {
      const sql = 'INSERT INTO inbox (queue, task, visible_at, created_at, written_at) VALUES (?, ?, ?, ?, ?)';
      for (const row of rows) this.#database.rows(sql, this.#name, row, visibleAt, now, now);
    });
    this.#onSent();
  }

  async receive(limit: number, leaseMs: number): Promise<Delivery<Message>[]> {
    const now = this.#clock.now();
    const rows = await this.#commits.run(
      () =>
        this.#database.rows<InboxRow>(
          `UPDATE inbox SET attempt = attempt + 1, visible_at = ?, written_at = ?, leased_by = ? WHERE id IN (
             SELECT id FROM inbox WHERE queue = ? AND dead_at IS NULL AND visible_at <= ?
               AND (deaths = 0 OR id = (SELECT id FROM inbox WHERE queue = ? AND deaths > 0 AND dead_at IS NULL
                 AND NOT EXISTS (${suspectAtWork}) ORDER BY visible_at, id LIMIT 1))
             ORDER BY visible_at, id LIMIT ?
           ) RETURNING id, task, attempt`,
          ...[now + leaseMs, now, this.#token, this.#name, now, this.#name, now, limit],
        ),
      // Leases and settlements that a power cut takes back only mean another delivery.
      { relaxed: true },
    );
    // RETURNING promises no order.
    return rows
      .sort((a, b) => a.id - b.id)
      .map(({ id, task, attempt }) => ({ id, task: this.#database.parse<Message>(task), attempt }));
  }

  async ack(delivery: Delivery<Message>): Promise<void> {
    await this.#settle('DELETE FROM inbox', delivery);
  }

  async retry(delivery: Delivery<Message>, delayMs: number): Promise<void> {
    const now = this.#clock.now();
    await this.#settle(
      'UPDATE inbox SET leased_by = NULL, visible_at = ?, written_at = ?',
      delivery,
      now + delayMs,
      now,
    );
  }

  async bury(delivery: Delivery<Message>, reason: string): Promise<void> {
    await this.#settle(
      'UPDATE inbox SET leased_by = NULL, dead_at = ?, reason = ?',
      delivery,
      this.#clock.now(),
      shortReason(reason),
    );
  }

  /** Does nothing when the task was delivered to another worker since: that worker settles it. */
  async #settle(change: string, { id, attempt }: Delivery<Message>, ...values: (string | number)[]): Promise<void> {
    const sql = `${change} WHERE id = ? AND attempt = ? AND dead_at IS NULL`;
    await this.#commits.run(() => this.#database.rows(sql, ...values, id, attempt), { relaxed: true });
  }

  async nextAt(): Promise<number | undefined> {
    const now = this.#clock.now();
    const first = (which: string): number | undefined =>
      this.#database.rows<{ visible_at: number }>(
        `SELECT visible_at FROM inbox WHERE queue = ? AND dead_at IS NULL AND ${which} ORDER BY visible_at LIMIT 1`,
        this.#name,
      )[0]?.visible_at;
    const suspect = first('deaths > 0');
    if (suspect === undefined) return first('deaths = 0');
    const mustWait = this.#database.rows(suspectAtWork, now).length > 0;
    return Math.min(mustWait ? Math.max(suspect, now + suspectPollMs) : suspect, first('deaths = 0') ?? Infinity);
  }

  /**
   * Ends the leases of processes that are not among the living ones. What waits for a time that a clock gave which has been set
   * back since is ready now: how long it still had to wait cannot be known, and early is harmless.
   */
  reclaim(living: readonly string[]): Reclaimed {
    this.#forgetLaterClocks();
    const reason =
      `The process died ${mostDeaths} times while this was under way, so it is not tried again by itself. ` +
      'Look in the log for what ended the process; then send it again with `ferry dead redrive`, or drop it.';
    const now = this.#clock.now();
    const rows = this.#database.rows<{ id: number; dead_at: number | null }>(
      `UPDATE inbox SET visible_at = ?, written_at = ?, leased_by = NULL, deaths = deaths + 1,
         dead_at = iif(deaths + 1 >= ?, ?, NULL), reason = iif(deaths + 1 >= ?, ?, NULL)
       WHERE queue = ? AND dead_at IS NULL AND leased_by IS NOT NULL AND leased_by NOT IN (SELECT value FROM json_each(?))
       RETURNING id, dead_at`,
      ...[now, now, mostDeaths, now, mostDeaths, reason, this.#name, JSON.stringify(living)],
    );
    const setAside = rows.filter((row) => row.dead_at !== null).map((row) => row.id);
    return { ready: rows.length - setAside.length, setAside };
  }

  /** Gives back what this process has not settled, before it ends in order: its end is then no death. */
  release(): void {
    this.#database.rows(
      'UPDATE inbox SET visible_at = ?, written_at = ?, leased_by = NULL WHERE queue = ? AND leased_by = ?',
      ...[this.#clock.now(), this.#clock.now(), this.#name, this.#token],
    );
  }

  #forgetLaterClocks(): void {
    const now = this.#clock.now();
    this.#database.rows(
      `UPDATE inbox SET visible_at = ?, written_at = ?
       WHERE queue = ? AND dead_at IS NULL AND leased_by IS NULL AND written_at > ?`,
      ...[now, now, this.#name, now + clockStepMs],
    );
  }

  /**
   * The oldest messages, for a caller that only looks: at most `limit` that are to be done, or that are dead letters, and no further
   * ones once about `peekBytes` were read. Senders choose how large a message is, and each is parsed here.
   */
  peek(limit: number, which: 'open' | 'dead'): { task: Message; sentAt: number }[] {
    const found: { task: Message; sentAt: number }[] = [];
    let [after, bytes, take] = [0, 0, firstPeek];
    while (found.length < limit && bytes < peekBytes) {
      const wanted = Math.min(take, limit - found.length);
      const rows = this.#database.rows<Pick<InboxRow, 'id' | 'task' | 'created_at'>>(
        `SELECT id, task, created_at FROM inbox
         WHERE queue = ? AND dead_at IS ${which === 'open' ? 'NULL' : 'NOT NULL'} AND id > ? ORDER BY id LIMIT ?`,
        ...[this.#name, after, wanted],
      );
      for (const row of rows) {
        [after, bytes] = [row.id, bytes + row.task.length];
        found.push({ task: this.#database.parse<Message>(row.task), sentAt: row.created_at });
      }
      if (rows.length < wanted) break;
      // As many as fit, were they all as large as those before.
      take = Math.max(1, Math.min(mostPeek, Math.floor(((peekBytes - bytes) * found.length) / bytes)));
    }
    return found;
  }

  stats(): QueueStats {
    const now = this.#clock.now();
    const [row] = this.#database.rows<{ open: number; leased: number; dead: number; oldest: number | null }>(
      `SELECT count(*) FILTER (WHERE dead_at IS NULL) AS open,
              count(*) FILTER (WHERE leased_by IS NOT NULL AND visible_at > ?) AS leased,
              count(*) FILTER (WHERE dead_at IS NOT NULL) AS dead,
              min(created_at) FILTER (WHERE dead_at IS NULL) AS oldest
       FROM inbox WHERE queue = ?`,
      now,
      this.#name,
    );
    const { open = 0, leased = 0, dead = 0, oldest = null } = row ?? {};
    return { open, leased, dead, ...(oldest !== null && { oldestAt: oldest }) };
  }
}
